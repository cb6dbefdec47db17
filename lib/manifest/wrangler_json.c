/*
 * wrangler.jsonc. Comments and trailing commas become spaces, so that adapter/json can say whether
 * the rest is JSON, and where it is not. What it accepts is then walked through byte by byte, for
 * only that tells where things are.
 */
#include "manifest/wrangler.h"

#include "adapter/json.h"
#include "base/text.h"

#include <string.h>

/* ---- comments and commas ---- */

/* The end of the comment that begins here; 0: it has none. */
static size_t comment_end(const char *text, size_t at)
{
	if (text[at + 1] == '/')
		return at + strcspn(text + at, "\r\n");
	const char *end = strstr(text + at + 2, "*/");
	return end ? (size_t)(end - text) + 2 : 0;
}

/* Of a string that begins here: where it ends, or the text does. */
static size_t string_end(const char *text, size_t at)
{
	for (at++; text[at] && text[at] != '"'; at++)
		at += text[at] == '\\' && text[at + 1];
	return at + (text[at] == '"');
}

static bool blank_comments(struct wrangler *file, char *text, struct error *err)
{
	for (size_t at = 0, end; text[at]; at = end) {
		end = at + 1;
		if (text[at] == '"')
			end = string_end(text, at);
		if (text[at] != '/' || !strchr("/*", text[at + 1]) || !text[at + 1])
			continue;
		end = comment_end(text, at);
		if (!end)
			return wrangler_refuse(file, at, err, "this comment has no end");
		for (size_t i = at; i < end; i++)
			if (!strchr("\r\n", text[i]))
				text[i] = ' ';
	}
	return true;
}

/* A comma between an item and a closing bracket. */
static void blank_commas(char *text)
{
	size_t comma = 0;
	char last = '[', before = '['; /* the last characters that are no blanks */

	for (size_t at = 0, end; text[at]; at = end) {
		end = text[at] == '"' ? string_end(text, at) : at + 1;
		if (strchr(" \t\r\n", text[at]))
			continue;
		if (strchr("]}", text[at]) && last == ',' && !strchr("[{,:", before))
			text[comma] = ' ';
		if (text[at] == ',')
			comma = at;
		before = last;
		last = text[at];
	}
}

/* ---- the walk ---- */

struct walk {
	const char *text; /* valid JSON, but for trailing commas */
	bool is_object;
	struct wrangler_box box;
	struct wrangler_span key, value;
};

static size_t skip_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, " \t\r\n");
}

static size_t value_end(const char *text, size_t at)
{
	size_t depth = 0;

	do {
		if (text[at] == '"')
			at = string_end(text, at);
		else if (strchr("[{]}", text[at]))
			depth += strchr("[{", text[at++]) ? 1 : (size_t)-1;
		else
			at += depth ? 1 : strcspn(text + at, ",]} \t\r\n");
	} while (depth);
	return at;
}

static struct walk walk(const char *text, size_t open)
{
	return (struct walk){.text = text, .is_object = text[open] == '{', .box = {.open = open}};
}

/* False: that was all, and the box is complete. */
static bool next(struct walk *walk)
{
	struct wrangler_box *box = &walk->box;
	const char *text = walk->text;
	size_t at = skip_blanks(text, box->last_end ? box->last_end : box->open + 1);

	box->comma_end = text[at] == ',' ? at + 1 : 0;
	at = skip_blanks(text, at + (text[at] == ','));
	if (strchr("]}", text[at])) {
		box->close = at;
		return false;
	}
	box->comma_end = 0;
	box->last = at;
	if (walk->is_object) {
		walk->key = (struct wrangler_span){at, string_end(text, at)};
		at = skip_blanks(text, walk->key.end);
		at = skip_blanks(text, at + 1); /* the colon */
	}
	walk->value = (struct wrangler_span){at, value_end(text, at)};
	box->last_end = walk->value.end;
	return true;
}

/* Lends the text of a string; NULL: it is none. */
static const char *text_of(struct wrangler *file, const char *text, struct wrangler_span span)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(text + span.at, span.end - span.at, &ignored);

	return json_text(json) ? arena_text(&file->arena, json_text(json)) : NULL;
}

static bool is_key(struct wrangler *file, const struct walk *members, const char *key)
{
	return strcmp(text_of(file, members->text, members->key), key) == 0;
}

/* ---- the bindings ---- */

static bool read_binding(
	struct wrangler *file, const char *environment, struct walk *items, struct error *err)
{
	struct walk members = walk(items->text, items->value.at);

	if (!members.is_object)
		return wrangler_refuse(file, items->value.at, err,
			"an item of `" WRANGLER_KEY "` must be an object");
	(void)wrangler_add(file, environment, items->value.at);
	while (next(&members))
		if (!wrangler_set(file, text_of(file, members.text, members.key),
			    text_of(file, members.text, members.value), members.value, err))
			return false;
	return wrangler_check_last(file, err);
}

static bool read_list(struct wrangler *file, const char *environment, const struct walk *member,
	struct error *err)
{
	struct walk items = walk(member->text, member->value.at);

	if (member->text[member->value.at] != '[')
		return wrangler_refuse(
			file, member->value.at, err, "`" WRANGLER_KEY "` must be an array");
	while (next(&items))
		if (!read_binding(file, environment, &items, err))
			return false;
	struct wrangler_scope *scope = wrangler_scope(file, environment);
	scope->has_array = true;
	scope->array = items.box;
	return true;
}

static bool read_scope(struct wrangler *file, const char *environment, const struct walk *member,
	struct error *err)
{
	struct walk members = walk(member->text, member->value.at);

	if (!members.is_object)
		return wrangler_refuse(file, member->value.at, err,
			environment ? "an environment must be an object"
				    : "the configuration must be an object");
	while (next(&members))
		if (is_key(file, &members, WRANGLER_KEY) &&
			!read_list(file, environment, &members, err))
			return false;
	wrangler_scope(file, environment)->object = members.box;
	return true;
}

static bool read_environments(struct wrangler *file, const struct walk *member, struct error *err)
{
	struct walk members = walk(member->text, member->value.at);

	if (!members.is_object)
		return wrangler_refuse(file, member->value.at, err, "`env` must be an object");
	while (next(&members))
		if (!read_scope(file, text_of(file, members.text, members.key), &members, err))
			return false;
	return true;
}

static bool read_all(struct wrangler *file, const char *text, struct error *err)
{
	size_t open = skip_blanks(text, 0);
	struct walk members = walk(text, open);
	const struct walk all = {.text = text, .value = {open, 0}};

	if (!read_scope(file, NULL, &all, err))
		return false;
	while (next(&members))
		if (is_key(file, &members, "env") && !read_environments(file, &members, err))
			return false;
	return true;
}

bool wrangler_parse_json(struct wrangler *file, struct error *err)
{
	char *text AUTO_FREE = mem_copy_text(file->text);

	memset(text, ' ', text_mark_length(file->text, file->length));
	if (!blank_comments(file, text, err))
		return false;
	char *strict AUTO_FREE = mem_copy_text(text);
	blank_commas(strict);
	struct json *json CLEANUP(json_free_pointer) = json_parse(strict, file->length, err);
	if (!json)
		return error_at(err, file->path, err->line, err->column);
	return read_all(file, text, err);
}
