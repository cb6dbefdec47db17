/*
 * A server's rate limits: the headers Ratelimit and Ratelimit-Policy, each a list of named items.
 * An answer may have several of both. Pure; knows no clock.
 *
 *     Ratelimit: "burst";r=90;t=1, "default";r=0;t=2
 *     Ratelimit-Policy: "burst";q=100;w=1, "default";q=1200;w=300
 *
 * Source: draft-ietf-httpapi-ratelimit-headers-10; lists and their items are those of RFC 9651,
 * section 4.2. Items that count something other than requests (qu) or are not understood are
 * skipped; the rest of the list counts.
 */
#ifndef CLOUDFLARE_RATELIMIT_H
#define CLOUDFLARE_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATELIMIT_ITEMS = 16, RATELIMIT_NAME_SIZE = 48 };

/* -1: not said. */
struct ratelimit_item {
	char name[RATELIMIT_NAME_SIZE]; /* with its partition (pk); cut if it is longer */
	int64_t remaining;              /* r: requests that may be sent in this window */
	int64_t reset_ms;               /* t: until the next window */
	int64_t quota;                  /* q: requests in each window */
	int64_t window_ms;              /* w: its length */
};

struct ratelimit {
	struct ratelimit_item items[RATELIMIT_ITEMS]; /* no two of one name */
	size_t count;
};

/* Reads both headers; several lines of one are joined by a comma, "" means there was none. */
void ratelimit_read(const char *limits, const char *policies, struct ratelimit *ret_limit);

/* Lends the item with the fewest requests left (of equal ones, for the longest time), or NULL. */
const struct ratelimit_item *ratelimit_tightest(const struct ratelimit *limit);

#endif
