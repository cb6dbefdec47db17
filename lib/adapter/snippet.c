#define _GNU_SOURCE /* environ, memmem */
#include "adapter/snippet.h"

#include "base/scrub.h"
#include "base/text.h"
#include "base/token.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_BREAK = 3, SHORTEST_SETTING = 8, LONGEST_SECRET = 128 << 10 };

/* The length of the line break here, as YAML 1.1 and libyaml count lines; 0: none. */
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

	if (text->line_starts)
		return;
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

/* Lends a line, which must exist, without its break. */
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

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The offset so many characters after `at`, at most `end`. */
static size_t forward(const char *line, size_t end, size_t at, size_t characters)
{
	for (; at < end && characters; characters--) {
		at++;
		while (at < end && is_continuation(line[at]))
			at++;
	}
	return at;
}

/* The offset so many characters before `at`, at least 0. */
static size_t back(const char *line, size_t at, size_t characters)
{
	for (; at && characters; characters--) {
		at--;
		while (at && is_continuation(line[at]))
			at--;
	}
	return at;
}

/* The offset after the last brace or comma before `at`. */
static size_t after_separator(const char *line, size_t at)
{
	while (at && !strchr("{,", line[at - 1]))
		at--;
	return at;
}

/* The offset of the value of the first key in the line; the end: there is none. */
static size_t value_offset(const char *line, size_t length)
{
	for (size_t at = 0; at + 1 < length; at++)
		if (line[at] == ':' && (strchr(" \t", line[at + 1]) || (at && line[at - 1] == '"')))
			return at + (line[at + 1] == '"' ? 1 : 2);
	return length;
}

static void add_bytes(struct str *out, const char *bytes, size_t length)
{
	struct str copy CLEANUP(str_release) = {0};

	str_add(&copy, bytes, length);
	for (size_t i = 0; i < length; i++)
		if (copy.bytes[i] == '\t')
			copy.bytes[i] = ' ';
	text_add_visible(out, copy.bytes, length, 0);
}

/* ---- values of the environment ---- */

/*
 * True if a variable may hold a secret of this text: one that the text names, as the source of a
 * value or a token, or one of cfprov's own, but not its plain settings.
 */
static bool may_be_secret(
	const struct snippet_text *text, const char *name, size_t length, size_t value)
{
	static const char *const settings[] = {
		"CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL", "CFPROV_POLICY", "CFPROV_LOG_PATH"};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (length == strlen(settings[i]) && memcmp(name, settings[i], length) == 0)
			return false;
	if (value >= SHORTEST_SETTING &&
		(strncmp(name, "CLOUDFLARE_", 11) == 0 || strncmp(name, "CFPROV_", 7) == 0))
		return true;
	return value >= SCRUB_SHORTEST && length && text->length &&
	       memmem(text->bytes, text->length, name, length);
}

void snippet_know(const struct snippet_text *text, struct scrub *scrub)
{
	for (char **it = environ; it && *it; it++) {
		size_t name = strcspn(*it, "=");
		const char *value = *it + name + ((*it)[name] != '\0');
		size_t size = strlen(value);
		if (may_be_secret(text, *it, name, size))
			scrub_know_text(scrub, value, size);
	}
}

/* True if there may be a secret near the place: in part, it would be no better. */
static bool may_have_secret(
	const struct snippet_text *text, const char *line, size_t length, size_t at)
{
	struct scrub scrub CLEANUP(scrub_release) = {0};
	size_t from = at > LONGEST_SECRET ? at - LONGEST_SECRET : 0;
	size_t to = length - at > LONGEST_SECRET ? at + LONGEST_SECRET : length;

	snippet_know(text, &scrub);
	return token_is_inside(line + from, to - from) ||
	       scrub_finds(&scrub, line + from, to - from);
}

/* Shows a window of the line around the place, so that a huge line fits into one. */
static void show_line(
	const struct snippet_text *text, const struct snippet_place *place, struct error *err)
{
	struct str out = {0};
	size_t length;

	const char *line = line_of(text, place->line, &length);
	size_t at = forward(line, length, 0, place->column - 1);
	err->offset_bytes = text->skipped + (size_t)(line - text->bytes) + at;
	if (may_have_secret(text, line, length, at))
		return;
	size_t end = place->hidden & SNIPPET_HIDE_VALUES ? value_offset(line, length) : length;
	at = at < end ? at : end;
	size_t from = back(line, at, SNIPPET_COLUMNS - 1) ? back(line, at, 20) : 0;
	size_t front = place->hidden & SNIPPET_HIDE_FRONT ? after_separator(line, at) : 0;
	from = front > from ? front : from;
	size_t to = forward(line, end, from, SNIPPET_COLUMNS);
	size_t last = forward(line, end, at, place->shown);
	to = last < to ? last : to;
	str_text_add(&out, from ? "..." : "");
	add_bytes(&out, line + from, at - from);
	err->caret = text_characters(str_text(&out)) + 1;
	add_bytes(&out, line + at, to > at ? to - at : 0);
	str_text_add(&out, to < length ? "..." : "");
	err->snippet = str_steal(&out);
}

struct error *snippet_error(
	struct snippet_text *text, const struct snippet_place *place, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, text->file, place->line, place->column);
	/* A place is found from the start of its line: that would take hours for thousands of
	 * errors in one line of many megabytes, which nobody will read. */
	if (errors->count > ERROR_LIST_MOST || text->is_hidden)
		return err;
	index_lines(text);
	if (place->line <= text->lines)
		show_line(text, place, err);
	return err;
}

void snippet_find(struct snippet_text *text, size_t at, size_t *ret_line, size_t *ret_column)
{
	size_t line = 0;

	index_lines(text);
	while (line < text->lines && text->line_starts[line] <= at)
		line++;
	*ret_line = line;
	*ret_column = 1;
	for (size_t i = text->line_starts[line - 1]; i < at; i++)
		*ret_column += !is_continuation(text->bytes[i]);
}

bool snippet_is_indented_by_tab(struct snippet_text *text, size_t line)
{
	size_t length, spaces = 0;

	index_lines(text);
	if (line > text->lines)
		return false;
	const char *start = line_of(text, line, &length);
	while (spaces < length && start[spaces] == ' ')
		spaces++;
	return spaces < length && start[spaces] == '\t';
}

void snippet_release(struct snippet_text *text)
{
	mem_free(text->line_starts);
	*text = (struct snippet_text){0};
}
