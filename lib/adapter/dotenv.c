#include "adapter/dotenv.h"

#include "adapter/table.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	char *text;
	size_t length, line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool is_of_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

/* The NUL behind the text is neither blank nor of a key, so that these stop there. */
static size_t skip_blanks(const struct scan *scan, size_t at)
{
	while (is_blank(scan->text[at]))
		at++;
	return at;
}

static size_t skip_key(const struct scan *scan, size_t at)
{
	while (is_of_key(scan->text[at]))
		at++;
	return at;
}

static size_t line_end(const struct scan *scan, size_t at)
{
	const char *end = memchr(scan->text + at, '\n', scan->length - at);

	return end ? (size_t)(end - scan->text) : scan->length;
}

/* Is there nothing on the line from here on, or a comment? */
static bool is_rest_empty(const struct scan *scan, size_t at)
{
	at = skip_blanks(scan, at);
	return at == scan->length || scan->text[at] == '\n' || scan->text[at] == '#';
}

/*
 * Where the quote at `open` is closed; `open` itself if nowhere. That is the next one without a
 * backslash; or, if something stands behind that, the last one before it that has one.
 */
static size_t closing_quote(const struct scan *scan, size_t open)
{
	char quote = scan->text[open];
	size_t at = open + 1;

	while (at < scan->length && scan->text[at] != quote)
		at += scan->text[at] == '\\' && scan->text[at + 1] == quote ? 2 : 1;
	if (at < scan->length && is_rest_empty(scan, at + 1))
		return at;
	for (at--; at > open; at--)
		if (scan->text[at] == quote && is_rest_empty(scan, at + 1))
			return at;
	return open;
}

/* Gives the new length: \n and \r become what they mean. */
static size_t expand(char *value, size_t length)
{
	size_t to = 0;

	for (size_t at = 0; at < length; at++) {
		char next = at + 1 < length && value[at] == '\\' ? value[at + 1] : '\0';
		bool is_escape = next == 'n' || next == 'r';
		value[to++] = next == 'n' ? '\n' : next == 'r' ? '\r' : value[at];
		at += is_escape;
	}
	return to;
}

/* Notes the value that starts at `at`, as it stands there; gives where it ends. */
static size_t find_value(const struct scan *scan, size_t at, struct dotenv_entry *entry)
{
	char first = scan->text[at];
	bool is_quoted = at < scan->length && strchr("\"'`", first) && first;
	size_t end = is_quoted ? closing_quote(scan, at) : at;

	if (!is_quoted || end == at) {
		size_t line = line_end(scan, at);
		const char *comment = memchr(scan->text + at, '#', line - at);
		entry->is_cut = comment && !is_blank(comment[-1]);
		end = comment ? (size_t)(comment - scan->text) : line;
		while (end > at && is_blank(scan->text[end - 1]))
			end--;
		entry->is_open = is_quoted && (end - at < 2 || scan->text[end - 1] != first);
		end -= is_quoted && !entry->is_open;
	}
	is_quoted = is_quoted && !entry->is_open;
	entry->value = scan->text + at + is_quoted;
	entry->length = end - at - is_quoted;
	return end;
}

/* The key and where its value starts; false: the line assigns nothing. */
static bool find_key(const struct scan *scan, size_t at, size_t *ret_key, size_t *ret_value)
{
	size_t key = skip_blanks(scan, at), end = skip_key(scan, key);

	if (end - key == 6 && memcmp(scan->text + key, "export", 6) == 0 &&
		is_of_key(scan->text[skip_blanks(scan, end)]) && is_blank(scan->text[end])) {
		key = skip_blanks(scan, end);
		end = skip_key(scan, key);
	}
	*ret_key = key;
	if (end == key)
		return false;
	if (scan->text[end] == ':' && is_blank(scan->text[end + 1])) {
		*ret_value = skip_blanks(scan, end + 1);
		return true;
	}
	size_t equals = skip_blanks(scan, end);
	*ret_value = skip_blanks(scan, equals + (scan->text[equals] == '='));
	return scan->text[equals] == '=';
}

static void note_stray(struct dotenv *dotenv, size_t line)
{
	struct dotenv_entry *last = dotenv->count ? &dotenv->entries[dotenv->count - 1] : NULL;

	if (!dotenv->stray_line)
		dotenv->stray_line = line;
	if (last && !last->stray_line)
		last->stray_line = line;
}

/* Reads the line at `at`, and those that belong to it; gives where the next one starts. */
static size_t read_entry(struct scan *scan, size_t at, struct dotenv *dotenv)
{
	struct dotenv_entry entry = {.line = scan->line};
	size_t key, start, end = at;

	bool is_one = find_key(scan, at, &key, &start);
	if (is_one)
		end = find_value(scan, start, &entry);
	else if (!is_rest_empty(scan, at))
		note_stray(dotenv, scan->line);
	size_t next = line_end(scan, end);
	for (; at < next; at++)
		scan->line += scan->text[at] == '\n';
	scan->line++;
	if (!is_one)
		return next + 1;
	char *value = scan->text + (entry.value - scan->text);
	if (value[-1] == '"')
		entry.length = expand(value, entry.length);
	value[entry.length] = '\0';
	scan->text[skip_key(scan, key)] = '\0';
	entry.key = scan->text + key;
	dotenv->entries =
		mem_room(dotenv->entries, dotenv->count, &dotenv->room, sizeof(*dotenv->entries));
	dotenv->entries[dotenv->count++] = entry;
	return next + 1;
}

/* One sort of line breaks; gives the new length. */
static size_t unify_breaks(char *text, size_t length)
{
	size_t to = 0;

	for (size_t at = 0; at < length; at++) {
		bool is_return = text[at] == '\r';
		text[to++] = is_return ? '\n' : text[at];
		at += is_return && text[at + 1] == '\n';
	}
	text[to] = '\0';
	return to;
}

void dotenv_parse(struct dotenv *dotenv, char *text, size_t length)
{
	struct scan scan = {.text = text, .length = unify_breaks(text, length), .line = 1};
	size_t at = text_mark_length(text, scan.length);

	while (at < scan.length)
		at = read_entry(&scan, at, dotenv);
	for (size_t i = 0; i < dotenv->count; i++) {
		struct dotenv_entry *entry = &dotenv->entries[i];
		const struct dotenv_entry *before = table_put(&dotenv->last, entry->key, entry);
		entry->earlier_line = before ? before->line : 0;
	}
}

void dotenv_warn(const struct dotenv_entry *entry, const char *file, struct error_list *warnings)
{
	static const char in_quotes[] = "If that belongs to the value, put the value into quotes.";

	if (entry->is_cut) {
		struct error *err = error_list_add(warnings);
		error_set(err, "the value of %s ends at the #: what follows is read as a comment",
			entry->key);
		error_hint(err, "%s", in_quotes);
		error_at(err, file, entry->line, 0);
	}
	if (entry->stray_line) {
		struct error *err = error_list_add(warnings);
		error_set(err, "the value of %s ends with its line: line %zu is ignored",
			entry->key, entry->stray_line);
		error_hint(err, "%s", in_quotes);
		error_at(err, file, entry->line, 0);
	}
	if (entry->earlier_line) {
		struct error *err = error_list_add(warnings);
		error_set(err, "%s is set more than once: this line is used, not line %zu",
			entry->key, entry->earlier_line);
		error_at(err, file, entry->line, 0);
	}
}

const struct dotenv_entry *dotenv_get(const struct dotenv *dotenv, const char *key)
{
	return table_get(dotenv->last, key);
}

void dotenv_release(struct dotenv *dotenv)
{
	table_free(&dotenv->last);
	free(dotenv->entries);
	*dotenv = (struct dotenv){0};
}
