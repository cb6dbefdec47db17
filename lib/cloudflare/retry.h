/*
 * Whether to send a request again: a pure table. Only the API's own answer, its envelope with
 * `success: false`, proves that nothing was done. A page of HTML, a redirect, a status without the
 * envelope, a reset or silence prove nothing: the request may have been carried out before
 * something in between answered in the API's place. Nor does the envelope with 408, 425 or 5xx:
 * then the API itself may not know.
 *
 * Creating is not idempotent. It is never repeated here, not even after a 429, which may come after
 * the work: its caller looks first. A change or a delete may be repeated safely, and may still have
 * been carried out the first time.
 */
#ifndef CLOUDFLARE_RETRY_H
#define CLOUDFLARE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_ATTEMPTS = 4,
	/* Without Retry-After, they take longer than Cloudflare's five minutes. */
	RETRY_THROTTLE_ATTEMPTS = 12,
};

enum retry_safety {
	RETRY_SAFE,       /* reading: any number of times */
	RETRY_IDEMPOTENT, /* changing, deleting: may be repeated, and may have been done */
	RETRY_UNSAFE,     /* creating: a second request makes a second object */
	RETRY_ONCE,       /* optional reading: never sent again */
};

enum retry_seen {
	RETRY_SAW_REFUSAL, /* the API's own answer: its envelope, with `success: false` */
	RETRY_SAW_BROKEN,  /* any other complete answer */
	RETRY_NOT_SENT,    /* the server did not process the request, as far as is certain */
	RETRY_NEVER,       /* it did not get the request, and never will */
	RETRY_SAW_NOTHING, /* it may have got it */
};

struct retry_input {
	enum retry_safety safety;
	enum retry_seen seen;
	int status;             /* with an answer */
	bool is_throttled;      /* 429, or the code that means it */
	int attempt;            /* from 1 */
	int64_t retry_after_ms; /* requested by the server; -1: it did not */
	int64_t max_wait_ms;    /* for a single wait */
	uint32_t jitter;        /* 0 to 255, random: varies waits by up to a quarter */
};

enum retry_verb {
	RETRY_GIVE_UP, /* it failed, and would fail again */
	RETRY_AGAIN,   /* send it again after wait_ms */
	RETRY_LOOK,    /* it may have been done: find out */
};

struct retry_verdict {
	enum retry_verb verb;
	bool may_be_done; /* the request may have been carried out */
	int64_t wait_ms;  /* RETRY_AGAIN, or throttled: nothing may be sent before; else 0 */
	bool is_asked;    /* the server asked for this wait */
	bool is_too_long; /* wait_ms exceeds max_wait_ms: the lane fails instead */
};

/* For attempts that did not succeed. */
struct retry_verdict retry_decide(const struct retry_input *input);

#endif
