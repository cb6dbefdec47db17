/*
 * One fault: which requests it means, and what its kind makes of an answer. A row of a table in
 * fault.c for each kind.
 */
#ifndef CFSIM_FAULT_H
#define CFSIM_FAULT_H

#include "exchange.h"

struct fault_kind;

struct fault {
	char *method, *path, *account; /* NULL: any */
	bool reused_only;
	int64_t after, nth, times; /* nth 0: not only one; times -1: no end */
	const struct fault_kind *kind;
	int64_t status, code;
	int64_t ms, after_ms, total_count, total_pages, page; /* -1: not said */
	char *message, *retry_after, *body, *content_type, *location, *answer, *name;
	char *errors, *messages; /* items for the envelope, as struct answer has them */
	struct str text;         /* of raw_body */
	struct fault_header {
		char *name, *value;
	} * headers; /* in place of the answer's own of these names */
	size_t header_count, header_room;
	size_t seen, applied;
};

/* Is the work done that the request asks for? Also for NULL. */
bool fault_lets_work(const struct fault *fault);

/* Does it strike before the body of the request was read? */
bool fault_is_early(const struct fault *fault);

/* To be called before the work: what the fault puts into the envelope. NULL: nothing. */
void fault_prepare(const struct fault *fault, struct answer *answer);

/* Turns the answer (of the work, if it was done) into what the fault makes of it. */
void fault_apply(const struct fault *fault, struct answer *answer);

/* What somebody else does to `name` once the request was answered. */
enum fault_then { THEN_NOTHING, THEN_DELETE, THEN_CREATE };
enum fault_then fault_then(const struct fault *fault);

/* In how many milliseconds the work is to be done, by nobody's request; -1: it isn't. */
int64_t fault_late_ms(const struct fault *fault);

const char *fault_name(const struct fault *fault);

/* NULL: there is no such kind. */
const struct fault_kind *fault_kind_find(const char *name);

/* Does it mean only requests that reuse a connection? */
bool fault_kind_is_idle(const struct fault_kind *kind);

/* Do the members fit the kind? */
bool fault_kind_check(const struct fault *fault, struct error *err) MUST_CHECK;

#endif
