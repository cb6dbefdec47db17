/*
 * Awaiting: after a plan was carried out, until its secrets are ready. Cloudflare may show a new
 * secret as `pending` for a while; that is no drift and no error, but who deploys a Worker next may
 * want to wait for `active`.
 *
 * Waited for are the secrets that the plan wants and the state has as anything else than active:
 * those that were just written, and those that an earlier run left so. Each look is one list for
 * each of their stores, all side by side; between two looks lies a second at first, then more and
 * more, up to AWAIT_LONGEST_PAUSE_MS. What has a new status goes into the state at the end, however
 * the waiting ends.
 */
#ifndef ENGINE_AWAIT_H
#define ENGINE_AWAIT_H

#include "live/live.h"
#include "model/plan.h"
#include "recorded/ledger.h"

enum {
	AWAIT_FIRST_PAUSE_MS = 1000,
	AWAIT_LONGEST_PAUSE_MS = 10000,
	/* A look that began in time may take that much longer. */
	AWAIT_LOOK_MS = 10000,
};

struct await_input {
	struct live_input live;  /* with the accounts of the plan */
	const struct plan *plan; /* carried out */
	struct ledger *ledger;   /* open to write; its run is finished */
	int64_t timeout_ms;      /* there is one look at least */
};

/*
 * Waits. False: not all of them are active, and *err says which and why: time is over, a list could
 * not be read, the state could not be written, somebody wants to stop. *ret_left says how many. The
 * client is good for nothing but client_free then, for answers may be under way.
 */
bool await_active(const struct await_input *input, size_t *ret_left, struct error *err) MUST_CHECK;

/* Pure: how long to wait between two looks, after the last time; 0: there was none. */
int64_t await_pause_ms(int64_t last_ms);

/*
 * Pure: what the state is to say of a secret that lives so now. False: nothing new. A secret that
 * was made anew or written by somebody else is not learned: the next plan has to see it.
 */
bool await_learn(const struct object *recorded, const struct object *live,
	struct object *ret_now) MUST_CHECK;

#endif
