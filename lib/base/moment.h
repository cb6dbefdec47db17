/*
 * Moments: dates as servers write them (RFC 3339), compared by what they mean and not by how they
 * are written. Cloudflare writes one moment with microseconds, milliseconds or whole seconds, with
 * `Z` or an offset, and not everywhere alike.
 *
 * Read: years 0000 to 9999, fractions of any length (nine digits count), `t` and `z` in lower case
 * too, offsets, a leap second where there can be one (it counts as the second after it). Pure.
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
	MOMENT_UNKNOWN, /* one of them is not a date, or missing */
	MOMENT_EARLIER,
	MOMENT_SAME,
	MOMENT_LATER,
};

/* False if the text (NULL: none) is not a date of RFC 3339. */
bool moment_read(const char *text, struct moment *ret_moment) MUST_CHECK;

/*
 * Is `text` EARLIER or LATER than `than`? At the precision of the coarser one, the rest cut off:
 * …32.624632Z is the same as …32.624Z and as …32Z.
 */
enum moment_order moment_compare(const char *text, const char *than) MUST_CHECK;

/* Are they two different moments, as far as both are dates? */
bool moment_is_other(const char *text, const char *than) MUST_CHECK;

/* How long after `than` it is, in microseconds, at the precision of the coarser one. <0: before. */
int64_t moment_after_us(const struct moment *moment, const struct moment *than) MUST_CHECK;

/* Lends the one that tells more: `news` if it is a later moment or `known` is not a date. */
const char *moment_latest(const char *known, const char *news) MUST_CHECK;

/* Adds a date for people, without its fraction; what is not a date is added as it is, visibly. */
void moment_add_visible(struct str *out, const char *text);

#endif
