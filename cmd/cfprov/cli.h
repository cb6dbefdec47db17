/*
 * The command line: a command, its options and its arguments. Parsing and help come from two
 * tables: commands in cli.c, options in options.c. An option has one dash or two, as -name=value or
 * -name value, before or after arguments; `--` ends the options. None takes a secret.
 */
#ifndef CFPROV_CLI_H
#define CFPROV_CLI_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum { CLI_WAIT_TIMEOUT_MS = 60000, CLI_NOT_GIVEN = 101 };

/* Exit statuses; see `cfprov help`. */
enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_CHANGES = 2 };

struct command;

/* -format: of a plan, or the configuration of a tool that `output` writes. */
enum cli_format {
	FORMAT_HUMAN,
	FORMAT_JSON,
	FORMAT_MARKDOWN,
	FORMAT_WRANGLER,
	FORMAT_WRANGLER_TOML
};

/* The values of an option that may be repeated. */
struct cli_texts {
	const char **items;
	size_t count;
};

struct cli {
	const struct command *command;
	struct cli_texts manifests; /* files and folders; none: the default */
	struct cli_texts variables; /* -var: NAME=VALUE */
	struct cli_texts accounts;  /* -account: patterns; none: all */
	struct cli_texts account_ids;
	struct cli_texts targets, excludes, replaces; /* patterns of addresses */
	const char *out, *store;                      /* NULL: not given */
	const char *state;  /* NULL: where the manifest says, or beside it */
	const char *backup; /* NULL: beside the state */
	bool dry_run, json, raw;
	bool no_color, auto_approve, input, lock, adopt, detailed_exitcode, help;
	bool destroys, refresh, refresh_only, allow_store_destroy, force;
	size_t max_deletes, max_delete_percent; /* the percentage: or CLI_NOT_GIVEN */
	enum cli_format format;
	size_t max_bytes; /* -max-bytes; 0: any length */
	size_t parallelism;
	int64_t patience_ms; /* see cloudflare/patience */
	int64_t max_wait_ms; /* a longer wait for the rate limit ends the run */
	int64_t lock_timeout_ms;
	bool wait;               /* for secrets to become active */
	int64_t wait_timeout_ms; /* -1: not given */
	const char **arguments;
	size_t argument_count;
	size_t words; /* of the command line: no list can be longer */
	struct arena arena;
};

/* The options that a command takes: a bit for those that come together. */
enum cli_option {
	CLI_MANIFEST = 1 << 0, /* -f, -var */
	CLI_STATE = 1 << 1,
	CLI_ACCOUNT = 1 << 2,
	CLI_LOCK = 1 << 3,     /* -lock, -lock-timeout */
	CLI_CHANGES = 1 << 4,  /* -adopt, -destroy, -replace, -refresh-only */
	CLI_OUT = 1 << 5,      /* -out, -detailed-exitcode */
	CLI_APPROVE = 1 << 6,  /* -auto-approve */
	CLI_PARALLEL = 1 << 7, /* -parallelism, -patience, -max-wait */
	CLI_SELECT = 1 << 8,   /* -target, -exclude */
	CLI_GUARD = 1 << 9,    /* -allow-store-destroy, -force, -max-deletes, -max-delete-percent */
	CLI_BACKUP = 1 << 10,
	CLI_ACCOUNT_ID = 1 << 11,
	CLI_DRY_RUN = 1 << 12,
	CLI_JSON = 1 << 13,
	CLI_TOOL = 1 << 14, /* -raw, -format for another tool */
	CLI_FORCE = 1 << 15,
	CLI_STREAM = 1 << 16, /* -json: a line for each event */
	CLI_FORMAT = 1 << 17, /* -format of a plan, -max-bytes */
	CLI_ALL = 1 << 18,    /* every command: -no-color, -help */
	CLI_INPUT = 1 << 19,
	CLI_REFRESH = 1 << 20,
	CLI_WAIT = 1 << 21, /* -wait, -wait-timeout */
	CLI_STORE = 1 << 22,
};

struct session;

/* False: the command ends with EXIT_ERROR. */
typedef bool command_run(struct session *session);

/* Each is in the file of its name (`state rm` in state.c, destroy and refresh in apply.c, version
 * and schema in help.c). */
command_run validate_run, plan_run, apply_run, destroy_run, refresh_run, show_run, import_run,
	export_run, import_env_run, output_run, doctor_run, state_list_run, state_show_run,
	state_rm_run, state_mv_run, state_pull_run, state_push_run, schema_run, version_run,
	help_run;

struct command {
	const char *name;      /* one or two words */
	const char *arguments; /* for help: "FILE"; optional in brackets; NULL: none */
	const char *summary;
	unsigned options;
	size_t most_arguments;
	command_run *run;
};

/* Ends with a command without a name. */
extern const struct command cli_commands[];

/* False: *err says what is wrong. With -help, or without a command, the command is `help`. */
bool cli_parse(int argc, char **argv, struct cli *cli, struct error *err) MUST_CHECK;
void cli_release(struct cli *cli);

/* Lends the command of this name, or NULL. */
const struct command *cli_find(const char *name);

/* Is the word the first of the command's two? */
bool cli_is_in_group(const struct command *command, const char *word);

/* Gives false: "WHAT `NAME`; did you mean `one like it`?" */
bool cli_unknown(const char *what, const char *name, struct error *err);

/* Lends the value of a variable of the environment; NULL: it is not set, or empty. */
const char *cli_env(const char *name);

/* ---- options.c ---- */

/* Sets the defaults, some of them from the environment. */
bool options_init(struct cli *cli, size_t words, struct error *err) MUST_CHECK;

/* Takes an option of cli->command; *next moves past the argument after it if that is the value. */
bool options_take(struct cli *cli, const char *text, char ***next, struct error *err) MUST_CHECK;

/* False: the value is a URL instead of a local file. The error calls it `what`. */
bool options_check_local(const char *what, const char *value, struct error *err) MUST_CHECK;

/* Adds the options of a command, as its help shows them. */
void options_add_help(struct str *out, const struct command *command);

#endif
