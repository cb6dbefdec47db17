/*
 * Patience: how long to look for what was sent but not answered. Cloudflare may carry out such a
 * request seconds after its client is gone, and its lists lag behind writes. So what a look finds
 * counts at once, but absence counts only in a look that began at least the patience after the
 * request ended. Pure; an age is the time in milliseconds since the request ended.
 */
#ifndef CLOUDFLARE_PATIENCE_H
#define CLOUDFLARE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PATIENCE_DEFAULT_MS = 30000,
	/* Between two looks of which the second confirms the first: 404 by id, a doubtful list. */
	PATIENCE_PAUSE_MS = 500,
};

/*
 * The age at which the next look is due, if the last one began at the age `looked_ms` (-1: there
 * was none): 0.5, 1, 2, 4, 8, 15 and 30 s as far as they are less than the patience, then the
 * patience itself. -1: the last look was late enough to prove absence.
 */
int64_t patience_next_look_ms(int64_t patience_ms, int64_t looked_ms);

/*
 * How long to wait after the look that missed an object for the `absences`-th time, if our last
 * write to it was `age_ms` old at that look. -1: the object is gone. Two looks are the minimum.
 */
int64_t patience_recheck_ms(int64_t patience_ms, int64_t age_ms, size_t absences);

/*
 * The age of what ended at `ended`, both in milliseconds since 1970. It is 0 if the clock went
 * back, and large if the end is not known (0).
 */
int64_t patience_age_ms(int64_t ended, int64_t now);

/*
 * The patience with requests of another run. Its journal is written every second while requests
 * are under way, so the last one may have ended after the last line: 2 s more, or twice the
 * patience if that is less.
 */
int64_t patience_of_other_run_ms(int64_t patience_ms);

#endif
