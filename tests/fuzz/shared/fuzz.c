#include "fuzz.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void fuzz_check_visible(const char *text, bool breaks)
{
	struct str visible CLEANUP(str_release) = {0};
	const char *line = text;

	for (const char *end; breaks && (end = strchr(line, '\n')); line = end + 1) {
		text_add_visible(&visible, line, (size_t)(end - line), 0);
		str_char(&visible, '\n');
	}
	text_add_visible(&visible, line, strlen(line), 0);
	if (strcmp(str_text(&visible), text) == 0)
		return;
	fprintf(stderr, "not visible: %s\n", str_text(&visible));
	HOLDS(strcmp(str_text(&visible), text) == 0);
}

void fuzz_check_error(const struct error *err)
{
	HOLDS(err->message && *err->message);
	fuzz_check_visible(err->message, false);
	if (err->hint)
		fuzz_check_visible(err->hint, true);
	if (err->snippet)
		fuzz_check_visible(err->snippet, false);
}

void fuzz_check_errors(const struct error_list *errors, bool has_succeeded)
{
	HOLDS(has_succeeded || errors->count > 0);
	for (size_t i = 0; i < errors->count; i++)
		fuzz_check_error(&errors->items[i]);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 1);

	if (size)
		memcpy(text, data, size);
	return text;
}

char *fuzz_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
	size_t length = end ? (size_t)(end - *data) : *size;
	char *line = fuzz_text(*data, length);

	length += end != NULL;
	*data += length;
	*size -= length;
	return line;
}
