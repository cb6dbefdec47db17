/*
 * What waits for a moment: a list sorted by due time. Adding is quick when the newest is also the
 * last due, which is so when all wait equally long. Owns nothing.
 */
#ifndef CFSIM_DELAY_H
#define CFSIM_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delay {
	struct delay *before, *after;
	int64_t due_us; /* on the monotonic clock */
	bool is_armed;
};

struct delays {
	struct delay *first, *last;
};

/* Keeps `delay`, which must not be armed, until it is taken out. */
void delays_add(struct delays *delays, struct delay *delay, int64_t due_us);

/* Takes it out if it is in. */
void delays_drop(struct delays *delays, struct delay *delay);

/* Takes out one that is due; NULL: none is. */
struct delay *delays_take_due(struct delays *delays, int64_t now_us);

#endif
