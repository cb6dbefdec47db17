/* clang-format off */
/*
 * Inside cloudflare/: calls that wait, in the lanes of their credentials. Each lane has a rate
 * budget, and lanes take turns. Nothing here knows the wire, or a clock: times are monotonic
 * milliseconds that the caller passes.
 *
 *     lanes_new_call ► waiting ── lanes_next ──► under way ──► answered: lanes_free_call
 *                         ▲                          │
 *                         └─ delayed ◄─ lanes_delay ─┘
 *
 * Calls of a lane that has failed come from lanes_next_failed instead.
 */
/* clang-format on */
#ifndef CLOUDFLARE_LANE_H
#define CLOUDFLARE_LANE_H

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "base/credentials.h"
#include "cloudflare/pace.h"
#include "cloudflare/retry.h"
#include "model/event.h"

/* The first member of what a queue holds; in one queue at a time. */
struct queued {
	struct queued *next;
};

struct queue {
	struct queued *first, **end;
};

struct call {
	struct queued queued;
	struct call *later;               /* among delayed calls */
	struct call *older, **from_newer; /* among all calls */
	struct lane *lane;
	enum retry_safety safety;
	bool is_probe;
	const char *method;
	char *path, *body; /* owned */
	void *tag;
	int attempt;             /* sendings, for events */
	int failures, throttled; /* of them, those that count against a limit */
	enum retry_seen seen;    /* in the last one */
	bool may_be_done;        /* at least one attempt leaves that open */
	bool may_come_late;      /* ... and was not throttled: it may still be under way */
	int64_t due_ms;          /* when delayed */
};

struct lane {
	struct queued queued;
	bool is_ready; /* in lanes->ready */
	size_t number;
	char fingerprint[2 * CRYPT_HASH_BYTES + 1]; /* of the credentials */
	struct http_headers *headers;
	struct credentials credentials;
	struct pace pace;
	struct queue waiting;    /* calls */
	struct error failure;    /* of every further call; no message: none */
	int64_t quiet_until_ms;  /* EVENT_SLOW_DOWN is not emitted before */
	int64_t unshown_wait_ms; /* waits since the last one */
	int64_t wait_counted_ms; /* until when waits are counted */
};

struct lanes {
	int64_t max_wait_ms;
	const struct event_sink *sink;
	unsigned char key[CRYPT_KEY_BYTES]; /* of the fingerprints, random */
	struct table *by_fingerprint;
	struct lane **items;
	size_t count, room;
	struct queue ready; /* lanes; those without waiting calls leave when they are seen */
	size_t ready_count;
	struct call *delayed; /* the first one due; few, for each was sent or is a second reading */
	struct queue failed;  /* calls of failed lanes */
	struct call *newest;  /* of all calls */
};

void lanes_init(struct lanes *lanes, int64_t max_wait_ms, const struct event_sink *sink);
void lanes_release(struct lanes *lanes); /* with all calls */

/* Lends the lane of these credentials, which are copied: a new one, or one that has them already.
 */
struct lane *lanes_add(struct lanes *lanes, const struct credentials *credentials);

/* Lends a new call, which neither waits nor is delayed, with nothing but its lane. */
struct call *lanes_new_call(struct lanes *lanes, size_t lane);
void lanes_free_call(struct call *call);

void lanes_push(struct lanes *lanes, struct call *call);
void lanes_delay(struct lanes *lanes, struct call *call, int64_t due_ms);

/*
 * Lends a call that may start. NULL: there is none before *ret_wait_ms (-1: at all). Emits
 * EVENT_SLOW_DOWN for lanes that have to wait, and fails those that would have to wait too long.
 */
struct call *lanes_next(struct lanes *lanes, int64_t now_ms, int64_t *ret_wait_ms);
struct call *lanes_next_failed(struct lanes *lanes); /* NULL: there is none */

/* Every call of the lane fails from now on, including those that wait. */
void lanes_fail(struct lanes *lanes, struct lane *lane, const struct error *err);
void lanes_fail_too_long(struct lanes *lanes, struct lane *lane, const char *why, int64_t wait_ms);

#endif
