/*
 * What is going on, in words: the status line of a terminal, and the signs of life in a pipe. Pure.
 */
#ifndef CFPROV_STATUS_H
#define CFPROV_STATUS_H

#include "base/str.h"
#include "model/event.h"

enum status_phase {
	STATUS_NONE,
	STATUS_READING,    /* accounts, or the one named `account` */
	STATUS_CONFIRMING, /* what Cloudflare does not list yet */
	STATUS_APPLYING,   /* counts */
	STATUS_ACTIVATING, /* counts: done are active, left are not */
};

struct status {
	enum status_phase phase;
	const char *account; /* keeps; an alias */
	size_t accounts;
	struct event_progress counts;
	int64_t elapsed_ms; /* of the phase */
	int64_t wait_ms;    /* until the next request; 0: not limited */
	int64_t least_ms;   /* the phase takes at least that long; 0: not known */
	int64_t most_ms;    /* and at most so long; 0: not known */
};

/* "Reading account prod...", for what has just begun; nothing for STATUS_CONFIRMING and _APPLYING.
 */
void status_add_start(struct str *out, const struct status *status);

/* "Still reading... [10s elapsed]"; of what lasts at most that long: "[10s of 1m]" */
void status_add_still(struct str *out, const struct status *status);

/* "30 of 1000 done, 10 in progress [9s elapsed, about 40s left]": short things first. */
void status_add_line(struct str *out, const struct status *status);

#endif
