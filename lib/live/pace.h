/*
 * The rate budget of one token: a pure account of what the server said of it, so that a run slows
 * down before it is told to. Times are monotonic milliseconds that the caller gives.
 * Source: Cloudflare's changelog of 2025-09-03 (Ratelimit: "default";r=50;t=30).
 */
#ifndef LIVE_PACE_H
#define LIVE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* With fewer requests left than this, they are spread over the time until the reset. */
	PACE_RESERVE = 20,
	/* Nobody's budget takes longer to be new (Cloudflare's takes 5 minutes). */
	PACE_LONGEST_WAIT_MS = 600000,
};

/* Start with pace_init. */
struct pace {
	int64_t remaining; /* requests, as the last answer said; -1: none said */
	int64_t reset_at_ms;
	int64_t under_way;  /* requests that no answer counts yet */
	int64_t next_at_ms; /* nothing starts before */
};

struct pace pace_init(void);

/* How long to wait before the next request may start; 0: now. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);

/* A request starts; it has ended, with or without an answer. */
void pace_started(struct pace *pace, int64_t now_ms);
void pace_ended(struct pace *pace);

/* An answer said what is left (r) and in how many milliseconds that is new (t). */
void pace_told(struct pace *pace, int64_t now_ms, int64_t remaining, int64_t reset_ms);

/* The server asked for silence. */
void pace_blocked(struct pace *pace, int64_t now_ms, int64_t wait_ms);

#endif
