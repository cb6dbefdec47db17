/*
 * What text may be and how it is shown: UTF-8, control characters made visible, likeness of words.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/*
 * Is this valid UTF-8 (no overlong forms, no surrogates)? If not, *ret_at (may be NULL) is the
 * offset of the first bad byte.
 */
bool text_is_utf8(const char *bytes, size_t length, size_t *ret_at);

/*
 * Adds text that came from a server or a file in a form that can't play tricks on a terminal:
 * control characters, the bidirectional marks and bytes that are not UTF-8 become \x1b, \u202e
 * and the like; the rest goes through. At most max_columns characters, then "..." (0: no limit).
 */
void text_add_visible(struct str *out, const char *bytes, size_t length, size_t max_columns);

/* How many characters (code points) the UTF-8 text has: its columns, for Latin and the like. */
size_t text_columns(const char *text);

/* Does `text` consist of the characters of `allowed` only, and of at least one? */
bool text_is_made_of(const char *text, const char *allowed);

/* Reads a whole decimal number from 0 to max: digits only, nothing before or behind. */
bool text_to_number(const char *text, size_t max, size_t *ret_number) MUST_CHECK;

/*
 * Is `typed` so near `known` that it was probably meant? A distance of one edit for short words,
 * two for longer ones; an edit is a letter added, dropped, changed, or two neighbours swapped.
 */
bool text_is_near(const char *typed, const char *known);

/* "0.4s", "20s", "5m", "1m30s", "2h5m": rounded up, so that a wait is over when it says so. */
void text_add_duration(struct str *out, int64_t ms);

/*
 * Adds one of `count` names that a sentence lists, each in its turn: "A, B and C". Only the first
 * `most` are named: "A, B and 3 more".
 */
void text_add_listed(struct str *out, const char *name, size_t index, size_t count, size_t most);

/* How many bytes the byte order mark of UTF-8 takes at the start of the text: 3, or 0 without. */
size_t text_mark_length(const char *bytes, size_t length);

/*
 * "UTF-16" or "UTF-32" if the bytes are text in that encoding, by their byte order mark or because
 * every other byte of the first four is NUL; else NULL.
 */
const char *text_foreign_encoding(const char *bytes, size_t length);

/* False, with a hint, if the bytes are text in such an encoding: "WHAT is UTF-16, not UTF-8". */
bool text_check_encoding(
	const char *bytes, size_t length, const char *what, struct error *err) MUST_CHECK;

/*
 * The first line, from 1, that git (or another merge) put around what it could not merge: it begins
 * with <<<<<<<, |||||||, ======= or >>>>>>>. 0: there is none.
 */
size_t text_conflict_line(const char *bytes, size_t length);

/* How many characters the scheme of a URL has, as in https://; 0: the text is not a URL. */
size_t text_url_scheme(const char *text);

#endif
