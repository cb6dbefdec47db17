/* Checks of text, and text for people: UTF-8, visible control characters, similar words. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/*
 * True for valid UTF-8: no overlong forms, no surrogates. If it is not, *ret_at (may be NULL) is
 * the offset of the first bad byte.
 */
bool text_is_utf8(const char *bytes, size_t length, size_t *ret_at);

/*
 * Adds text from a server or a file so that it can't play tricks on a terminal: control characters,
 * bidirectional marks, invisible characters and bytes that are not UTF-8 become \x1b, \u202e,
 * \U000e0041 and the like, which YAML understands between double quotes. Longer text ends with
 * "..." after so many columns (0: no limit). A combining mark counts as one, so that a text of
 * nothing else has an end, too.
 */
void text_add_visible(struct str *out, const char *bytes, size_t length, size_t max_columns);

/* Gives (mem_free) a text in that form. */
char *text_visible(const char *text, size_t max_columns) MUST_CHECK;

/*
 * Adds a text that is visible already. Of one that is longer, the middle becomes "...", because the
 * end of a path or of a command tells most: two thirds of max_columns are kept for it.
 */
void text_add_ends(struct str *out, const char *visible, size_t max_columns);

/*
 * Adds a word of a command for people to copy: in single quotes if a shell would take anything in
 * it for more than text, and visible.
 */
void text_add_shell_word(struct str *out, const char *word);

/*
 * Adds lines for a log that a CI reads for commands: "##" anywhere (Azure Pipelines, TeamCity)
 * becomes "#\x23", and "::" at the start of a line, also after blanks (GitHub), ":\x3a".
 */
void text_add_inert(struct str *out, const char *bytes, size_t length);

/* The number of characters (code points) of UTF-8 text. */
size_t text_characters(const char *text);

/* The offset in bytes so many characters into the text, or at its end. */
size_t text_skip_characters(const char *text, size_t count);

/* The columns of visible text: East Asian characters and emoji take two, combining marks none. */
size_t text_columns(const char *text);

/* True if the text is not empty and consists of characters of `allowed`. */
bool text_is_made_of(const char *text, const char *allowed);

#define TEXT_HIDDEN "(hidden because it looks like a secret)"

/* Adds "`TEXT`", visible and bounded; TEXT_HIDDEN if it has a token. */
void text_add_quoted(struct str *out, const char *text, size_t max_columns);

/* Reads a decimal number from 0 to max: digits, nothing else. */
bool text_to_number(const char *text, size_t max, size_t *ret_number) MUST_CHECK;

/*
 * True if `typed` was probably meant to be `known`: one edit apart for short words, two for longer
 * ones. An edit adds, drops or changes a letter, or swaps two neighbours.
 */
bool text_is_near(const char *typed, const char *known);

/*
 * True if it is near, too, but by fewer edits than *edits, which becomes their number. Start with
 * SIZE_MAX to find the nearest of many.
 */
bool text_is_nearer(const char *typed, const char *known, size_t *edits);

/* "0.4s", "20s", "5m", "1m30s", "2h5m": rounded up, so that a wait never lasts longer. */
void text_add_duration(struct str *out, int64_t ms);

/*
 * Adds name number `index` of a list of `count`, with its separator: "A, B and C". Only the first
 * `most` are listed: "A, B and 3 more".
 */
void text_add_listed(struct str *out, const char *name, size_t index, size_t count, size_t most);

/* The length of the UTF-8 byte order mark at the start of the text: 3, or 0. */
size_t text_mark_length(const char *bytes, size_t length);

/*
 * False, with a hint, if the bytes are UTF-16 or UTF-32, recognized by a byte order mark or by
 * every other byte of the first four being NUL: "WHAT is UTF-16, not UTF-8".
 */
bool text_check_encoding(
	const char *bytes, size_t length, const char *what, struct error *err) MUST_CHECK;

/*
 * The number (from 1) of the first line that marks an unresolved merge conflict: <<<<<<<, |||||||,
 * ======= or >>>>>>>. 0: there is none.
 */
size_t text_conflict_line(const char *bytes, size_t length);

/*
 * Adds the text without users and passwords of URLs, for texts of libraries: what is between the
 * first // and the last @ after it becomes "...". A password may contain anything.
 */
void text_add_without_users(struct str *out, const char *text);

/* The length of the scheme of a URL, as in https://; 0: the text is not a URL. */
size_t text_url_scheme(const char *text);

#endif
