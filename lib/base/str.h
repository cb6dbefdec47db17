/*
 * A growing string. Start with {0}; release with str_release. The bytes may include NULs, and are
 * followed by one that is not counted. Not for secrets.
 *
 *     struct str text CLEANUP(str_release) = {0};
 *     str_format(&text, "%zu stores", count);
 *     puts(str_text(&text));
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/mem.h"

struct str {
	char *bytes; /* NULL until something is added */
	size_t length;
	size_t room;
};

void str_add(struct str *str, const char *bytes, size_t length);
void str_text_add(struct str *str, const char *text);
void str_char(struct str *str, char c);
void str_repeat(struct str *str, char c, size_t times);
void str_format(struct str *str, const char *format, ...) PRINTF(2, 3);
void str_format_list(struct str *str, const char *format, va_list args) PRINTF(2, 0);

/* Lends the text, "" when empty; valid until the string changes. */
const char *str_text(const struct str *str);

/* Gives the text (mem_free), never NULL; the string is empty afterwards. */
char *str_steal(struct str *str) MUST_CHECK;

/* Makes room for so many more bytes. */
void str_reserve(struct str *str, size_t more);

void str_clear(struct str *str); /* keeps the room */
void str_release(struct str *str);

#endif
