#include "manifest/wrangler.h"

#include "adapter/table.h"
#include "base/text.h"

#include <string.h>

void wrangler_release(struct wrangler *file)
{
	mem_free(file->bindings);
	mem_free(file->scopes);
	arena_release(&file->arena);
}

/* ---- places ---- */

static struct place place_of(struct wrangler *file, size_t at)
{
	size_t column = 1;

	if (at < file->seen || !file->line) {
		file->seen = file->line_start = 0;
		file->line = 1;
	}
	for (; file->seen < at; file->seen++) {
		if (file->text[file->seen] != '\n')
			continue;
		file->line++;
		file->line_start = file->seen + 1;
	}
	for (size_t i = file->line_start; i < at; i++)
		column += ((unsigned char)file->text[i] & 0xc0) != 0x80;
	return (struct place){file->path, file->line, column};
}

bool wrangler_refuse(struct wrangler *file, size_t at, struct error *err, const char *format, ...)
{
	struct str text CLEANUP(str_release) = {0};
	struct place place = place_of(file, at);
	va_list args;

	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	error_set(err, "%s", str_text(&text));
	return error_at(err, place.file, place.line, place.column);
}

/* ---- what the readers find ---- */

struct wrangler_scope *wrangler_find_scope(const struct wrangler *file, const char *environment)
{
	for (size_t i = 0; i < file->scope_count; i++) {
		const char *its = file->scopes[i].environment;
		if (its == environment || (its && environment && strcmp(its, environment) == 0))
			return &file->scopes[i];
	}
	return NULL;
}

struct wrangler_scope *wrangler_scope(struct wrangler *file, const char *environment)
{
	struct wrangler_scope *known = wrangler_find_scope(file, environment);

	if (known)
		return known;
	file->scopes =
		mem_room(file->scopes, file->scope_count, &file->scope_room, sizeof(*file->scopes));
	file->scopes[file->scope_count] = (struct wrangler_scope){
		.environment = environment ? arena_text(&file->arena, environment) : NULL};
	return &file->scopes[file->scope_count++];
}

struct wrangler_binding *wrangler_add(struct wrangler *file, const char *environment, size_t at)
{
	file->bindings =
		mem_room(file->bindings, file->count, &file->room, sizeof(*file->bindings));
	file->bindings[file->count] = (struct wrangler_binding){
		.environment = environment ? arena_text(&file->arena, environment) : NULL,
		.place = place_of(file, at)};
	return &file->bindings[file->count++];
}

bool wrangler_set(struct wrangler *file, const char *key, const char *text,
	struct wrangler_span span, struct error *err)
{
	struct wrangler_binding *binding = &file->bindings[file->count - 1];
	bool is_store = strcmp(key, "store_id") == 0, is_secret = strcmp(key, "secret_name") == 0;
	const char **part = is_store                      ? &binding->store_id
			    : is_secret                   ? &binding->secret
			    : strcmp(key, "binding") == 0 ? &binding->name
							  : NULL;

	if (!part)
		return true;
	if (*part)
		return wrangler_refuse(file, span.at, err, "duplicate key `%s`", key);
	if (!text || !*text)
		return wrangler_refuse(file, span.at, err, "`%s` must be a text%s", key,
			text ? " that is not empty" : "");
	*part = arena_text(&file->arena, text);
	if (is_store)
		binding->store_span = span;
	if (is_secret)
		binding->secret_span = span;
	return true;
}

bool wrangler_check_last(const struct wrangler *file, struct error *err)
{
	const struct wrangler_binding *binding = &file->bindings[file->count - 1];
	const char *missing = !binding->name       ? "binding"
			      : !binding->store_id ? "store_id"
			      : !binding->secret   ? "secret_name"
						   : NULL;

	if (!missing)
		return true;
	error_set(err, "this binding has no `%s`", missing);
	return error_at(err, binding->place.file, binding->place.line, binding->place.column);
}

/* Two bindings of one name and environment: wrangler would take one of them. */
static bool check_names(struct wrangler *file, struct error *err)
{
	struct table *known = NULL;
	bool is_good = true;

	for (size_t i = 0; i < file->count && is_good; i++) {
		struct wrangler_binding *it = &file->bindings[i];
		const char *key = arena_format(&file->arena, "%s%s\n%s", it->environment ? "/" : "",
			it->environment ? it->environment : "", it->name);
		const struct wrangler_binding *other = table_put(&known, key, it);
		if (!other)
			continue;
		struct str shown CLEANUP(str_release) = {0};
		text_add_quoted(&shown, it->name, 60);
		error_set(err, "the binding %s is declared twice, also in line %zu",
			str_text(&shown), other->place.line);
		is_good = error_at(err, it->place.file, it->place.line, it->place.column);
	}
	table_free(&known);
	return is_good;
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool parse(struct wrangler *file, struct error *err)
{
	size_t at;

	if (!file->is_toml && !ends_in(file->path, ".json") && !ends_in(file->path, ".jsonc"))
		return error_set(err, "the name of a wrangler configuration ends in .jsonc, .json "
				      "or .toml");
	if (!text_check_encoding(file->text, file->length, "it", err))
		return false;
	if (!text_is_utf8(file->text, file->length, &at))
		return wrangler_refuse(file, at, err, "invalid UTF-8");
	if (memchr(file->text, '\0', file->length))
		return wrangler_refuse(file, strlen(file->text), err, "NUL byte");
	(void)wrangler_scope(file, NULL);
	return (file->is_toml ? wrangler_parse_toml(file, err) : wrangler_parse_json(file, err)) &&
	       check_names(file, err);
}

bool wrangler_parse(
	struct wrangler *file, const char *path, const struct str *bytes, struct error *err)
{
	file->path = path;
	file->is_toml = ends_in(path, ".toml");
	file->text = arena_bytes(&file->arena, str_text(bytes), bytes->length);
	file->length = bytes->length;
	if (parse(file, err))
		return true;
	char *shown AUTO_FREE = text_visible(path, 0);
	return error_prefix(err, "can't use %s", shown);
}
