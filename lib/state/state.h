/*
 * The state: what cfprov manages, with the ids. JSON, written by cfprov only.
 *
 *     {
 *       "version": 1,
 *       "cfprov_version": "0.1.0",
 *       "serial": 3,
 *       "lineage": "6f1c2f0e-…",
 *       "accounts": {
 *         "985e105f4ecef8ad9ca31a8372d0c353": {
 *           "alias": "default",
 *           "stores": {
 *             "service_x_keys": {
 *               "id": "…", "created": "…", "modified": "…", "origin": "created",
 *               "secrets": {
 *                 "TOKEN": {
 *                   "id": "…", "created": "…", "modified": "…", "status": "active",
 *                   "fingerprint": "…", "scopes": ["workers"], "version": 1,
 *                   "origin": "created"
 *                 }
 *               }
 *             }
 *           }
 *         }
 *       }
 *     }
 *
 * What is unresolved or in doubt (state/objects) has "requested": until when its request may have
 * been under way, in milliseconds since 1970. What Cloudflare stored otherwise than it was sent has
 * "sent_comment" or "sent_scopes": what was sent. Where somebody else wrote the value, and we the
 * rest later, "seen_modified" is the date of that. Of values there are fingerprints only; see
 * apply/values. state_fold changes a state; only `state push` replaces one as a whole.
 * state/ledger reads and writes the bytes.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/error.h"
#include "model/model.h"

#include <stdint.h>

enum { STATE_VERSION = 1, STATE_LINEAGE_LENGTH = 36 };

struct state {
	int64_t serial; /* grows by one with each change; 0: never written */
	char lineage[STATE_LINEAGE_LENGTH + 1]; /* fixed at birth; "" : not born yet */
	struct model model;
};

/*
 * One change of the state. PUT: this object, as it is now, replaces what has its address. DROP:
 * nothing has this address any longer. KEEP: no change; the outcome of what failed.
 */
enum change_kind { CHANGE_PUT, CHANGE_DROP, CHANGE_KEEP };

struct change {
	enum change_kind kind;
	const struct object *object; /* keeps */
};

/* For qsort: by address. */
int change_compare(const void *a, const void *b);

/*
 * Makes a new state from an old one and changes. The changes may be in any order: they are sorted
 * by address, and there is at most one for each address. `accounts` are the accounts' aliases and
 * ids as they are now (NULL: as they were). The serial grows by one if anything is different. The
 * same code runs at the end of an apply and in recovery.
 */
struct state_fold {
	const struct change *changes;
	size_t change_count;
	const struct account *accounts;
	size_t account_count;
	/* What is unresolved or in doubt by these changes was requested until then; 0: it says so
	 * itself */
	int64_t requested_ms;
};
void state_fold(const struct state *old, const struct state_fold *fold, struct state *ret_state);

/* True if it can be a lineage. NULL: false. */
bool state_is_lineage(const char *text);

/* `file` is what errors call the bytes. */
bool state_decode(const char *file, const char *bytes, size_t length, struct state *ret_state,
	struct error *err) MUST_CHECK;
void state_encode(const struct state *state, struct str *out);

void state_release(struct state *state);

#endif
