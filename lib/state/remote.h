/*
 * Requests of a backend to its server: one at a time, carried to an end. An attempt that had no
 * clear answer is repeated by the rules of state/remote_retry.
 *
 *     remote_new(&options, &remote, &err);
 *     if (remote_send(remote, &request, &answer, &err))
 *             ... answer.status ...
 *     remote_answer_release(&answer);
 *     remote_free(remote);
 *
 * Events: EVENT_REQUEST and EVENT_ANSWER for each attempt, EVENT_RETRY for each wait. Their path is
 * the URL's, without the query.
 */
#ifndef STATE_REMOTE_H
#define STATE_REMOTE_H

#include "adapter/http.h"
#include "base/scrub.h"
#include "model/event.h"

#include <signal.h>

struct remote;

struct remote_options {
	const char *name;  /* keeps; of the backend, for messages */
	const char *url;   /* borrows; any of the server's: https, or http to this machine */
	size_t body_limit; /* of answers */
	const struct scrub *scrub;                /* keeps; what was sent and must not be shown */
	const struct event_sink *sink;            /* keeps; may be NULL */
	const volatile sig_atomic_t *interrupted; /* keeps; may be NULL */
};

/* Gives (remote_free). */
bool remote_new(const struct remote_options *options, struct remote **ret_remote,
	struct error *err) MUST_CHECK;
void remote_free(struct remote *remote); /* may be NULL */

struct remote_request {
	const char *method; /* keeps */
	const char *url;
	const struct str *body; /* NULL: none */
	const struct http_headers *headers;
	const struct http_auth *auth; /* NULL: none */
	int64_t limit_ms;             /* for all attempts; 0: the longest */
	/* Carried to its end also if the user asks to stop: what it does must not be left half. */
	bool is_stubborn;
	bool is_once; /* see remote_retry; may_be_done then tells that it must be looked at */
};

struct remote_answer {
	enum http_outcome outcome;
	int status; /* 0: no answer */
	struct str body;
	int64_t date;     /* the server's clock, since 1970; -1: unknown */
	bool may_be_done; /* an attempt may have been carried out that has no clear answer */
	char *problem;    /* why there is no answer */
	char *advice;     /* what to do about it; may be NULL */
};

/*
 * Fills *ret_answer (remote_answer_release) with the last one, whatever it says. False only if the
 * user asked to stop meanwhile (ERROR_INTERRUPTED); may_be_done is filled then, too.
 */
bool remote_send(struct remote *remote, const struct remote_request *request,
	struct remote_answer *ret_answer, struct error *err) MUST_CHECK;
void remote_answer_release(struct remote_answer *answer);

/* True for a page that was made for people: the server, or something in between, is another one. */
bool remote_is_page(const struct remote_answer *answer);

/*
 * Fills *err, and returns false, for an answer that is no success: no answer, a redirect, a page,
 * overload, or else the status with what the server says about it. `what` completes "can't ...".
 */
bool remote_refuse(const struct remote *remote, const struct remote_answer *answer,
	const char *what, struct error *err);

#endif
