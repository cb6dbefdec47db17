/*
 * The client: calls of Cloudflare's API, many at a time, each carried to a certain end.
 *
 * It holds the connections and, for each set of credentials, a lane: a queue with a rate budget.
 * What may be sent again is sent again here (cloudflare/retry); what may have been done though
 * nobody saw it (CLIENT_UNKNOWN) is for the caller to look up. When credentials turn out to be bad,
 * the server can't be reached, or it asks for a longer wait than max_wait_ms, whatever still waits
 * fails at once: no storm of retries. What a server echoes of the credentials, or of the secrets
 * that a call names, is in no error (base/scrub). What Cloudflare says besides its answers
 * (`messages`) is emitted as EVENT_WARNING, each text once.
 *
 * Waits are said: EVENT_RETRY and EVENT_SLOW_DOWN once each, and EVENT_COUNTDOWN about once a
 * second while nothing is on the wire and nothing may go out.
 *
 *     struct client *client = client_new(&options, &err);
 *     client_send(client, &call);                        any number
 *     while (client_busy(client))
 *             if ((answer = client_next(client, 1000)))  … client_answer_free(answer)
 *     client_free(client);
 */
#ifndef CLOUDFLARE_CLIENT_H
#define CLOUDFLARE_CLIENT_H

#include "cloudflare/cf.h"
#include "cloudflare/patience.h"
#include "cloudflare/retry.h"
#include "model/credentials.h"
#include "model/event.h"

struct client;

struct client_options {
	const char *base_url;          /* see cloudflare/baseurl */
	size_t parallelism;            /* requests at a time */
	int64_t timeout_ms;            /* of one request */
	int64_t max_wait_ms;           /* no single wait is longer; the lane fails in its place */
	int wake_fd;                   /* readable: client_next returns early; -1: none */
	const struct event_sink *sink; /* keeps; may be NULL */
};

struct client *client_new(const struct client_options *options, struct error *err) MUST_CHECK;
void client_free(struct client *client);

/*
 * Gives the number of the credentials' lane: a new one, or where a lane has the same ones already,
 * that, for they share one budget. The credentials are copied.
 */
size_t client_add_lane(struct client *client, const struct credentials *credentials);

/* Is it a token, and not email and key? */
bool client_has_token(const struct client *client, size_t lane);

struct client_call {
	size_t lane;
	enum retry_safety safety;
	bool is_probe;      /* a refusal says nothing of other calls with these credentials */
	bool is_later;      /* is sent only after PATIENCE_PAUSE_MS */
	int throttled;      /* of the answer to the call that this one sends again; else 0 */
	const char *method; /* keeps; a literal */
	const char *path;   /* copied */
	const char *body;   /* copied; NULL: none. Freed memory is wiped: it may hold values */
	void *tag;          /* comes back with the answer */
};

/* No error will show this secret, which is kept until client_free. */
void client_know(struct client *client, const struct secret *secret);

void client_send(struct client *client, const struct client_call *wanted);

/* Whatever is not on the wire yet fails now, and so will all that is sent later. */
void client_stop(struct client *client);

/*
 * What is certain. Only the API's own word, its envelope with `success: false` and a status that
 * is neither 408, 425 nor 5xx, says that nothing was done; a call that was never sent says so, too.
 *
 *     RETRY_SAFE        CLIENT_DONE or CLIENT_FAILED, never CLIENT_UNKNOWN
 *     RETRY_IDEMPOTENT  sent again here. CLIENT_UNKNOWN if it failed in the end and any attempt
 *                       leaves it open, be it the first or the last: safe to repeat is not the
 *                       same as nothing happened
 *     RETRY_UNSAFE      sent once (more often only if the server surely did not process it).
 *                       CLIENT_UNKNOWN after a reset, a timeout, a redirect, HTML of any status, an
 *                       answer without the envelope, 408, 425, 5xx and 429
 */
enum client_outcome {
	CLIENT_DONE,    /* answer.cf has the result */
	CLIENT_FAILED,  /* it did not work, and nothing was changed; err says why */
	CLIENT_UNKNOWN, /* it may have worked; err says what was seen */
};

struct client_answer {
	enum client_outcome outcome;
	/*
	 * Of CLIENT_UNKNOWN: each attempt was answered by the API's own envelope with
	 * `success: false`, or was throttled. Most likely nothing was done, and one look settles
	 * it: a list that is asked for now. False: in one attempt at least nobody knows (no answer,
	 * HTML, the edge), and the work may still come.
	 */
	bool was_refused;
	/*
	 * How often it was throttled (429). The lane is silent for as long as the server asks:
	 * a look, and whatever else is sent, goes out after that. Who sends the call again says
	 * the number in its new call, so that waits grow; at RETRY_THROTTLE_ATTEMPTS it is enough.
	 */
	int throttled;
	void *tag;
	int status; /* of HTTP; 0: there was no answer */
	/*
	 * The last answer, also of CLIENT_FAILED and CLIENT_UNKNOWN: a delete whose first answer
	 * was lost and whose second says that there is nothing is CLIENT_UNKNOWN with cf.is_absent.
	 */
	struct cf_answer cf;
	struct error err;
	int64_t rate_remaining; /* requests left, by the tightest budget; -1: not said */
	int64_t rate_reset_ms;  /* until they are full again; -1: not said */
};

/*
 * Says (EVENT_LONG_RUN) for each lane whose budget does not suffice for requests[lane] how long
 * they take; `what` needs them ("Reading").
 */
void client_foretell(const struct client *client, const int64_t *requests, const char *what);
size_t client_lane_count(const struct client *client);

/* Gives the next answer (client_answer_free), or NULL after timeout_ms or a wake. */
struct client_answer *client_next(struct client *client, int64_t timeout_ms) MUST_CHECK;
void client_answer_free(struct client_answer *answer);

/* Is any call on its way or waiting? */
bool client_busy(const struct client *client);

#endif
