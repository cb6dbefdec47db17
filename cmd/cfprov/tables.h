/*
 * The tables of the command line: commands, options, environment variables. Parsing, help, man
 * pages, completions and README are made from them, so a text is written once, here. Texts are
 * plain: `...` marks what is typed, lines are not folded.
 *
 *     for (const struct command *it = cli_commands; it->name; it++)
 *             for (size_t i = 0; option_next(it, &i, &option);)
 *                     ... option.name, option.value, option.help
 */
#ifndef CFPROV_TABLES_H
#define CFPROV_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* False: the command ends with EXIT_ERROR. */
typedef bool command_run(struct session *session);

/* Each is in the file of its name (`state rm` in state.c, destroy and refresh in apply.c, schema in
 * help.c). */
command_run validate_run, plan_run, apply_run, destroy_run, refresh_run, show_run, import_run,
	export_run, import_env_run, output_run, doctor_run, state_list_run, state_show_run,
	state_rm_run, state_mv_run, state_pull_run, state_push_run, state_sign_run,
	state_history_run, state_rollback_run, state_gc_run, state_migrate_run, state_repair_run,
	force_unlock_run, check_bindings_run, schema_run, completion_run, version_run, help_run;

/* The options that a command takes: a bit for those that come together. */
enum cli_option {
	CLI_MANIFEST = 1 << 0, /* -f, -var, -policy */
	CLI_STATE = 1 << 1,
	CLI_ACCOUNT = 1 << 2,
	CLI_LOCK = 1 << 3,     /* -lock, -lock-timeout */
	CLI_CHANGES = 1 << 4,  /* -adopt, -destroy, -replace, -refresh-only */
	CLI_OUT = 1 << 5,      /* -out, -detailed-exitcode, -values */
	CLI_APPROVE = 1 << 6,  /* -auto-approve */
	CLI_PARALLEL = 1 << 7, /* -parallelism, -patience, -max-wait */
	CLI_SELECT = 1 << 8,   /* -target, -exclude */
	CLI_GUARD = 1 << 9,    /* -allow-store-destroy, -force, -max-deletes, -max-delete-percent */
	CLI_BACKUP = 1 << 10,
	CLI_ACCOUNT_ID = 1 << 11,
	CLI_DRY_RUN = 1 << 12,
	CLI_JSON = 1 << 13,
	CLI_TOOL = 1 << 14, /* of output: -raw, -format, -out, -env */
	CLI_FORCE = 1 << 15,
	CLI_STREAM = 1 << 16, /* -json: a line for each event */
	CLI_FORMAT = 1 << 17, /* -format of a plan, -max-bytes */
	CLI_ALL = 1 << 18,    /* every command, and before the command */
	CLI_INPUT = 1 << 19,
	CLI_REFRESH = 1 << 20,
	CLI_WAIT = 1 << 21, /* -wait, -wait-timeout */
	CLI_STORE = 1 << 22,
	CLI_FRONT = 1 << 23,    /* before the command */
	CLI_DOCUMENT = 1 << 24, /* -json: one document, also of errors (document.h) */
	CLI_NEW_FILE = 1 << 25, /* -out: instead of stdout */
	CLI_SERIAL = 1 << 26,
	CLI_KEEP = 1 << 27,
	CLI_SCHEMA = 1 << 28, /* -policy: which schema */
	CLI_FROM = 1 << 29,
	CLI_UNLOCK = 1 << 30, /* -force: no question */
};

/* More of them, beyond the range of an enum. */
#define CLI_TAKEOVER (UINT64_C(1) << 31) /* -from: another tool's state */
#define CLI_LANGUAGE (UINT64_C(1) << 32) /* -format of an export */
#define CLI_BINDINGS (UINT64_C(1) << 33)

/* ---- commands ---- */

/* The parts of the overview. */
enum command_section { COMMAND_MAIN, COMMAND_OTHER, COMMAND_STATE, COMMAND_SECTIONS };

struct command {
	const char *name;      /* one or two words */
	const char *arguments; /* "FILE"; optional in brackets; NULL: none */
	const char *summary;   /* a phrase: "check the manifest" */
	enum command_section section;
	uint64_t options;
	size_t most_arguments;
	command_run *run;
	const char *details;  /* sentences; "\n\n" between paragraphs */
	const char *examples; /* command lines, each with its line break; NULL: none */
	const char *statuses; /* the exit statuses, if not only 0 and 1; NULL */
};

/* In the order of the overview; ends with a command without a name. */
extern const struct command cli_commands[];

/* Lends the command of this name, or NULL. */
const struct command *command_find(const char *name);

/* Is the word the first of the command's two, or of any command's? */
bool command_is_in_group(const struct command *command, const char *word);
bool command_is_group(const char *word);

/* "Main commands" */
const char *command_section_title(enum command_section section);

/* ---- options ---- */

/* The parts of a command's help. */
enum option_section {
	OPTION_INPUT,
	OPTION_SELECTION,
	OPTION_PLANNING,
	OPTION_APPROVAL,
	OPTION_OUTPUT,
	OPTION_REQUESTS,
	OPTION_GENERAL
};

struct option_text {
	const char *name;    /* without a dash */
	const char *value;   /* "PATH", "ADDRESS", ..., "false"; NULL: a switch */
	const char *choices; /* the values that there are, with spaces between; NULL: any */
	const char *help;    /* a phrase */
	enum option_section section;
	bool is_repeatable;
};

/*
 * Fills in the next option of the command that is shown to users, in the order of its help; NULL:
 * of those before the command. Starts at *index 0. False: there are no more.
 */
bool option_next(const struct command *command, size_t *index, struct option_text *ret_option);

/* "Output" */
const char *option_section_title(enum option_section section);

/* ---- environment variables ---- */

struct variable_text {
	const char *name; /* "CFPROV_LOG"; CFPROV_VAR_NAME stands for all that start so */
	const char *help; /* a phrase; NULL: known, but not shown */
};

/* Ends with a variable without a name. */
extern const struct variable_text cli_variables[];

/* ---- exit statuses ---- */

/* A sentence: what 0, 1 and 2 mean. */
extern const char cli_statuses[];

#endif
