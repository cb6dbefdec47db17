/*
 * Events: what the library reports while it works. cmd/cfprov words and prints them. Everything an
 * event points to is lent for the duration of the call.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "base/error.h"
#include "model/plan.h"

#include <stdint.h>

enum event_type {
	EVENT_LOCK_WAIT,       /* text: who holds the lock; wait_ms: at most */
	EVENT_RECOVERED,       /* object: created by an interrupted run; it has its id now */
	EVENT_NOT_REPLACED,    /* object, with its id: an interrupted run was to replace it */
	EVENT_JOURNAL_FOLDED,  /* text: the journal folded into the state */
	EVENT_PROTECTED,       /* text: the state that was written with the key, as it was not */
	EVENT_REFRESH_START,   /* object, recorded: its account is about to be listed */
	EVENT_REFRESH_DONE,    /* object, recorded; its account was listed. text: its id, or NULL */
	EVENT_ACTION_START,    /* object */
	EVENT_ACTION_SLOW,     /* object; elapsed_us: still in progress, every ten seconds */
	EVENT_ACTION_COMPLETE, /* object, with its id; elapsed_us */
	EVENT_ACTION_FAILED,   /* object; err */
	EVENT_PROGRESS,        /* progress */
	EVENT_RETRY,           /* text: why; request, its answer; is_throttled; wait_ms */
	EVENT_SLOW_DOWN,       /* text: why; wait_ms */
	EVENT_TICK,            /* about once a second while the client waits. wait_ms: until the
				* next request, if none is in progress; else 0 */
	EVENT_LONG_RUN,        /* limit: text needs more requests than fit in one window */
	EVENT_AWAIT,           /* progress: done are active, left are not yet; wait_ms: at most */
	EVENT_WAITING,         /* text: objects not found yet; wait_ms: at most */
	EVENT_INTERRUPT,       /* the user asked to stop; progress */
	EVENT_WARNING,         /* text, or err with its hint */
	EVENT_NOTE,            /* text: only for -json and the log */
	EVENT_REQUEST,         /* request, about to be sent */
	EVENT_ANSWER, /* request, with its answer; text: NULL, or why there is none; elapsed_us */
};

struct event_progress {
	size_t done, failed, under_way, left;
	size_t requests; /* in progress, of the rows under way */
};

/* The parts of a request that may be shown: no body, no headers. */
struct event_request {
	const char *method, *path; /* path: relative to the base URL, with its query */
	int attempt;               /* from 1 */
	size_t sent_bytes;         /* of the body */
	int status;                /* of the answer; 0: none */
	size_t received_bytes;     /* of the answer's body */
	const char *ray;           /* cf-ray; "" if there was none */
};

/* What a rate limit means for a run, which takes about wait_ms of the event. */
struct event_limit {
	int64_t requests, quota, window_ms;
};

struct event {
	enum event_type type;
	const struct object *object;
	const struct row *row; /* for the EVENT_ACTION_* */
	const struct error *err;
	const char *text;
	int64_t wait_ms, elapsed_us;
	bool is_throttled; /* by the rate limit */
	bool leaves_clear; /* EVENT_PROTECTED: older states are kept, and not encrypted */
	struct event_progress progress;
	const struct event_request *request;
	const struct event_limit *limit;
};

/* Receives the events. Without a function they are dropped. */
struct event_sink {
	void (*on_event)(void *context, const struct event *event);
	void *context;
};

/* EVENT_WAITING for `count` objects, of which `first` is named. */
void event_waiting(
	const struct event_sink *sink, const struct object *first, size_t count, int64_t wait_ms);
void event_emit(const struct event_sink *sink, const struct event *event);
void event_say(const struct event_sink *sink, enum event_type type, const char *text);

#endif
