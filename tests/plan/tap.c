#include "tap.h"

#include <stdio.h>
#include <string.h>

static unsigned passed, failed;

static size_t line_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	return length + (text[length] == '\n');
}

static void add_lines(struct str *out, const char *mark, const char *text, const char *end)
{
	while (text < end) {
		size_t length = line_length(text);
		str_text_add(out, mark);
		str_add(out, text, length);
		if (text[length - 1] != '\n')
			str_text_add(out, " (no line break)\n");
		text += length;
	}
}

void tap_tell(bool is_good, const char *name, const struct str *notes)
{
	struct str lines CLEANUP(str_release) = {0};
	const char *text = str_text(notes);

	if (is_good)
		passed++;
	else
		failed++;
	printf("%sok %u - %s\n", is_good ? "" : "not ", passed + failed, name);
	add_lines(&lines, "# ", text, text + notes->length);
	if (!is_good)
		fputs(str_text(&lines), stdout);
	(void)fflush(stdout);
}

void tap_add_difference(struct str *notes, const char *expected, const char *got)
{
	const char *start = expected;
	size_t length;

	while (*expected && (length = line_length(expected)) == line_length(got) &&
		strncmp(expected, got, length) == 0) {
		expected += length;
		got += length;
	}
	add_lines(notes, "  ", start, expected);
	add_lines(notes, "- ", expected, expected + strlen(expected));
	add_lines(notes, "+ ", got, got + strlen(got));
}

int tap_finish(void)
{
	printf("1..%u\n", passed + failed);
	return failed || !passed;
}
