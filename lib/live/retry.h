/*
 * Whether to try again: a pure table. Creating is not idempotent, so an answer that leaves open
 * whether it worked says "look", never "again".
 */
#ifndef LIVE_RETRY_H
#define LIVE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_ATTEMPTS = 4, RETRY_THROTTLE_ATTEMPTS = 10, RETRY_LONGEST_WAIT_MS = 300000 };

enum retry_safety {
	RETRY_SAFE,       /* reading, deleting: as often as one likes */
	RETRY_IDEMPOTENT, /* changing: again does no harm, but in the end it may have been done */
	RETRY_UNSAFE,     /* creating: a second time makes a second one */
	RETRY_ONCE, /* reading what one can do without: whatever comes, it is not sent again */
};

enum retry_seen {
	RETRY_SAW_ANSWER,  /* a whole answer with a status */
	RETRY_SAW_BROKEN,  /* a whole answer that is not the API's */
	RETRY_NOT_SENT,    /* the server did not see the request */
	RETRY_NEVER,       /* nor ever will */
	RETRY_SAW_NOTHING, /* it may have seen it */
};

struct retry_input {
	enum retry_safety safety;
	enum retry_seen seen;
	int status;             /* with an answer */
	bool is_throttled;      /* 429, or the code that means it */
	int attempt;            /* that ended so: 1 is the first */
	int64_t retry_after_ms; /* as the server asked; -1: it did not */
	uint32_t jitter;        /* 0 to 255, random: waits are shortened by up to a quarter */
};

enum retry_verb {
	RETRY_GIVE_UP, /* the outcome is certain, and it did not work */
	RETRY_AGAIN,   /* after wait_ms; it was not done */
	RETRY_LOOK,    /* it may have been done: find out */
};

struct retry_verdict {
	enum retry_verb verb;
	int64_t wait_ms;
};

/* For what did not succeed only. */
struct retry_verdict retry_decide(const struct retry_input *input);

#endif
