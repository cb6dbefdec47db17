/*
 * Waiting, after a plan was carried out, until its secrets are active. Cloudflare may show a new
 * secret as `pending` for a while; that is neither drift nor an error, but a Worker that is
 * deployed next needs it active.
 *
 * It waits for the secrets that the plan desires and the state does not have as active. Each look
 * is one list for each of their stores, and is recorded. Between two looks is a second at first,
 * then more, up to WAIT_LONGEST_PAUSE_MS.
 */
#ifndef APPLY_WAIT_ACTIVE_H
#define APPLY_WAIT_ACTIVE_H

#include "cloudflare/live.h"
#include "model/plan.h"
#include "state/ledger.h"

enum { WAIT_FIRST_PAUSE_MS = 1000, WAIT_LONGEST_PAUSE_MS = 10000 };

struct wait_input {
	struct live_input live;  /* with the accounts of the plan */
	const struct plan *plan; /* carried out */
	struct ledger *ledger;   /* open to write; its run is finished */
	int64_t timeout_ms;      /* there is one look at least */
};

/*
 * Waits. False: not all of them are active, and *err says which and why: the time is over, a list
 * could not be read, the state could not be written, or an interrupt. *ret_left says how many. Then
 * answers may still be under way, so that only client_free may be called.
 */
bool wait_active(const struct wait_input *input, size_t *ret_left, struct error *err) MUST_CHECK;

/*
 * Pure: what the state says of a secret that is listed so now. False: nothing new. If the secret
 * was recreated or written by someone else, nothing is learned: the next plan has to see it.
 */
bool wait_learn(const struct object *recorded, const struct object *live,
	struct object *ret_now) MUST_CHECK;

#endif
