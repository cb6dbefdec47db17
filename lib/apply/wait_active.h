/*
 * Waits, after a plan was carried out, until its secrets are active. Cloudflare may show a new
 * secret as `pending` for a while. That is neither drift nor an error, but a Worker that is
 * deployed next needs it active.
 *
 * The wait is for secrets that the plan desires and that are not active in the state. Each look
 * lists their stores and is recorded. The pause between looks grows from WAIT_FIRST_PAUSE_MS to
 * WAIT_LONGEST_PAUSE_MS.
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
	int64_t timeout_ms;      /* there is at least one look */
};

/*
 * False: *ret_left secrets are not active; *err says which, and why: the timeout, a list that could
 * not be read, a state that could not be written, or an interrupt. Requests may still be in
 * progress then, so the client may only be freed.
 */
bool wait_active(const struct wait_input *input, size_t *ret_left, struct error *err) MUST_CHECK;

#endif
