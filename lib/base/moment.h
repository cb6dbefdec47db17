/*
 * Moments: dates as servers write them (RFC 3339), compared by meaning. Cloudflare writes the same
 * moment with microseconds, milliseconds or whole seconds, and with `Z` or an offset.
 *
 * Accepted: years 0000 to 9999, fractions of any length (nine digits count), lower-case `t` and
 * `z`, offsets, and leap seconds where they can occur (each counts as the second after it). Pure.
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include "base/str.h"

#include <stdint.h>

struct moment {
	int64_t seconds; /* since 1970 UTC */
	int32_t nanoseconds;
	unsigned digits; /* of the fraction: 0 to 9 */
};

enum moment_order {
	MOMENT_UNKNOWN, /* either is missing or not a date */
	MOMENT_EARLIER,
	MOMENT_SAME,
	MOMENT_LATER,
};

/* False if the text (may be NULL) is not an RFC 3339 date. */
bool moment_read(const char *text, struct moment *ret_moment) MUST_CHECK;

/*
 * Compares at the precision of the coarser date; further digits are cut off: …32.624632Z is the
 * same as …32.624Z and as …32Z. Either may be NULL.
 */
enum moment_order moment_compare(const char *text, const char *than) MUST_CHECK;

/* True if both are dates, of different moments. */
bool moment_is_other(const char *text, const char *than) MUST_CHECK;

/* Microseconds from `than` to `moment`, at the precision of the coarser one. */
int64_t moment_after_us(const struct moment *moment, const struct moment *than) MUST_CHECK;

/* Lends `news` if it is the later moment or `known` is not a date, else `known`. */
const char *moment_latest(const char *known, const char *news) MUST_CHECK;

/* Adds a date without its fraction, for people; other text is added unchanged but visible. */
void moment_add_visible(struct str *out, const char *text);

#endif
