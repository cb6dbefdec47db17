#include "adapter/snippet.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

enum { LONGEST_BREAK = 3 };

/* How long the line break is that starts here, as YAML 1.1 and libyaml count lines; 0: none. */
static size_t break_length(const char *bytes, size_t left)
{
	static const char *const breaks[] = {
		"\r\n", "\r", "\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		size_t length = strlen(breaks[i]);
		if (length <= left && memcmp(bytes, breaks[i], length) == 0)
			return length;
	}
	return 0;
}

static void index_lines(struct snippet_text *text)
{
	size_t room = 0;

	text->line_starts = mem_room(NULL, 0, &room, sizeof(size_t));
	text->line_starts[text->lines++] = 0;
	for (size_t at = 0, length; at < text->length; at += length ? length : 1) {
		length = break_length(text->bytes + at, text->length - at);
		if (!length)
			continue;
		text->line_starts = mem_room(text->line_starts, text->lines, &room, sizeof(size_t));
		text->line_starts[text->lines++] = at + length;
	}
}

/* Lends the line with this number, from 1; there must be one. */
static const char *line_of(const struct snippet_text *text, size_t line, size_t *ret_length)
{
	size_t start = text->line_starts[line - 1];
	size_t next = line < text->lines ? text->line_starts[line] : text->length;
	size_t end = next > start + LONGEST_BREAK ? next - LONGEST_BREAK : start;

	while (end < next && break_length(text->bytes + end, next - end) != next - end)
		end++;
	*ret_length = end - start;
	return text->bytes + start;
}

/* The offset of the character with this number (from 1) in the line, or the line's end. */
static size_t column_offset(const char *line, size_t length, size_t column)
{
	size_t at = 0;

	while (at < length && column > 1) {
		at++;
		while (at < length && ((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
		column--;
	}
	return at;
}

static void add_line(struct str *out, const char *line, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t plain = 0;
		while (at + plain < length && line[at + plain] != '\t')
			plain++;
		text_add_visible(out, line + at, plain, 0);
		at += plain;
		if (at < length) {
			str_char(out, ' ');
			at++;
		}
	}
}

static size_t characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* The offset of so many characters before, or the start of the line. */
static size_t back(const char *line, size_t at, size_t characters)
{
	for (; at && characters; characters--) {
		at--;
		while (at && ((unsigned char)line[at] & 0xc0) == 0x80)
			at--;
	}
	return at;
}

/* Behind the last brace or comma of this text. */
static size_t behind_separator(const char *text, size_t length)
{
	while (length && !strchr("{,", text[length - 1]))
		length--;
	return length;
}

/* Where the value starts behind the first key of this line; its end, if there is none. */
static size_t value_offset(const char *line, size_t length)
{
	for (size_t at = 0; at + 1 < length; at++)
		if (line[at] == ':' && (strchr(" \t", line[at + 1]) || (at && line[at - 1] == '"')))
			return at + (line[at + 1] == '"' ? 1 : 2);
	return length;
}

/*
 * Shows a window of the line around the column, so that a huge line stays one line; of what
 * stands from the column on, at most `shown` characters.
 */
static void show_line(struct snippet_text *in, struct error *err, unsigned hidden, size_t shown)
{
	struct str out = {0};
	size_t length;

	const char *start = line_of(in, err->line, &length);
	size_t place = column_offset(start, length, err->column);
	err->offset_bytes = in->skipped + (size_t)(start - in->bytes) + place;
	size_t end = hidden & SNIPPET_HIDE_VALUES ? value_offset(start, length) : length;
	size_t at = place < end ? place : end;
	size_t from = back(start, at, SNIPPET_COLUMNS - 1) ? back(start, at, 20) : 0;
	size_t behind = hidden & SNIPPET_HIDE_FRONT ? behind_separator(start, at) : 0;
	from = behind > from ? behind : from;
	size_t to = from + column_offset(start + from, end - from, SNIPPET_COLUMNS + 1);
	size_t last = at + column_offset(start + at, end - at, shown + 1);
	to = last < to ? last : to;
	str_text_add(&out, from ? "..." : "");
	add_line(&out, start + from, at - from);
	err->caret = text_columns(str_text(&out)) + 1;
	add_line(&out, start + at, to > at ? to - at : 0);
	str_text_add(&out, to < length ? "..." : "");
	err->snippet = str_steal(&out);
}

/*
 * To find the place, the line is read from its start: for each of thousands of errors in one line
 * of many megabytes, that would take hours. Errors that nobody will read go without.
 */
void snippet_add(
	struct snippet_text *text, struct error_list *errors, unsigned hidden, size_t shown)
{
	struct error *err = &errors->items[errors->count - 1];

	if (errors->count > ERROR_LIST_MOST)
		return;
	if (!text->line_starts)
		index_lines(text);
	if (err->line <= text->lines)
		show_line(text, err, hidden, shown);
}

struct error *snippet_error(
	struct snippet_text *text, size_t line, size_t column, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, text->file, line, column);
	snippet_add(text, errors, SNIPPET_HIDE_VALUES, SNIPPET_COLUMNS);
	return err;
}

struct error *snippet_error_at_byte(struct snippet_text *text, size_t at, struct error_list *errors)
{
	size_t line = 0;

	if (!text->line_starts)
		index_lines(text);
	while (line < text->lines && text->line_starts[line] <= at)
		line++;
	size_t start = text->line_starts[line - 1];
	return snippet_error(text, line, characters(text->bytes + start, at - start) + 1, errors);
}

bool snippet_is_indented_by_tab(struct snippet_text *text, size_t line)
{
	size_t length;

	if (!text->line_starts)
		index_lines(text);
	if (line > text->lines)
		return false;
	const char *start = line_of(text, line, &length);
	size_t spaces = 0;
	while (spaces < length && start[spaces] == ' ')
		spaces++;
	return spaces < length && start[spaces] == '\t';
}

void snippet_release(struct snippet_text *text)
{
	free(text->line_starts);
	*text = (struct snippet_text){0};
}
