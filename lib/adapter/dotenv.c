#include "adapter/dotenv.h"

#include "adapter/table.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS            "\t\v\f "
#define BASE32_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define KEY_CHARACTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

enum { BASE64_SHORTEST = 15 }; /* characters; fewer are no secret, and may well be a name */

/* The text ends with a NUL, which is neither a blank nor part of a key: these stop there. */
static char *skip_blanks(char *at)
{
	return at + strspn(at, BLANKS);
}

static char *skip_key(char *at)
{
	return at + strspn(at, KEY_CHARACTERS);
}

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

static char *line_end(char *at, char *end)
{
	char *line = memchr(at, '\n', (size_t)(end - at));

	return line ? line : end;
}

/* True if nothing but a comment follows on the line. */
static bool is_rest_empty(char *at, const char *end)
{
	at = skip_blanks(at);
	return at == end || *at == '\n' || *at == '#';
}

/*
 * The end of a quoted value: the next such quote without a backslash or, if something follows that
 * one on its line, the last quote before it that nothing follows. NULL: the quote is never closed.
 */
static char *closing_quote(char *open, const char *end)
{
	char *at = open + 1;

	while (at < end && *at != *open)
		at += at[0] == '\\' && at[1] == *open ? 2 : 1;
	if (at < end && is_rest_empty(at + 1, end))
		return at;
	for (at--; at > open; at--)
		if (*at == *open && is_rest_empty(at + 1, end))
			return at;
	return NULL;
}

/* Replaces \n and \r by line breaks. Returns the new length. */
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

/* Returns the value that starts at `at`, still escaped, and where it ends. */
static char *find_value(char *at, char *end, struct dotenv_entry *entry, char **ret_end)
{
	char quote = *at && strchr("\"'`", *at) ? *at : '\0';
	char *stop = quote ? closing_quote(at, end) : NULL;

	if (!stop) {
		char *line = line_end(at, end);
		char *comment = memchr(at, '#', (size_t)(line - at));
		entry->is_cut = comment && !is_blank(comment[-1]);
		stop = comment ? comment : line;
		while (stop > at && is_blank(stop[-1]))
			stop--;
		entry->is_open = quote && (stop - at < 2 || stop[-1] != quote);
		stop -= quote && !entry->is_open;
	}
	at += quote && !entry->is_open;
	entry->length = (size_t)(stop - at);
	*ret_end = stop;
	return at;
}

/* Returns the key of the line and where its value starts; NULL: the line assigns nothing. */
static char *find_key(char *at, char **ret_value)
{
	char *key = skip_blanks(at), *end = skip_key(key);

	if (end - key == 6 && memcmp(key, "export", 6) == 0 && is_blank(*end) &&
		skip_key(skip_blanks(end)) > skip_blanks(end)) {
		key = skip_blanks(end);
		end = skip_key(key);
	}
	bool is_yaml = end[0] == ':' && is_blank(end[1]);
	if (!is_yaml)
		end = skip_blanks(end);
	if (skip_key(key) == key || (!is_yaml && *end != '='))
		return NULL;
	*ret_value = skip_blanks(end + 1);
	return key;
}

/*
 * Reads the line at `at`, number *line, and the others that its value takes. Returns where the next
 * line starts.
 */
static char *read_entry(struct dotenv *dotenv, char *at, char *end, size_t *line)
{
	struct dotenv_entry entry = {.line = *line};
	char *value, *value_end = at, *key = find_key(at, &value);

	if (key) {
		value = find_value(value, end, &entry, &value_end);
	} else if (!is_rest_empty(at, end)) {
		struct dotenv_entry *last =
			dotenv->count ? &dotenv->entries[dotenv->count - 1] : NULL;
		if (!dotenv->stray_line)
			dotenv->stray_line = *line;
		if (last && !last->stray_line)
			last->stray_line = *line;
	}
	char *next = line_end(value_end, end);
	for (; at < next; at++)
		*line += *at == '\n';
	++*line;
	if (!key)
		return next + 1;
	if (value[-1] == '"')
		entry.length = expand(value, entry.length);
	value[entry.length] = '\0';
	*skip_key(key) = '\0';
	entry.key = key;
	entry.value = value;
	dotenv->entries =
		mem_room(dotenv->entries, dotenv->count, &dotenv->room, sizeof(*dotenv->entries));
	dotenv->entries[dotenv->count++] = entry;
	return next + 1;
}

/* Makes all line breaks \n. Returns the new length. */
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
	char *end = text + unify_breaks(text, length);
	size_t line = 1;

	text += text_mark_length(text, (size_t)(end - text));
	while (text < end)
		text = read_entry(dotenv, text, end, &line);
	for (size_t i = 0; i < dotenv->count; i++) {
		struct dotenv_entry *entry = &dotenv->entries[i];
		const struct dotenv_entry *before = table_put(&dotenv->last, entry->key, entry);
		entry->earlier_line = before ? before->line : 0;
	}
}

static struct error *add_warning(
	const struct dotenv_entry *entry, const char *file, struct error_list *warnings)
{
	struct error *err = error_list_add(warnings);

	error_at(err, file, entry->line, 0);
	return err;
}

void dotenv_warn(const struct dotenv_entry *entry, const char *file, struct error_list *warnings)
{
	static const char in_quotes[] = "If it belongs to the value, put the value in quotes.";

	if (entry->is_cut) {
		struct error *err = add_warning(entry, file, warnings);
		error_set(err,
			"the value of %s ends at the #: the rest of the line is read as a comment",
			entry->key);
		error_hint(err, "%s", in_quotes);
	}
	if (entry->stray_line) {
		struct error *err = add_warning(entry, file, warnings);
		error_set(err, "the value of %s ends on its first line: line %zu is ignored",
			entry->key, entry->stray_line);
		error_hint(err, "%s", in_quotes);
	}
	if (entry->earlier_line)
		error_set(add_warning(entry, file, warnings),
			"%s is set more than once: this line overrides line %zu", entry->key,
			entry->earlier_line);
}

const struct dotenv_entry *dotenv_get(const struct dotenv *dotenv, const char *key)
{
	return table_get(dotenv->last, key);
}

bool dotenv_may_be_base64(const struct dotenv_entry *entry)
{
	size_t length = strlen(entry->key), padding = strspn(entry->value, "=") + 1;
	bool has_digit = strpbrk(entry->key, "0123456789");
	bool has_upper = strpbrk(entry->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	bool has_lower = strpbrk(entry->key, "abcdefghijklmnopqrstuvwxyz");
	bool is_base32 = !entry->key[strspn(entry->key, BASE32_CHARACTERS)];

	/* Neither a blank nor a quote follows the first =. */
	if (entry->value != entry->key + length + 1 || padding - 1 != entry->length)
		return false;
	return padding > 1 || (length >= BASE64_SHORTEST && (length + padding) % 4 == 0 &&
				      has_digit && has_upper && (has_lower || is_base32));
}

void dotenv_release(struct dotenv *dotenv)
{
	table_free(&dotenv->last);
	mem_free(dotenv->entries);
	*dotenv = (struct dotenv){0};
}
