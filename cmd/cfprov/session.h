/*
 * What a command opens on its way, in order: the manifest, the state, the client, the plan. Each
 * step says its own errors; false: the command ends with EXIT_ERROR. Release it once at the end.
 */
#ifndef CFPROV_SESSION_H
#define CFPROV_SESSION_H

#include "apply/values.h"
#include "cli.h"
#include "cloudflare/live.h"
#include "manifest/manifest.h"
#include "plan/planner.h"
#include "source/source.h"
#include "state/ledger.h"
#include "state/planfile.h"

struct session {
	const struct cli *cli;
	const struct event_sink *listener; /* of the command; may be NULL */
	struct event_sink sink;            /* the log's and the listener's; for the library */
	int wake_fd;                       /* of interrupt_start */
	bool may_ask; /* a question may come, to be answered on the standard input */
	struct manifest_source source;
	struct manifest manifest;
	bool has_manifest;       /* its files were read, well or not */
	char *state_path;        /* known once the state was read or opened */
	struct model desired;    /* of the accounts that -account picks */
	struct sources *sources; /* of credentials and values */
	struct ledger ledger;
	bool has_ledger;
	struct client *client;
	struct live_account *accounts; /* as desired.accounts */
	const struct object *sought;   /* to be looked for by its id; NULL: none */
	struct model live;
	int64_t read_ms, read_at_ms; /* when its reading began: since 1970, and monotonic */
	struct table *inside;        /* ids of the stores that were looked into */
	struct values values;        /* of secrets */
	struct renames renames;      /* that the manifest asks for */
	struct planner_input input;  /* that the plan was made from */
	struct plan plan;
	struct planfile planfile; /* of a saved plan: owns what `plan` points to */
	bool is_partial;          /* options left something out of the plan */
	bool has_failed;          /* an account could not be read; the plan is about the others */
	const struct plan_move *moves; /* made in the ledger's state; in the arena */
	size_t move_count;
	struct arena arena; /* of what was moved and recovered */
};

void session_init(struct session *session, const struct cli *cli, const struct event_sink *sink);
void session_release(struct session *session);

/* CLOUDFLARE_ACCOUNT_ID; NULL: none. */
const char *session_account_id(void);

/* What errors call the manifest, or the manifests. */
const char *session_manifest_name(const struct cli *cli);

bool session_load_manifest(struct session *session) MUST_CHECK;

/* The same, with the errors for the caller. */
bool session_read_manifest(struct session *session, struct error_list *errors) MUST_CHECK;

/*
 * The accounts, for a command that needs no manifest: those of -account-id, else the manifest's,
 * else, if there is no manifest, CLOUDFLARE_ACCOUNT_ID. Fills `desired`, maybe without objects. An
 * account that no manifest names has its alias of the state, if that was read before.
 */
bool session_load_accounts(struct session *session) MUST_CHECK;
bool session_has_manifest_accounts(const struct cli *cli); /* are they the manifest's? */

/*
 * What stands behind the aliases now: the manifest's accounts, or where it names none the
 * environment's, which has no place. False: there is no manifest, or (with a warning) these can't
 * be read.
 */
bool session_read_accounts(struct session *session, struct model *ret_accounts) MUST_CHECK;

/* The state to look at, or to write (with the lock). */
bool session_read_state(struct session *session) MUST_CHECK;
bool session_open_state(struct session *session, const char *operation) MUST_CHECK;

/* Lends what is recorded at the address; NULL: nothing is, and that was reported. */
const struct object *session_find_recorded(const struct session *session, const char *address);
bool session_refuse_address(const char *address); /* gives false */

/* Once; who reads secrets needs it before, for it has to know them. Sends nothing. */
bool session_new_client(struct session *session) MUST_CHECK;

/*
 * The lane of an account's credentials; accounts with the same source share one. *lanes is the
 * caller's (table_free): it remembers them by source.
 */
struct table;
bool session_find_lane(struct session *session, struct table **lanes, const struct account *account,
	size_t *ret_lane, struct error *err) MUST_CHECK;

/* Says what was read of values and credentials, and may be a mistake. Each is said once. */
void session_tell_sources(struct session *session);

/* Where the state is, into state_path: -state, or as the manifest says, or beside it. */
bool session_find_state(struct session *session) MUST_CHECK;

/*
 * Can the file of this option be written without harm: is it none of the state's own, no manifest,
 * and nothing but a regular file? Says its errors. The manifest was read, if there is one.
 */
bool session_check_target(struct session *session, const char *option, const char *path) MUST_CHECK;

struct live_input session_live_input(const struct session *session);

#endif
