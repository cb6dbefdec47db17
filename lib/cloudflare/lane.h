/*
 * Inside cloudflare/: the parts of the client. A call waits in the lane of its credentials, which
 * has their rate budgets.
 */
#ifndef CLOUDFLARE_LANE_H
#define CLOUDFLARE_LANE_H

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "cloudflare/client.h"
#include "cloudflare/pace.h"

/* The first member of what a queue holds; in one queue at a time. */
struct queued {
	struct queued *next;
};

struct queue {
	struct queued *first, **end;
};

void queue_push(struct queue *queue, void *item);
void *queue_pop(struct queue *queue); /* lends; NULL: empty */

struct call {
	struct queued queued;
	struct call *later;               /* among delayed calls */
	struct call *older, **from_newer; /* among all calls */
	struct lane *lane;
	struct client_call wanted; /* path and body are owned */
	char *path, *body;
	int attempt;             /* sendings, for events */
	int failures, throttled; /* of them, those that count against a limit */
	enum retry_seen seen;    /* in the last one */
	bool may_be_done;        /* at least one attempt leaves that open */
	bool is_unseen;          /* ... and got no answer of the API at all */
	int64_t due_ms;          /* when delayed */
};

struct lane {
	struct queued queued;
	bool is_ready; /* in the client's queue of lanes */
	size_t number;
	char fingerprint[2 * CRYPT_HASH_BYTES + 1]; /* of the credentials */
	struct http_headers *headers;
	struct credentials credentials;
	struct pace pace;
	struct queue waiting;    /* calls */
	struct error failure;    /* which every further call gets; no message: none */
	int64_t quiet_until_ms;  /* EVENT_SLOW_DOWN is not emitted before */
	int64_t unsaid_wait_ms;  /* waits since the last one */
	int64_t wait_counted_ms; /* until when waits are counted */
};

/*
 * Gives a lane (lane_free) with a copy of the credentials. The same credentials have the same
 * fingerprint, wherever they came from.
 */
struct lane *lane_new(const struct credentials *credentials,
	const unsigned char key[static CRYPT_KEY_BYTES]) MUST_CHECK;
void lane_free(struct lane *lane);

/*
 * The lane has to wait. Emits EVENT_SLOW_DOWN if that is long enough, or if the waits since the
 * last event add up to it: short waits cause one event in ten seconds.
 */
void lane_say_slow(
	struct lane *lane, int64_t wait_ms, int64_t now_ms, const struct event_sink *sink);

#endif
