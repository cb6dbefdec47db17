/*
 * Inside live/: a call that waits, and the lane that it waits in: what belongs to one set of
 * credentials. For the client only, whose parts these are.
 */
#ifndef LIVE_LANE_H
#define LIVE_LANE_H

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "base/error.h"
#include "live/pace.h"
#include "live/ratelimit.h"
#include "live/retry.h"
#include "model/credentials.h"
#include "model/event.h"

struct call {
	struct call *next;                /* in a queue */
	struct call *older, **from_newer; /* among all calls */
	size_t lane;
	enum retry_safety safety;
	bool is_probe;
	bool may_be_done; /* by an attempt whose end leaves it open */
	bool is_unseen;   /* and of one such attempt not even the API's word is known */
	const char *method;
	char *path, *body;
	void *tag;
	int attempt;             /* sendings, for those who watch */
	int failures, throttled; /* of them, those that count against their limits */
	int64_t due_ms;
};

struct queue {
	struct call *first, **end;
};

struct lane {
	size_t number;
	char fingerprint[2 * CRYPT_HASH_BYTES + 1]; /* of the credentials */
	struct http_headers *headers;
	struct credentials credentials;
	struct pace pace;
	struct queue waiting;
	struct lane *next_in_ring; /* NULL: not in the ring */
	struct error failure;      /* that every further call gets; no message: there is none */
	int64_t said_slow_at_ms;   /* nothing more is said before */
	int64_t unsaid_wait_ms, wait_counted_to_ms; /* what it has waited since */
};

void queue_push(struct queue *queue, struct call *call);
struct call *queue_pop(struct queue *queue); /* lends; NULL: it is empty */

/*
 * Gives a lane (lane_free) that has a copy of the credentials. The same credentials have the same
 * fingerprint, wherever they came from.
 */
struct lane *lane_new(const struct credentials *credentials,
	const unsigned char key[static CRYPT_KEY_BYTES]) MUST_CHECK;
void lane_free(struct lane *lane);

/* A ring of lanes, the one that was served last at its head; a lane in no ring has no next one. */
void lane_enter_ring(struct lane **ring, struct lane *lane);
void lane_leave_ring(struct lane **ring, struct lane *before); /* the lane after `before` */

/*
 * Is this wait long enough to be said, or do the ones since the last time add up to it? Many short
 * ones are said every ten seconds.
 */
bool lane_wants_wait_said(struct lane *lane, int64_t wait_ms, int64_t now_ms);

/* Takes in what an answer says of rate limits; *ret_tightest stays as it is if that is nothing. */
void lane_hear_limits(struct lane *lane, const struct http_response *response,
	struct ratelimit_item *ret_tightest);

/* Says (EVENT_LONG_RUN) how long so many requests take, if the budget does not suffice for them. */
void lane_foretell(
	const struct lane *lane, int64_t requests, const char *what, const struct event_sink *sink);

#endif
