/*
 * Whether to send again: a pure table. Only the API's own word, its envelope with `success: false`,
 * says that nothing was done. A page of HTML, a redirect, a status without the envelope, a reset or
 * silence say nothing of that, whatever their number: the request may have been carried out before
 * something in between answered in the API's place.
 *
 * Creating is not idempotent: it is never sent again from here, not even after a 429, for that may
 * come after the work; its caller looks first. "Safe to repeat" is another matter than "nothing
 * happened": a change or a delete may be sent again and have been carried out the first time.
 */
#ifndef CLOUDFLARE_RETRY_H
#define CLOUDFLARE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_ATTEMPTS = 4,
	/* Without Retry-After, so many take longer than Cloudflare's five minutes. */
	RETRY_THROTTLE_ATTEMPTS = 12,
};

enum retry_safety {
	RETRY_SAFE,       /* reading: as often as one likes */
	RETRY_IDEMPOTENT, /* changing, deleting: again does no harm, but it may have been done */
	RETRY_UNSAFE,     /* creating: a second time makes a second one */
	RETRY_ONCE, /* reading what one can do without: whatever comes, it is not sent again */
};

enum retry_seen {
	RETRY_SAW_WORD,    /* the API's own word: its envelope, with `success: false` */
	RETRY_SAW_BROKEN,  /* a whole answer that is not that */
	RETRY_NOT_SENT,    /* the server did not see the request, or surely left it alone */
	RETRY_NEVER,       /* it did not see it, nor ever will */
	RETRY_SAW_NOTHING, /* it may have seen it */
};

struct retry_input {
	enum retry_safety safety;
	enum retry_seen seen;
	int status;             /* with an answer */
	bool is_throttled;      /* 429, or the code that means it */
	int attempt;            /* that ended so: 1 is the first */
	int64_t retry_after_ms; /* as the server asked; -1: it did not */
	int64_t max_wait_ms;    /* no single wait may be longer */
	uint32_t jitter;        /* 0 to 255, random: varies waits by up to a quarter */
};

enum retry_verb {
	RETRY_GIVE_UP, /* it did not work, and another time would do no better */
	RETRY_AGAIN,   /* after wait_ms */
	RETRY_LOOK,    /* it may have been done: find out */
};

struct retry_verdict {
	enum retry_verb verb;
	int64_t wait_ms;  /* RETRY_AGAIN; or throttled: nothing may be sent before; else 0 */
	bool is_asked;    /* the server asked for this wait */
	bool is_too_long; /* wait_ms exceeds max_wait_ms: nobody waits, the run ends */
};

/* For what did not succeed only. */
struct retry_verdict retry_decide(const struct retry_input *input);

/* May the request have been carried out, for all that this end of it says? */
bool retry_leaves_open(const struct retry_input *input);

/* Does only another look tell, and not even the API's word? Then nobody knows what was done. */
bool retry_says_nothing(const struct retry_input *input);

#endif
