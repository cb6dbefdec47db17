/*
 * The rate budgets of one set of credentials, as the server's answers describe them, so that a run
 * slows down before it is told to. A server may have several (one for bursts, one for five
 * minutes); a request has to fit into all of them. Pure; times are monotonic milliseconds.
 * Source: cloudflare/ratelimit; Cloudflare's limits (1,200 requests in 5 minutes) as of November
 * 2026.
 */
#ifndef CLOUDFLARE_PACE_H
#define CLOUDFLARE_PACE_H

#include "cloudflare/ratelimit.h"

enum {
	/*
	 * If somebody else uses the budget too, the last requests of a window are spread over the
	 * time until its end.
	 */
	PACE_RESERVE = 20,
	/* No window is longer (Cloudflare's takes 5 minutes). */
	PACE_LONGEST_WAIT_MS = 600000,
	/* Cloudflare's limit, if no answer has said any. */
	PACE_QUOTA = 1200,
	PACE_WINDOW_MS = 300000,
};

struct pace_budget {
	char name[RATELIMIT_NAME_SIZE];
	int64_t remaining; /* requests in this window, less those under way; -1: not known */
	int64_t reset_at_ms;
	int64_t quota, window_ms; /* of each window; -1: not known */
	bool is_from_server;      /* `remaining` was; else it is counted here */
	int64_t first, started;   /* what was left first in this window; our requests since */
	bool is_shared;           /* more was used than what we have started */
};

/* Start with {0}. */
struct pace {
	struct pace_budget budgets[RATELIMIT_ITEMS];
	size_t budget_count;
	int64_t under_way;  /* requests that no answer counts yet */
	int64_t next_at_ms; /* nothing starts before */
};

/*
 * How long to wait before the next request may start; 0: now. An answer may shorten it, as those
 * that overtook it may count its request a second time.
 */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);

/* A request starts; it has ended, with or without an answer. */
void pace_started(struct pace *pace, int64_t now_ms);
void pace_ended(struct pace *pace);

/* Takes what an answer says of the budgets. */
void pace_update(struct pace *pace, int64_t now_ms, const struct ratelimit *limits);

/* Nothing may start before. */
void pace_hold(struct pace *pace, int64_t until_ms);

/*
 * How long the budgets make this many requests take; 0: all fit into what is left now.
 * *ret_budget is the tightest one; Cloudflare's, if no answer has said a policy.
 */
int64_t pace_estimate_ms(
	const struct pace *pace, int64_t now_ms, int64_t requests, struct pace_budget *ret_budget);

#endif
