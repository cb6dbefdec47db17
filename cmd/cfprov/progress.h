/*
 * Prints the library's events for people: a line for each change on stderr, and signs of life. On a
 * terminal that is a status line, which moves each second; in a pipe a line every ten seconds.
 */
#ifndef CFPROV_PROGRESS_H
#define CFPROV_PROGRESS_H

#include "model/event.h"
#include "status.h"

struct table;

/* A failed action, kept for the end. */
struct progress_failure {
	const char *address, *ray; /* the ray that the message has; NULL: none */
	const char *reason;        /* the message without it */
	struct error err;
};

struct progress {
	struct event_sink sink; /* pass this to the library */
	struct progress_failure *failures;
	size_t failure_count, failure_room;
	struct arena arena;   /* of their texts */
	struct str completed; /* lines that are printed with the next event of another kind */
	struct status status;
	int64_t began_ms;      /* the status's phase */
	int64_t next_ms;       /* in a pipe: how old the phase is at the next sign of life */
	bool has_begun;        /* that the phase began was said */
	bool has_slow;         /* of many changes in progress, some are slow */
	struct table *reasons; /* struct progress_reason of what is tried again, by text */
};

void progress_init(struct progress *progress);
void progress_release(struct progress *progress);

/* From now on, these accounts (keeps them) are read; or the plan is applied. */
void progress_read(struct progress *progress, const struct model *accounts);
void progress_apply(struct progress *progress);

/* Prints what failed and why, grouped by reason. */
void progress_print_failures(const struct progress *progress);

#endif
