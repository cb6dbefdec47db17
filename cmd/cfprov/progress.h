/*
 * Prints the library's events for people: a line for each change on stderr, and on a terminal a
 * status line that counts what is done, in progress and left.
 */
#ifndef CFPROV_PROGRESS_H
#define CFPROV_PROGRESS_H

#include "model/event.h"

/* A failed action, kept for the end. */
struct progress_failure {
	const char *address, *ray; /* the ray that the message had; NULL: none */
	struct error err;
};

struct progress {
	struct event_sink sink; /* pass this to the library */
	struct progress_failure *failures;
	size_t failure_count, failure_room;
	struct arena arena; /* of their texts */
};

void progress_init(struct progress *progress);
void progress_release(struct progress *progress);

/* Prints what failed and why, grouped by reason. */
void progress_print_failures(const struct progress *progress);

#endif
