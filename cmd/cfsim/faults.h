/*
 * What is to go wrong, for tests. A fault says which requests it means and what happens to them;
 * options.c words all members and kinds for the help.
 *
 * Each fault counts the requests that match it, whether or not an earlier one in the list took
 * them. The first in the list that applies wins.
 */
#ifndef CFSIM_FAULTS_H
#define CFSIM_FAULTS_H

#include "exchange.h"
#include "target.h"

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

struct faults {
	struct fault **items; /* those that were cleared, then those that are in force */
	size_t count, room;
	size_t cleared; /* requests under way may still hold these */
};

/* Adds faults from a JSON array (or one object); adds none if any of them is wrong. */
bool faults_add(
	struct faults *faults, const char *bytes, size_t length, struct error *err) MUST_CHECK;

/* Lends the fault that applies to this request, counted; NULL: none does. */
struct fault *faults_match(
	struct faults *faults, const struct request *request, const struct target *target);

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

/* Writes an array with what each fault is and how often it applied. */
void faults_describe(const struct faults *faults, struct json_writer *writer, const char *key);

/* None is in force any more. */
void faults_clear(struct faults *faults);

void faults_release(struct faults *faults);

#endif
