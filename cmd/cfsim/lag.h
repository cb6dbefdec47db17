/*
 * How long a write takes to show, in lists and in reads by id. Each write has its times: when it
 * was done, and when it shows.
 *
 * A lag that is set counts for the writes to come. What was written before shows no later than it
 * would have under the new lag: with a lag of 0 everything shows, for good.
 */
#ifndef CFSIM_LAG_H
#define CFSIM_LAG_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct lag {
	size_t create_ms, change_ms, delete_ms; /* in lists */
	size_t read_ms;                         /* in reads by id */
	size_t audit_ms;                        /* of all writes, in the audit log */
};

/* On the monotonic clock; all 0: before everything. */
struct lag_times {
	int64_t done_ms, listed_ms, read_ms;
};

/* Now; `list_ms` is the lag of this kind of write in lists. */
struct lag_times lag_times_now(const struct lag *lag, size_t list_ms);

/* Makes the write show no later than under this lag. */
void lag_times_hasten(struct lag_times *times, const struct lag *lag, size_t list_ms);

/* Does everything show it by now? */
bool lag_times_are_past(const struct lag_times *times, int64_t now_ms);

enum { LAG_LONGEST_MS = 86400000 };

/* Sets what a JSON object names: create, change, delete, read, audit, each in milliseconds. */
bool lag_decode(struct lag *lag, const char *bytes, size_t length, struct error *err) MUST_CHECK;

#endif
