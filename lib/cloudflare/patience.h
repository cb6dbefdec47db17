/*
 * Patience: how long to look for what was sent and not answered. Cloudflare may do such work
 * seconds after nobody waits for it, and its lists lag behind its writes. So absence counts only
 * in a look that began at least the patience after the request ended; what is found counts at once.
 * Pure; ages are milliseconds since the request ended, by a clock that the caller has.
 */
#ifndef CLOUDFLARE_PATIENCE_H
#define CLOUDFLARE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PATIENCE_DEFAULT_MS = 30000,
	/* Between two looks of which the second confirms the first: 404 by id, a short list. */
	PATIENCE_PAUSE_MS = 500,
};

/*
 * The age at which the next look is due, of a request whose last look began at `looked_ms` (-1:
 * nobody has looked yet): 0.5, 1, 2, 4, 8, 15 and 30 s, as far as the patience goes, and the
 * patience itself. -1: that look was late enough, and what it did not find is absent.
 */
int64_t patience_next_look_ms(int64_t patience_ms, int64_t looked_ms);

/*
 * The age of what ended at `ended`, both in milliseconds since 1970. A clock that went back says
 * just now; a moment that nobody knows (0) is long ago.
 */
int64_t patience_age_ms(int64_t ended, int64_t now);

/*
 * The patience with what another run requested. Its journal says every second that requests are
 * under way, so the last of them may have ended a moment later: 2 s more, or twice the patience if
 * that is less.
 */
int64_t patience_of_other_run_ms(int64_t patience_ms);

#endif
