/*
 * A command, and what was asked of it: the values of its options, and its arguments.
 */
#ifndef CFPROV_COMMAND_H
#define CFPROV_COMMAND_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum { CLI_PARALLELISM = 10, CLI_PARALLELISM_LIMIT = 256, CLI_WAIT_TIMEOUT_MS = 60000 };
enum { CLI_MAX_WAIT_MS = 900000 };

/* Exit statuses; see `cfprov help`. */
enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_CHANGES = 2 };

struct command;

enum cli_format { FORMAT_HUMAN, FORMAT_JSON, FORMAT_MARKDOWN };

/* Whose configuration `output` writes. */
enum cli_tool { TOOL_NONE, TOOL_WRANGLER, TOOL_WRANGLER_TOML };

/* A comment that is shorter could not hold its own summary. */
enum { CLI_LEAST_BYTES = 512 };

/* The values of an option that may be given again. */
struct cli_texts {
	const char **items;
	size_t count, room;
};

struct cli {
	const struct command *command;
	struct cli_texts manifests;                   /* -f: files and folders; none: the default */
	struct cli_texts variables;                   /* -var: NAME=VALUE */
	struct cli_texts accounts;                    /* -account: patterns; none: all */
	struct cli_texts account_ids;                 /* -account-id */
	struct cli_texts targets, excludes, replaces; /* patterns of addresses */
	const char *out;                              /* -out; NULL: none */
	const char *store;                            /* -store; NULL: none */
	const char *state;  /* -state; NULL: where the manifest says, or beside it */
	const char *backup; /* -backup; NULL: beside the state */
	bool dry_run, json, raw;
	bool no_color, auto_approve, input, lock, adopt, detailed_exitcode, help;
	bool destroys, refresh, refresh_only, allow_store_destroy, force;
	size_t max_deletes, max_delete_percent;
	enum cli_format format; /* -format */
	enum cli_tool tool;     /* -format of output */
	size_t max_bytes;       /* -max-bytes; 0: any length */
	size_t parallelism;
	int64_t patience_ms; /* see live/patience */
	int64_t lock_timeout_ms;
	int64_t max_wait_ms;     /* a longer wait for the rate limit ends the run */
	bool wait;               /* for secrets to become active */
	int64_t wait_timeout_ms; /* -1: not given */
	const char **arguments;
	size_t argument_count, argument_room;
};

/* What a command takes: a bit for each option. */
enum cli_option {
	CLI_MANIFEST = 1,
	CLI_STATE = 2,
	CLI_ACCOUNT = 4,
	CLI_LOCK = 8,
	CLI_ADOPT = 16,
	CLI_DETAILED = 32,
	CLI_APPROVE = 64, /* -auto-approve */
	CLI_PARALLEL = 128,
	CLI_SELECT = 256,  /* -target, -exclude */
	CLI_CHANGES = 512, /* -destroy, -replace, -refresh-only */
	CLI_OUT = 2048,
	CLI_GUARD = 1024, /* -allow-store-destroy, -force, -max-deletes, -max-delete-percent */
	CLI_BACKUP = 1 << 12,
	CLI_ACCOUNT_ID = 1 << 13,
	CLI_DRY_RUN = 1 << 14,
	CLI_JSON = 1 << 15,
	CLI_RAW = 1 << 16,
	CLI_FORCE = 1 << 17,
	CLI_STREAM = 1 << 18,  /* -json: all that happens, a line each */
	CLI_FORMAT = 1 << 19,  /* -format, -max-bytes */
	CLI_ALL = 1 << 20,     /* each command: -no-color, -help */
	CLI_INPUT = 1 << 21,   /* -input */
	CLI_REFRESH = 1 << 22, /* -refresh */
	CLI_WAIT = 1 << 23,    /* -wait, -wait-timeout */
	CLI_STORE = 1 << 24,
	CLI_TOOL = 1 << 25, /* -format: for another tool */
};

struct command {
	const char *name;      /* one or two words */
	const char *arguments; /* for help: "[COMMAND]"; NULL: takes none. Without [] needed */
	const char *summary;
	unsigned options;
	size_t most_arguments;
	int (*run)(const struct cli *cli); /* gives the exit status */
};

#endif
