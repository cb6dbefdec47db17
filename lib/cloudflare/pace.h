/*
 * The rate budgets of one set of credentials: a pure account of what the server said of them, so
 * that a run slows down before it is told to. A server may have several (one for bursts, one for
 * five minutes); a request has to fit into each. Times are monotonic milliseconds that the caller
 * passes.
 * Source: cloudflare/ratelimit; Cloudflare's limits (1,200 requests in 5 minutes) as of November
 * 2026.
 */
#ifndef CLOUDFLARE_PACE_H
#define CLOUDFLARE_PACE_H

#include "cloudflare/ratelimit.h"

enum {
	/* With fewer requests left than this, they are spread over the time until the reset. */
	PACE_RESERVE = 20,
	/* No budget takes longer to be new (Cloudflare's takes 5 minutes). */
	PACE_LONGEST_WAIT_MS = 600000,
	/* What Cloudflare allows, where no answer has said it. */
	PACE_QUOTA = 1200,
	PACE_WINDOW_MS = 300000,
};

struct pace_budget {
	char name[RATELIMIT_NAME_SIZE];
	int64_t remaining; /* requests in this window, less those under way; -1: not known */
	int64_t reset_at_ms;
	int64_t quota, window_ms; /* of each window; -1: not known */
	bool is_said;             /* the server counts `remaining`; else it is counted here */
};

/* Start with {0}. */
struct pace {
	struct pace_budget budgets[RATELIMIT_ITEMS];
	size_t budget_count;
	int64_t under_way;  /* requests that no answer counts yet */
	int64_t next_at_ms; /* nothing starts before */
};

/* How long to wait before the next request may start; 0: now. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);

/* A request starts; it has ended, with or without an answer. */
void pace_started(struct pace *pace, int64_t now_ms);
void pace_ended(struct pace *pace);

/* An answer said something of the budgets. */
void pace_told(struct pace *pace, int64_t now_ms, const struct ratelimit *said);

/* The server asked for silence. */
void pace_blocked(struct pace *pace, int64_t now_ms, int64_t wait_ms);

/*
 * How long so many more requests take because of the budgets alone: 0 if all fit into what is left
 * now. *ret_budget is the budget that is the cause; Cloudflare's, if no answer has said a policy.
 */
int64_t pace_estimate_ms(
	const struct pace *pace, int64_t now_ms, int64_t requests, struct pace_budget *ret_budget);

#endif
