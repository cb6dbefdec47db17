/*
 * What a command opens, in this order: the manifest, the state, the client, the plan. Each step
 * reports its own errors; false means that the command ends with EXIT_ERROR. `main` owns it.
 */
#ifndef CFPROV_SESSION_H
#define CFPROV_SESSION_H

#include "apply/values.h"
#include "cli.h"
#include "cloudflare/live.h"
#include "manifest/manifest.h"
#include "manifest/policy.h"
#include "model/address.h"
#include "plan/planner.h"
#include "progress.h"
#include "source/keyring.h"
#include "state/ledger.h"
#include "state/planfile.h"

struct session {
	struct cli *cli;
	int status;                 /* of the program, unless the command fails */
	struct event_sink listener; /* `progress`, or a stream for machines */
	struct progress progress;   /* for people */
	struct event_sink sink;     /* for the library: feeds the log and the listener */
	int wake_fd;                /* of interrupt_start */
	bool may_ask;               /* the user may be asked to approve, on the standard input */
	struct manifest_source source;
	struct manifest manifest;
	bool is_manifest_open;
	struct policy policy;
	bool has_policy;
	struct location location; /* of the state, if has_location */
	bool has_location;
	struct model located; /* owns what the manifest says about it */
	struct model
		split_by; /* where the state is split by account: the accounts that are meant */
	struct backend_credentials credentials;
	struct model desired;    /* of the accounts that -account picks */
	struct sources *sources; /* of credentials, values and the key */
	struct model settings;   /* of the manifest beside a saved plan; or only the key's source */
	bool has_declared;       /* there is a manifest, and `settings` has all of it */
	struct keyring keyring;
	bool has_settings;    /* the keyring knows what the manifest says */
	struct error key_err; /* why a command that only shows has no key */
	struct sealing sealing;
	struct place encryption_place;
	struct ledger ledger;
	bool has_ledger;
	struct client *client;
	struct table *lanes;           /* by the source of the credentials */
	struct live_account *accounts; /* as desired.accounts */
	const struct object *sought;   /* import: looked up by its id; or NULL */
	struct model live;
	int64_t read_ms, read_at_ms;     /* when reading it began: since 1970, and monotonic */
	struct table *inside;            /* ids of the stores whose secrets were listed */
	bool reads_values;               /* after the accounts were read */
	struct values values;            /* of secrets */
	struct renames renames;          /* that the manifest asks for */
	struct worker_binding *bindings; /* of -bindings */
	size_t binding_count;
	struct planner_input input; /* of the plan */
	struct plan plan;
	struct planfile planfile; /* of a saved plan: owns what `plan` points to */
	bool is_partial;          /* options left something out of the plan */
	bool has_failed;          /* an account could not be read; the plan is about the others */
	struct cli_texts unread;  /* the aliases of these accounts */
	struct arena arena;       /* of what was moved and recovered */
};

void session_init(struct session *session, struct cli *cli);
void session_release(struct session *session);

/*
 * Reads the policy of -policy or CFPROV_POLICY, if there is one. From then on the sources, and each
 * of the steps below, obey it.
 */
bool session_load_policy(struct session *session) MUST_CHECK;

/* Lends the policy, or NULL. */
const struct policy *session_policy(const struct session *session);

/* False: the policy does not allow something that `desired` names, or the state. All is reported.
 */
bool session_obeys(const struct session *session, bool with_state) MUST_CHECK;

/* Does it allow the path of the state, which is known? Also one that -state or a saved plan names.
 */
bool session_permits_state(const struct session *session, struct error *err) MUST_CHECK;

/* What errors call the manifest, or the manifests. */
const char *session_manifest_name(const struct cli *cli);

/* False if the shell emptied one of the manifests, to put this command's output there. */
bool session_check_emptied(const struct session *session, const char *const *paths, size_t count,
	struct error *err) MUST_CHECK;

/* Opens the manifest, once; and whether it failed because none exists: some commands need none. */
bool session_open_manifest(struct session *session, struct error_list *errors) MUST_CHECK;
bool session_has_no_manifest(
	const struct session *session, const struct error_list *errors) MUST_CHECK;

/* Fills `desired`. */
bool session_load_manifest(struct session *session) MUST_CHECK;

/*
 * For a command that needs accounts but no manifest. Fills `desired`, maybe without objects, from
 * -account-id, else the manifest, else CLOUDFLARE_ACCOUNT_ID. An account that no manifest names has
 * its alias from the state, if that was read before.
 */
bool session_load_accounts(struct session *session) MUST_CHECK;
bool session_has_manifest_accounts(const struct cli *cli); /* are they the manifest's? */

/*
 * Which account each alias means now: the manifest's accounts, or the environment's if it names
 * none. False: there is no manifest, or its accounts can't be read.
 */
bool session_read_accounts(struct session *session, struct model *ret_accounts) MUST_CHECK;

/* From now on, the keys are those that this model names; the first counts. */
void session_use_keys_of(struct session *session, const struct model *settings);

/*
 * Reads the keys, which every command needs that writes the state or acts on it. Where no model
 * names them yet, the manifest is asked. False: a key is missing, or the manifest may name one and
 * can't be read, or should encrypt and has no key; it is reported.
 */
bool session_read_key(struct session *session) MUST_CHECK;

/*
 * The same for a command that only shows the state: it does without the key if it has to. Lends the
 * reason, or NULL. `completes`: nothing is read or run for a key.
 */
const struct error *session_try_key(struct session *session, bool completes);

/* For a saved plan that is to be applied: reads all of the manifest, if there is one, and the key.
 */
bool session_read_declared(struct session *session) MUST_CHECK;

/* With an old key: says whether the state, as it was written, still needs it. */
void session_note_old_key(struct session *session);

/* ---- the state ---- */

/*
 * Where the state is: as -state or the manifest says, or beside the manifest. The first does not
 * look at the environment, so that a remote one may still lack its URL; the second does, and asks
 * the policy.
 */
bool session_locate_state(struct session *session) MUST_CHECK;
bool session_find_state(struct session *session) MUST_CHECK;

/* It is beside the manifest, whatever that says, unless -state says otherwise. */
void session_assume_state(struct session *session);

/*
 * For a saved plan: its state is the file of that path or, if it or the manifest's state is remote,
 * must be the manifest's.
 */
bool session_use_planned_state(struct session *session, const char *planned) MUST_CHECK;

/* Lends what messages call the state, which session_find_state has found. */
const char *session_state_name(struct session *session);

/*
 * Lends what tells this state apart from all others, for a saved plan: a path, or the URL of
 * location_add_url with a checksum instead of the query, which may have a password in it.
 */
const char *session_state_place(struct session *session);

/*
 * Of a state that is split by account, selects the one of the only account that -account picks.
 * Afterwards it is not split.
 */
bool session_select_part(struct session *session) MUST_CHECK;

/*
 * How to open the ledger of the state, which session_find_state has found, with the accounts that
 * are meant if it is split. Reads the backend's credentials.
 */
bool session_ledger_options(struct session *session, const char *operation,
	struct ledger_options *ret_options) MUST_CHECK;

/*
 * Opens the state for an operation (as the lock's holder is called) to write it, or, for NULL, to
 * act on what it says; or only to show it: then it is shown although its signature can't be
 * verified, with a warning. Warns if the state is gone and a backup is not. A state that was left
 * behind (session_left_behind) is an error for what writes, and else a warning.
 */
bool session_open_state(struct session *session, const char *operation) MUST_CHECK;
bool session_show_state(struct session *session, bool completes) MUST_CHECK;

/* Leaves out of the state that was opened what -account does not name. */
bool session_pick_recorded(struct session *session) MUST_CHECK;

/* The same of one part, also if it was moved away. */
bool session_open_any_state(struct session *session, const char *operation) MUST_CHECK;

/*
 * For session_read_old alone: that the newest state can't be read is no error, and *ret_unread says
 * why. Then nothing shows whether the older ones are of the same state.
 */
bool session_open_old(struct session *session, struct error *ret_unread) MUST_CHECK;

/*
 * Reads a state that the log has kept. One that can't be trusted is an error that says how to use
 * it all the same, or, if it is only shown, a warning.
 */
bool session_read_old(struct session *session, int64_t serial, bool only_shows,
	struct state *ret_state) MUST_CHECK;

/*
 * Does the opened state, which is not a local one, not exist yet, while a local one with objects is
 * beside the manifest? Then the manifest was changed before `state migrate`. *ret: what to say.
 */
bool session_left_behind(struct session *session, struct error *ret) MUST_CHECK;

/* Lends the addresses or patterns that were typed, completed by these models or by the state. */
struct cli_texts session_addresses(struct session *session, const struct address_scope *scope,
	const char *const *typed, size_t count);
struct address_scope session_recorded(const struct session *session);

/* Lends what is recorded at the address; NULL: nothing is, and that was reported. */
const struct object *session_find_recorded(struct session *session, const char *typed);
void session_miss(const struct session *session, const char *typed, struct error *err);

/* Sends nothing. Comes before any secret is read, because the client has to know them. */
bool session_new_client(struct session *session) MUST_CHECK;

/* The lane of an account's credentials; accounts with the same credentials share one. */
bool session_find_lane(struct session *session, const struct account *account, size_t *ret_lane,
	struct error *err) MUST_CHECK;

/* Prints the warnings about values and credentials that were read, each once. */
void session_print_warnings(struct session *session);

/*
 * From now on cfprov can write only in the folders of the state (if it was opened to be written),
 * of its backup and of -out, where the kernel has Landlock. Nothing must be run afterwards for a
 * value or a credential. True: it is in force.
 */
bool session_confine(const struct session *session);

/*
 * The text of a command with CLI_NEW_FILE goes to stdout, or to the new file of -out. The first
 * asks before anything is requested whether it can.
 */
bool session_check_new_file(const struct session *session) MUST_CHECK;
bool session_write_new_file(const struct session *session, const struct str *text) MUST_CHECK;

/*
 * For a command that writes a manifest, or entries for one. The session reads the manifests that
 * exist (maybe none); those that do not, or are empty, are where the output goes. *ret_beside is
 * the path of the output, or where it may end up. False, and reported: a redirection has emptied a
 * manifest, and nobody knows what it had.
 */
bool session_find_manifests(struct session *session, const char **ret_beside) MUST_CHECK;

/*
 * False, and reported: writing the option's file would destroy the state or a manifest, or it is no
 * regular file. The manifest, if there is one, was read before.
 */
bool session_check_target(struct session *session, const char *option, const char *path) MUST_CHECK;

/* Adds "account `staging` could not be read and is not included", of all that are `unread`. */
void session_add_unread(struct str *out, const struct cli_texts *unread);

struct live_input session_live_input(const struct session *session);

#endif
