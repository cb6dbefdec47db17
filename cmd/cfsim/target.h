/*
 * The target of a request taken apart: path segments and query, percent-decoded. A target that
 * can't be decoded (a broken %, a NUL, not UTF-8) simply has no route.
 *
 *     struct target target CLEANUP(target_release) = {0};
 *     if (target_parse(&target, "/client/v4/accounts/a%20b?page=2"))
 *             target.segments[1] is "a b", target_query(&target, "page") is "2"
 */
#ifndef CFSIM_TARGET_H
#define CFSIM_TARGET_H

#include "base/mem.h"

enum { TARGET_SEGMENTS = 8, TARGET_PAIRS = 32 };

struct target {
	char *memory;
	char *path;    /* as it came, without query and without /client/v4 */
	char *query;   /* as it came, "" if there is none */
	bool has_base; /* it began with /client/v4 */
	const char *segments[TARGET_SEGMENTS]; /* decoded; may be "" */
	size_t segment_count;                  /* TARGET_SEGMENTS + 1: there were more */
	struct target_pair {
		const char *key, *value;
	} pairs[TARGET_PAIRS];
	size_t pair_count;
};

/* False: it has no route. path and query are set in any case. */
bool target_parse(struct target *target, const char *text) MUST_CHECK;

/* Lends the first value of a key; NULL if it isn't there. */
const char *target_query(const struct target *target, const char *key);

void target_release(struct target *target);

/* Lends the path without the prefix of the API's base URL. */
const char *target_strip_base(const char *path);

#endif
