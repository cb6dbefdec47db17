/*
 * What happens while the library works. It emits events; cmd/cfprov words and prints them. What an
 * event points to is lent for the length of the call.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "base/error.h"
#include "model/plan.h"

#include <stdint.h>

enum event_type {
	EVENT_LOCK_WAIT,       /* text: who holds the lock */
	EVENT_RECOVERED,       /* object: created by an interrupted run; its id is known now */
	EVENT_JOURNAL_FOLDED,  /* text: the journal that was folded into the state */
	EVENT_REFRESH_START,   /* object, recorded: its account is about to be listed */
	EVENT_REFRESH_DONE,    /* object, recorded; its account was listed. text: its id, or NULL */
	EVENT_ACTION_START,    /* object */
	EVENT_ACTION_SLOW,     /* object; elapsed_us: still under way, every ten seconds */
	EVENT_ACTION_COMPLETE, /* object, with its id; elapsed_us */
	EVENT_ACTION_FAILED,   /* object; err */
	EVENT_PROGRESS,        /* progress */
	EVENT_RETRY,           /* text: what is tried again, and why; wait_ms */
	EVENT_SLOW_DOWN,       /* text: why; wait_ms */
	EVENT_COUNTDOWN,       /* wait_ms left, about once a second; 0: it is over */
	EVENT_LONG_RUN,        /* limit: text needs more requests than fit into one window */
	EVENT_AWAIT,           /* progress: done are active, left are waited for */
	EVENT_WAITING,         /* text: what is looked for and not found yet; wait_ms: at most */
	EVENT_INTERRUPT,       /* the user asked to stop; progress */
	EVENT_WARNING,         /* text, or err with its hint */
	EVENT_NOTE,            /* text: for -json and the log only */
	EVENT_REQUEST,         /* request, which goes out now */
	EVENT_ANSWER, /* request, what came of it; text: NULL, or why none came; elapsed_us */
};

struct event_progress {
	size_t done, failed, under_way, left;
};

/* One request as it may be shown: neither body nor headers. */
struct event_request {
	const char *method, *path; /* path: after the base URL's, with its query */
	int attempt;               /* from 1 */
	size_t sent_bytes;         /* of the body */
	int status;                /* of the answer; 0: none */
	size_t received_bytes;     /* the same of the answer */
	const char *ray;           /* cf-ray; "" if there was none */
};

/* What a rate limit means for a run; wait_ms of the event is about how long it takes. */
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
	struct event_progress progress;
	const struct event_request *request;
	const struct event_limit *limit;
};

/* Gets the events; one without a function drops them. */
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
