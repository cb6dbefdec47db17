/*
 * The state: what cfprov manages, with the ids. JSON, written only by cfprov.
 *
 *     {
 *       "version": 1, "cfprov_version": "0.1.0", "serial": 3, "lineage": "6f1c2f0e-…",
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
 * An object that is unresolved or in doubt (state/objects) has "requested": until when its request
 * may have been in progress, in milliseconds since 1970. Where Cloudflare stored something other
 * than what was sent, "sent_comment" or "sent_scopes" is what was sent. Where someone else wrote
 * the value and cfprov wrote the rest later, "seen_modified" is the date of that later write.
 * Values appear only as fingerprints; see apply/values. Where `state migrate` has moved the state
 * away, there is one without accounts that has "moved_to", the name of the new place.
 *
 * state_fold is the only way to change a state; `state push` replaces one as a whole. state/ledger
 * reads and writes the file.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/error.h"
#include "model/model.h"

#include <stdint.h>

enum { STATE_VERSION = 1, STATE_LINEAGE_LENGTH = 36 };
#define STATE_SERIAL_MOST INT64_C(999999999999999) /* 15 digits: sealing and chain read no more */

struct state {
	int64_t serial; /* grows by one with each change; 0: never written */
	char lineage[STATE_LINEAGE_LENGTH + 1]; /* fixed at birth; "": not born yet */
	const char *moved_to; /* it was moved away, to the place of this name; else NULL */
	struct model model;
};

/*
 * One change of the state. PUT: the object replaces what has its address. DROP: the address is
 * removed. KEEP: no change, because the request failed.
 */
enum change_kind { CHANGE_PUT, CHANGE_DROP, CHANGE_KEEP };

struct change {
	enum change_kind kind;
	const struct object *object; /* keeps */
};

/* For qsort, by address. */
int change_compare(const void *a, const void *b);

/*
 * Makes a new state from an old one and its changes, which may be in any order, at most one for
 * each address. The serial grows by one if any object is different. The same code runs at the end
 * of an apply and in recovery.
 */
struct state_fold {
	const struct change *changes;
	size_t change_count;
	const struct account *accounts; /* aliases and ids that may have changed */
	size_t account_count;
	int64_t requested_ms; /* for what the changes leave in doubt and is not dated; or 0 */
};
void state_fold(const struct state *old, const struct state_fold *fold, struct state *ret_state);

/* True if it can be a lineage; it may be NULL. */
bool state_is_lineage(const char *text);

/* Errors name `file`. */
bool state_decode(const char *file, const char *bytes, size_t length, struct state *ret_state,
	struct error *err) MUST_CHECK;
void state_encode(const struct state *state, struct str *out);

/*
 * Reads again what state_encode made of the state, in pieces, which need little memory. False: it
 * can't be read, or is not the same.
 */
bool state_check(const char *file, const struct str *text, const struct state *state,
	struct error *err) MUST_CHECK;

/* Makes what stays behind of a state that is moved: it has the next serial. */
void state_leave(const struct state *state, const char *moved_to, struct state *ret_state);

void state_release(struct state *state);

#endif
