/*
 * The command line: a command, its options and its arguments, parsed by the tables of tables.h. An
 * option has one dash or two, as -name=value or -name value, before or after arguments; `--` ends
 * the options. None takes a secret.
 */
#ifndef CFPROV_CLI_H
#define CFPROV_CLI_H

#include "base/error.h"
#include "base/str.h"
#include "tables.h"

#include <stdint.h>

enum { CLI_WAIT_TIMEOUT_MS = 60000, CLI_NOT_GIVEN = 101 };

/* Exit statuses; see `cfprov help`. */
enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_CHANGES = 2 };

/* -format: of a plan, or what `output` or `export` writes for another tool. */
enum cli_format {
	FORMAT_HUMAN,
	FORMAT_JSON,
	FORMAT_MARKDOWN,
	FORMAT_HTML,
	FORMAT_WRANGLER,
	FORMAT_WRANGLER_TOML,
	FORMAT_MANIFEST,
	FORMAT_TERRAFORM
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
	struct cli_texts bindings;                    /* configurations of Workers */
	struct cli_texts targets, excludes, replaces; /* patterns of addresses */
	const char *out, *store, *environment;        /* NULL: not given */
	const char *policy; /* NULL: none, unless the environment names one */
	const char *state;  /* NULL: where the manifest says, or beside it */
	const char *backup; /* NULL: beside the state */
	const char *from;   /* state migrate; NULL: beside the manifest. import; NULL: no file */
	size_t serial;      /* of a state; 0: not given */
	size_t keep;        /* state gc; 0: not given */
	const char *chdir;  /* before the command; NULL: stay */
	bool policy_schema; /* schema -policy */
	bool dry_run, json, raw, summary, version;
	bool no_color, auto_approve, input, lock, adopt, detailed_exitcode, help;
	bool no_values; /* -values=none */
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

/*
 * False: *errors say all that is wrong. With -help, or without a command, the command is `help`,
 * and with -version it is `version`, whatever else is wrong.
 */
bool cli_parse(int argc, char **argv, struct cli *cli, struct error_list *errors) MUST_CHECK;
void cli_release(struct cli *cli);

/* Lends the value of a variable of the environment; NULL: it is not set, or empty. */
const char *cli_env(const char *name);

/* ---- options.c ---- */

/* Sets the defaults, some of them from the environment. */
void options_init(struct cli *cli, size_t words);

/* Adds an error for each default of cli->command that the environment has wrong. */
void options_check_environment(const struct cli *cli, struct error_list *errors);

/*
 * Takes an option of cli->command (NULL: before the command); *next moves past the argument after
 * it if that is the value. False: the option is unknown, so nobody knows what follows it.
 */
bool options_take(struct cli *cli, const char *text, char ***next, struct error_list *errors);

/* False: the value is a URL instead of a local file. The error calls it `what`. */
bool options_check_local(const char *what, const char *value, struct error *err) MUST_CHECK;

/* Likewise: a value that looks like a secret is not shown, by whoever would speak of it. */
bool options_check_pasted(const char *what, const char *value, struct error *err) MUST_CHECK;

#endif
