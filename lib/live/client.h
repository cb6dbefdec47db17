/*
 * The client: calls of Cloudflare's API, many at a time, each carried to a certain end.
 *
 * It holds the connections and, for each set of credentials, a lane: a queue with a rate budget.
 * What may be asked again is asked again here; what may have been done though nobody saw it
 * (CLIENT_UNKNOWN) is for the caller to look up. When credentials turn out to be bad, or the
 * server can't be reached, whatever still waits fails at once: no storm of retries. What a server
 * echoes of the credentials, or of the secrets that a call names, is in no error (base/scrub).
 * What Cloudflare says besides its answers (`messages`) is emitted as EVENT_WARNING, each text
 * once.
 *
 *     struct client *client = client_new(&options, &err);
 *     client_send(client, &call);                        any number
 *     while (client_busy(client))
 *             if ((answer = client_next(client, 1000)))  … client_answer_free(answer)
 *     client_free(client);
 */
#ifndef LIVE_CLIENT_H
#define LIVE_CLIENT_H

#include "live/cf.h"
#include "live/retry.h"
#include "model/credentials.h"
#include "model/event.h"

struct client;

struct client_options {
	const char *base_url;          /* see live/baseurl */
	size_t parallelism;            /* requests at a time */
	int64_t timeout_ms;            /* of one request */
	int wake_fd;                   /* readable: client_next returns early; -1: none */
	const struct event_sink *sink; /* keeps; may be NULL */
};

struct client *client_new(const struct client_options *options, struct error *err) MUST_CHECK;
void client_free(struct client *client);

/* Adds a lane; gives its number. The credentials are copied. */
size_t client_add_lane(struct client *client, const struct credentials *credentials);

/* Is it a token, and not email and key? */
bool client_has_token(const struct client *client, size_t lane);

struct client_call {
	size_t lane;
	enum retry_safety safety;
	bool is_probe;      /* a refusal says nothing of other calls with these credentials */
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

enum client_outcome {
	CLIENT_DONE,    /* answer.cf has the result */
	CLIENT_FAILED,  /* it did not work, and nothing was changed */
	CLIENT_UNKNOWN, /* it may have worked; err says what was seen */
};

struct client_answer {
	enum client_outcome outcome;
	void *tag;
	int status; /* of HTTP; 0: there was no answer */
	struct cf_answer cf;
	struct error err;
	int64_t rate_remaining; /* requests that the token has left; -1: not said */
	int64_t rate_reset_ms;  /* until they are full again */
};

/* Gives the next answer (client_answer_free), or NULL after timeout_ms or a wake. */
struct client_answer *client_next(struct client *client, int64_t timeout_ms) MUST_CHECK;
void client_answer_free(struct client_answer *answer);

/* Is any call on its way or waiting? */
bool client_busy(const struct client *client);

#endif
