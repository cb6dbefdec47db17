/*
 * wrangler.toml: its structure by TOML 1.0 (https://toml.io/en/v1.0.0), so that a text which only
 * looks like a binding, in a string or a comment, is not taken for one.
 */
#include "manifest/wrangler.h"

#include "adapter/json.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { DEPTH_LIMIT = 64, PARTS = 4 };

/* Of a key, with the table that it is in: its first parts. */
struct path {
	const char *parts[PARTS];
	size_t count;
	bool is_other; /* in an array that is not about bindings */
};

struct toml {
	struct wrangler *file;
	const char *text;
	size_t at;
	struct path table;
	bool is_binding;    /* what is read belongs to one */
	bool is_env_inline; /* env = {...} is being read */
	unsigned depth;
	struct error *err;
};

static bool refuse(struct toml *toml, const char *what)
{
	return wrangler_refuse(toml->file, toml->at, toml->err, "not valid TOML: %s", what);
}

/* ---- where bindings can be ---- */

/* Is the path, or what it is in, the bindings'? *ret_below: how many parts follow. */
static bool is_list(const struct path *path, size_t *ret_below)
{
	bool is_in_env = path->count > 2 && strcmp(path->parts[0], "env") == 0;
	size_t length = is_in_env ? 3 : 1;

	if (path->is_other || path->count < length ||
		strcmp(path->parts[length - 1], WRANGLER_KEY) != 0)
		return false;
	*ret_below = path->count - length;
	return true;
}

static const char *environment_of(const struct path *path)
{
	return strcmp(path->parts[0], "env") == 0 ? path->parts[1] : NULL;
}

static bool is_environment(const struct path *path)
{
	return !path->is_other && path->count && path->count < 3 &&
	       strcmp(path->parts[0], "env") == 0;
}

/* Remembers the environment that the path is, or is in. */
static void note_scope(struct toml *toml, const struct path *path, bool is_inline)
{
	if (path->is_other || path->count < 2 || strcmp(path->parts[0], "env") != 0)
		return;
	wrangler_scope(toml->file, path->parts[1])->is_inline |= is_inline;
}

/* ---- blanks ---- */

static void skip_blanks(struct toml *toml)
{
	toml->at += strspn(toml->text + toml->at, " \t");
}

static void skip_comment(struct toml *toml)
{
	const char *text = toml->text;

	if (text[toml->at] == '#')
		while (text[toml->at] == '\t' || (unsigned char)text[toml->at] >= ' ')
			toml->at++;
}

/* Skips a line break; false: there is none. */
static bool skip_break(struct toml *toml)
{
	const char *text = toml->text + toml->at;
	size_t length = *text == '\n' ? 1 : strncmp(text, "\r\n", 2) == 0 ? 2 : 0;

	toml->at += length;
	return length;
}

static void skip_lines(struct toml *toml)
{
	do {
		skip_blanks(toml);
		skip_comment(toml);
	} while (skip_break(toml));
}

/* Only blanks and a comment follow, up to the line break or the end. */
static bool end_line(struct toml *toml)
{
	skip_blanks(toml);
	skip_comment(toml);
	const char *text = toml->text + toml->at;
	return !*text || *text == '\n' || strncmp(text, "\r\n", 2) == 0 ||
	       refuse(toml, "something follows where the line should end");
}

/* ---- strings ---- */

static bool is_escape(const char *text)
{
	size_t digits = *text == 'u' ? 4 : *text == 'U' ? 8 : 0;

	return digits ? strspn(text + 1, "0123456789abcdefABCDEF") >= digits
		      : *text && strchr("btnfr\"\\", *text);
}

/* Lends the text of such a string; NULL: it has an escape that JSON does not have. */
static const char *text_of(struct toml *toml, struct wrangler_span span)
{
	struct arena *arena = &toml->file->arena;
	struct error ignored CLEANUP(error_release) = {0};
	struct str json CLEANUP(str_release) = {0};

	if (toml->text[span.at] == '\'')
		return arena_bytes(arena, toml->text + span.at + 1, span.end - span.at - 2);
	for (size_t i = span.at; i < span.end; i++)
		if (toml->text[i] == '\t') /* a character here, and none in JSON */
			str_text_add(&json, "\\t");
		else
			str_char(&json, toml->text[i]);
	struct json *value CLEANUP(json_free_pointer) =
		json_parse(json.bytes, json.length, &ignored);
	return json_text(value) ? arena_text(arena, json_text(value)) : NULL;
}

/* Moves behind a string of one line. */
static bool skip_string(struct toml *toml)
{
	const char *text = toml->text;
	char quote = text[toml->at];

	for (toml->at++; text[toml->at] != quote; toml->at++) {
		if ((unsigned char)text[toml->at] < ' ' && text[toml->at] != '\t')
			return refuse(toml, "this string has no end, or a control character");
		if (quote != '"' || text[toml->at] != '\\')
			continue;
		if (!is_escape(text + ++toml->at))
			return refuse(toml, "unknown escape in a string");
	}
	toml->at++;
	return true;
}

/* Moves behind it; *ret lends its text. */
static bool read_string(struct toml *toml, const char **ret)
{
	size_t start = toml->at;

	if (!skip_string(toml))
		return false;
	*ret = text_of(toml, (struct wrangler_span){start, toml->at});
	if (*ret)
		return true;
	toml->at = start;
	return refuse(toml, "this text is not understood; write it without escapes");
}

static bool is_long(const char *text)
{
	return strncmp(text, "\"\"\"", 3) == 0 || strncmp(text, "'''", 3) == 0;
}

/* """...""" and '''...''', which may end with up to two more quotes. */
static bool skip_long_string(struct toml *toml)
{
	const char *text = toml->text;
	char quote = text[toml->at];
	const char three[] = {quote, quote, quote, '\0'};
	size_t start = toml->at;

	for (toml->at += 3; strncmp(text + toml->at, three, 3) != 0; toml->at++) {
		unsigned char c = (unsigned char)text[toml->at];
		if (quote == '"' && c == '\\') {
			size_t blanks = strspn(text + toml->at + 1, " \t");
			if (!strchr("\r\n", text[toml->at + 1 + blanks]) &&
				!is_escape(text + toml->at + 1))
				return refuse(toml, "unknown escape in a string");
			toml->at++;
		} else if (c < ' ' && !(c && strchr("\t\r\n", c))) {
			toml->at = c ? toml->at : start;
			return refuse(toml, c ? "control character" : "this string has no end");
		}
	}
	toml->at += 3;
	toml->at += text[toml->at] == quote;
	toml->at += text[toml->at] == quote;
	return true;
}

/* ---- keys ---- */

static bool read_key(struct toml *toml, const char **ret)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *text = toml->text + toml->at;
	size_t length = strspn(text, bare);

	if (*text == '"' || *text == '\'')
		return read_string(toml, ret);
	if (!length)
		return refuse(toml, "a key is expected");
	*ret = arena_bytes(&toml->file->arena, text, length);
	toml->at += length;
	return true;
}

/* Adds the parts of a dotted key. */
static bool read_path(struct toml *toml, struct path *path)
{
	const char *part = NULL;

	for (;;) {
		skip_blanks(toml);
		if (!read_key(toml, &part))
			return false;
		assert(part);
		if (path->count < PARTS)
			path->parts[path->count] = part;
		path->count++;
		skip_blanks(toml);
		if (toml->text[toml->at] != '.')
			return true;
		toml->at++;
	}
}

/* ---- values ---- */

static bool read_value(struct toml *toml, const struct path *path);

static bool not_understood(struct toml *toml)
{
	return wrangler_refuse(toml->file, toml->at, toml->err,
		"`" WRANGLER_KEY "` must be an array of tables with `binding`, `store_id` and "
		"`secret_name`");
}

static bool declared_twice(struct toml *toml)
{
	return wrangler_refuse(
		toml->file, toml->at, toml->err, "`" WRANGLER_KEY "` is declared twice");
}

/* A number, a date or a truth value. */
static bool skip_scalar(struct toml *toml)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.:";
	static const char digits[] = "0123456789";
	static const char *const words[] = {"true", "false", "inf", "nan"};
	const char *text = toml->text + toml->at;
	size_t length = strspn(text, allowed);
	bool is_good = length && strchr("0123456789+-", *text);

	if (length == 10 && strspn(text, digits) == 4 && text[length] == ' ' &&
		strspn(text + length + 1, digits) == 2) /* a date, a blank and a time */
		length += 1 + strspn(text + length + 1, allowed);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		is_good |= length == strlen(words[i]) && strncmp(text, words[i], length) == 0;
	if (!is_good)
		return refuse(toml, "a value is expected");
	toml->at += length;
	return true;
}

/* The value of a key of a binding. */
static bool read_part(struct toml *toml, const char *key)
{
	size_t start = toml->at;
	const char *value = toml->text + start, *text = NULL;
	bool is_string = *value == '"' || *value == '\'';

	if (is_string && is_long(value))
		return refuse(toml, "this text is not understood; write it in one line");
	if (!(is_string ? read_string(toml, &text)
			: read_value(toml, &(struct path){.is_other = true})))
		return false;
	return wrangler_set(
		toml->file, key, text, (struct wrangler_span){start, toml->at}, toml->err);
}

static bool read_pair(struct toml *toml, struct path path) /* NOLINT(misc-no-recursion) */
{
	size_t below;

	if (!read_path(toml, &path))
		return false;
	if (toml->text[toml->at] != '=')
		return refuse(toml, "`=` is expected");
	toml->at++;
	skip_blanks(toml);
	char first = toml->text[toml->at];
	if (is_environment(&path) && first != '{')
		return wrangler_refuse(
			toml->file, toml->at, toml->err, "`env` and what is in it must be tables");
	note_scope(toml, &path, toml->is_env_inline || (path.count == 2 && first == '{'));
	if (!is_list(&path, &below))
		return read_value(toml, &path);
	if (below == 1 && toml->is_binding)
		return read_part(toml, path.parts[path.count - 1]);
	return below || first != '[' ? not_understood(toml) : read_value(toml, &path);
}

static bool read_inline(struct toml *toml, const struct path *path) /* NOLINT(misc-no-recursion) */
{
	bool is_env = is_environment(path) && path->count == 1;

	toml->at++;
	toml->is_env_inline |= is_env;
	skip_blanks(toml);
	for (bool is_first = true; toml->text[toml->at] != '}'; is_first = false) {
		if (!is_first && toml->text[toml->at] != ',')
			return refuse(toml, "`,` or `}` is expected");
		toml->at += !is_first;
		if (!read_pair(toml, *path))
			return false;
		skip_blanks(toml);
	}
	toml->at++;
	toml->is_env_inline &= !is_env;
	return true;
}

/* An item of an array. */
static bool read_item(struct toml *toml, const struct path *path) /* NOLINT(misc-no-recursion) */
{
	size_t below;

	if (!is_list(path, &below))
		return read_value(toml, &(struct path){.is_other = true});
	if (toml->text[toml->at] != '{')
		return not_understood(toml);
	(void)wrangler_add(toml->file, environment_of(path), toml->at);
	toml->is_binding = true;
	bool is_good = read_inline(toml, path) && wrangler_check_last(toml->file, toml->err);
	toml->is_binding = false;
	return is_good;
}

static bool read_array(struct toml *toml, const struct path *path) /* NOLINT(misc-no-recursion) */
{
	struct wrangler_box box = {.open = toml->at++};
	size_t below;

	for (skip_lines(toml); toml->text[toml->at] != ']'; skip_lines(toml)) {
		if (box.last_end && !box.comma_end)
			return refuse(toml, "`,` or `]` is expected");
		box.last = toml->at;
		if (!read_item(toml, path))
			return false;
		box.last_end = toml->at;
		skip_lines(toml);
		box.comma_end = toml->text[toml->at] == ',' ? ++toml->at : 0;
	}
	box.close = toml->at++;
	if (!is_list(path, &below))
		return true;
	struct wrangler_scope *scope = wrangler_scope(toml->file, environment_of(path));
	if (scope->has_array || scope->header.end)
		return declared_twice(toml);
	scope->has_array = true;
	scope->array = box;
	return true;
}

static bool read_value(struct toml *toml, const struct path *path) /* NOLINT(misc-no-recursion) */
{
	const char *text = toml->text + toml->at;

	if (*text == '"' || *text == '\'')
		return is_long(text) ? skip_long_string(toml) : skip_string(toml);
	if (*text != '[' && *text != '{')
		return skip_scalar(toml);
	if (++toml->depth > DEPTH_LIMIT)
		return refuse(toml, "nested too deeply");
	bool is_good = *text == '[' ? read_array(toml, path) : read_inline(toml, path);
	toml->depth--;
	return is_good;
}

/* ---- tables ---- */

static bool end_binding(struct toml *toml)
{
	bool was_binding = toml->is_binding;

	toml->is_binding = false;
	return !was_binding || wrangler_check_last(toml->file, toml->err);
}

static bool begin_binding(struct toml *toml, struct wrangler_span header)
{
	struct wrangler_scope *scope = wrangler_scope(toml->file, environment_of(&toml->table));

	if (scope->has_array)
		return declared_twice(toml);
	scope->header = header;
	scope->key = 0;
	(void)wrangler_add(toml->file, scope->environment, header.at);
	toml->is_binding = true;
	return true;
}

/* [a.b] or [[a.b]] */
static bool read_header(struct toml *toml)
{
	const char *text = toml->text;
	size_t start = toml->at, length = text[start + 1] == '[' ? 2 : 1, below = 0;

	if (!end_binding(toml))
		return false;
	toml->at += length;
	toml->table = (struct path){0};
	if (!read_path(toml, &toml->table))
		return false;
	if (strncmp(text + toml->at, "]]", length) != 0)
		return refuse(toml, "the end of this header is expected");
	toml->at += length;
	note_scope(toml, &toml->table, false);
	bool is_bindings = is_list(&toml->table, &below);
	if ((is_bindings && (length != 2 || below)) ||
		(length == 2 && is_environment(&toml->table))) {
		toml->at = start;
		return is_bindings ? not_understood(toml)
				   : wrangler_refuse(toml->file, start, toml->err,
					     "`env` and what is in it must be tables");
	}
	return !is_bindings || begin_binding(toml, (struct wrangler_span){start, toml->at});
}

/* A header, or a key and its value, to the end of the line. */
static bool read_statement(struct toml *toml)
{
	size_t start = toml->at;

	if (!(toml->text[start] == '[' ? read_header(toml) : read_pair(toml, toml->table)) ||
		!end_line(toml))
		return false;
	if (!toml->is_binding)
		return true;
	struct wrangler_scope *scope = wrangler_scope(toml->file, environment_of(&toml->table));
	scope->tail = toml->at;
	if (!scope->key && toml->text[start] != '[')
		scope->key = start;
	return true;
}

bool wrangler_parse_toml(struct wrangler *file, struct error *err)
{
	struct toml toml = {.file = file,
		.text = file->text,
		.at = text_mark_length(file->text, file->length),
		.err = err};

	for (skip_lines(&toml); toml.at < file->length; skip_lines(&toml))
		if (!read_statement(&toml))
			return false;
	return end_binding(&toml);
}
