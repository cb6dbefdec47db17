/*
 * What is to go wrong, for tests. A fault says which requests it means and what happens to them;
 * options.c words all members and kinds for the help.
 *
 * Each fault counts the requests that match it, whether or not an earlier one in the list took
 * them. The first in the list that applies wins.
 */
#ifndef CFSIM_FAULTS_H
#define CFSIM_FAULTS_H

#include "fault.h"
#include "target.h"

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

/* Writes an array with what each fault is and how often it applied. */
void faults_describe(const struct faults *faults, struct json_writer *writer, const char *key);

/* None is in force any more. */
void faults_clear(struct faults *faults);

void faults_release(struct faults *faults);

#endif
