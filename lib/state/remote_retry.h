/*
 * Whether a backend sends a request to its server again, and when: a pure table for all kinds.
 *
 * What was perhaps carried out by an attempt without a clear answer is for the caller to find out
 * (`may_be_done`): a lock is recognised by its ID, a state by its bytes. Reading and locking are
 * repeated before that. Writing and unlocking are not (`is_once`): in between, somebody else may
 * have written or locked.
 */
#ifndef STATE_REMOTE_RETRY_H
#define STATE_REMOTE_RETRY_H

#include "adapter/http_response.h"

enum {
	/* Trouble is over after that time, or it is a failure. */
	REMOTE_RETRY_MS = 60 * 1000,
	/* The same for a server that can't be reached, if nothing depends on it yet. */
	REMOTE_REACH_MS = 10 * 1000,
	/* The longest wait that a server may ask for. */
	REMOTE_WAIT_MS = 60 * 1000,
};

struct remote_retry {
	enum http_outcome outcome;
	int status;             /* of the answer */
	int attempt;            /* from 1 */
	int64_t elapsed_ms;     /* since the first attempt began */
	int64_t limit_ms;       /* of elapsed_ms */
	bool is_stubborn;       /* it must be carried out, if that is possible at all */
	bool is_once;           /* not repeated if it may have been carried out */
	int64_t retry_after_ms; /* as the server asks; -1: it does not */
	uint32_t jitter;        /* 0 to 255, random: shortens waits by up to a quarter */
};

struct remote_verdict {
	bool is_again;
	bool may_be_done; /* nobody knows whether this attempt was carried out */
	int64_t wait_ms;  /* before the next attempt */
};

struct remote_verdict remote_decide(const struct remote_retry *retry);

#endif
