/*
 * How answers write dates. The world keeps microseconds; Cloudflare was seen to answer a create
 * with more digits than a list, and other parts of its API drop the fraction.
 */
#ifndef CFSIM_DATES_H
#define CFSIM_DATES_H

#include "adapter/json.h"

enum date_form {
	DATES_MICRO,   /* 2026-01-02T03:04:05.678901Z */
	DATES_MILLI,   /* 2026-01-02T03:04:05.678Z */
	DATES_SECONDS, /* 2026-01-02T03:04:05Z */
	DATES_OFFSET,  /* 2026-01-02T03:04:05.678901+00:00 */
};

/* False: there is no form of this name. */
bool dates_find(const char *name, enum date_form *ret_form) MUST_CHECK;

/*
 * Reads a date (2026-01-02: its beginning) or RFC 3339 (with any offset), as microseconds since
 * 1970. False: it is neither.
 */
bool dates_parse(const char *text, int64_t *ret_us) MUST_CHECK;

/* Writes a date in UTC that ends in Z; any other text (a seed may have it) as it is. */
void dates_put(struct json_writer *writer, const char *key, const char *date, enum date_form form);

#endif
