/*
 * Listens to the library and tells people what happens: a line for each change on stderr, and on
 * a terminal one more line that counts what is done, under way and left.
 */
#ifndef CFPROV_PROGRESS_H
#define CFPROV_PROGRESS_H

#include "model/event.h"

/* A failed action, kept for the end. */
struct progress_failure {
	char *address, *ray; /* the ray that the message had; NULL: none */
	struct error err;
};

struct progress {
	struct event_sink sink; /* hand this to the library */
	struct progress_failure *failures;
	size_t failure_count, failure_room;
};

void progress_init(struct progress *progress);
void progress_release(struct progress *progress);

/* Lists what failed and why; what failed for one reason stands together. */
void progress_tell_failures(const struct progress *progress);

#endif
