/*
 * The client: calls of Cloudflare's API, many at a time, each carried to a certain end.
 *
 * Each set of credentials has a lane: a queue with a rate budget. Calls that may be repeated are
 * sent again here (cloudflare/retry). A call that may have been carried out, though nobody saw it
 * (CLIENT_UNKNOWN), is for the caller to look up. If credentials are bad, the server can't be
 * reached, or it asks for a longer wait than max_wait_ms, all calls that wait fail at once: no
 * storm of retries. Errors never show credentials or secrets that a server echoes (base/scrub).
 *
 * Events: EVENT_REQUEST and EVENT_ANSWER for each attempt; EVENT_RETRY and EVENT_SLOW_DOWN once for
 * each wait; EVENT_TICK about once a second in client_next; EVENT_WARNING for what
 * Cloudflare says besides its answers (`messages`), each text once.
 *
 *     struct client *client = client_new(&options, &err);
 *     client_send(client, &call);                        any number
 *     while (client_busy(client))
 *             if ((answer = client_next(client, 1000)))  … client_answer_free(answer)
 *     client_free(client);
 */
#ifndef CLOUDFLARE_CLIENT_H
#define CLOUDFLARE_CLIENT_H

#include "base/credentials.h"
#include "cloudflare/cf.h"
#include "cloudflare/patience.h"
#include "cloudflare/retry.h"
#include "model/event.h"

struct client;

struct client_options {
	const char *base_url;          /* see cloudflare/baseurl */
	size_t parallelism;            /* requests at a time */
	int64_t timeout_ms;            /* for one request */
	int64_t max_wait_ms;           /* for one wait; a longer one fails the lane */
	int wake_fd;                   /* readable: client_next returns early; -1: none */
	const struct event_sink *sink; /* keeps; may be NULL */
};

struct client *client_new(const struct client_options *options, struct error *err) MUST_CHECK;
void client_free(struct client *client);

/*
 * Returns the number of the credentials' lane. Equal credentials share one, with its budget. The
 * credentials are copied.
 */
size_t client_add_lane(struct client *client, const struct credentials *credentials);
size_t client_lane_count(const struct client *client);

/* True for a token, false for email and key. */
bool client_has_token(const struct client *client, size_t lane);

/* Keeps the secret, which no error will show. */
void client_hide(struct client *client, const struct secret *secret);

/*
 * Emits EVENT_LONG_RUN for each lane whose budget does not suffice for requests[lane], with how
 * long they take; `what` needs them ("Reading").
 */
void client_emit_long_run(const struct client *client, const int64_t *requests, const char *what);

struct client_call {
	size_t lane;
	enum retry_safety safety;
	bool is_probe;      /* a refusal says nothing about other calls with these credentials */
	bool is_later;      /* wait for PATIENCE_PAUSE_MS first */
	int throttled;      /* from the answer to the call that this one repeats; else 0 */
	const char *method; /* keeps; a literal */
	const char *path;   /* copied */
	char *body;         /* takes; NULL: none. Freed memory is wiped: it may hold values */
	void *tag;          /* comes back with the answer */
};

void client_send(struct client *client, const struct client_call *wanted);

/* Every call that is not under way fails now, and so does every later one. */
void client_stop(struct client *client);

/*
 * What is certain; cloudflare/retry says what proves that nothing was done.
 *
 *     RETRY_SAFE        CLIENT_DONE or CLIENT_FAILED, never CLIENT_UNKNOWN
 *     RETRY_IDEMPOTENT  repeated here. CLIENT_UNKNOWN if it fails in the end and any attempt leaves
 *                       the outcome open
 *     RETRY_UNSAFE      sent once (again only if the server did not process it).
 *                       CLIENT_UNKNOWN after a reset, a timeout, a redirect, HTML of any status, an
 *                       answer without the envelope, 408, 425, 5xx and 429
 */
enum client_outcome {
	CLIENT_DONE,    /* answer.cf has the result */
	CLIENT_FAILED,  /* nothing was changed; answer.err says why */
	CLIENT_UNKNOWN, /* it may have been done; answer.err says what was seen */
};

struct client_answer {
	enum client_outcome outcome;
	/*
	 * For CLIENT_UNKNOWN. True: an attempt may still be carried out. False: those that leave
	 * the outcome open were throttled (429), so a list requested now settles it.
	 */
	bool may_come_late;
	/*
	 * How often the call was throttled (429). Whoever repeats it passes the number on in the
	 * new call, so that waits grow, and stops at RETRY_THROTTLE_ATTEMPTS.
	 */
	int throttled;
	void *tag;
	int status; /* of HTTP; 0: there was no answer */
	/*
	 * The last answer, whatever the outcome: if the first answer to a delete was lost and the
	 * second says that there is no such object, that is CLIENT_UNKNOWN with cf.is_absent.
	 */
	struct cf_answer cf;
	struct error err;
	int64_t rate_remaining; /* requests left in the tightest budget; -1: not said */
	int64_t rate_reset_ms;  /* until that is full again; -1: not said */
};

/* Gives the next answer (client_answer_free), or NULL after timeout_ms or a wake. */
struct client_answer *client_next(struct client *client, int64_t timeout_ms) MUST_CHECK;
void client_answer_free(struct client_answer *answer);

/* Is any call under way or waiting? */
bool client_busy(const struct client *client);

#endif
