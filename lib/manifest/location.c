#include "adapter/http_url.h"
#include "base/text.h"
#include "manifest/reading.h"

#include <string.h>

static const char default_prefix[] = "cfprov";

/* In the order of enum location_kind. */
static const char *const kinds[] = {"local", "s3", "http"};

/* The keys that only one kind of backend has. */
static const struct text_key {
	const char *name;
	enum location_kind kind;
	size_t at; /* of a text in struct location */
} text_keys[] = {
	{"path", LOCATION_LOCAL, offsetof(struct location, path)},
	{"bucket", LOCATION_S3, offsetof(struct location, bucket)},
	{"prefix", LOCATION_S3, offsetof(struct location, prefix)},
	{"endpoint", LOCATION_S3, offsetof(struct location, endpoint)},
	{"region", LOCATION_S3, offsetof(struct location, region)},
	{"address", LOCATION_HTTP, offsetof(struct location, address)},
	{"lock_address", LOCATION_HTTP, offsetof(struct location, lock_address)},
	{"unlock_address", LOCATION_HTTP, offsetof(struct location, unlock_address)},
	{"update_method", LOCATION_HTTP, offsetof(struct location, update_method)},
	{"lock_method", LOCATION_HTTP, offsetof(struct location, lock_method)},
	{"unlock_method", LOCATION_HTTP, offsetof(struct location, unlock_method)},
	{"username", LOCATION_HTTP, offsetof(struct location, username)},
};
static const struct {
	const char *name;
	enum location_kind kind;
} secret_keys[] = {
	[LOCATION_ACCESS_KEY] = {"access_key", LOCATION_S3},
	[LOCATION_SECRET_KEY] = {"secret_key", LOCATION_S3},
	[LOCATION_SESSION_TOKEN] = {"session_token", LOCATION_S3},
	[LOCATION_PASSWORD] = {"password", LOCATION_HTTP},
};

/* ---- texts ---- */

/* A URL may have a password in it, which no error shows. */
static struct error *url_error(struct reading *r, struct spot at)
{
	return yaml_error_hidden(&r->documents->items[at.document].yaml, at.node, r->errors);
}

static const char *read_path(struct reading *r, struct spot at)
{
	if (!text_url_scheme(at.node->text))
		return reading_path(r, at.document, at.node->text);
	struct error *err = url_error(r, at);
	error_set(err, "`path` must be a local file, not a URL");
	error_hint(err, "To keep the state in a bucket, write `backend: s3` with `bucket`; on a "
			"server, `backend: http` with `address`.");
	return NULL;
}

/* Slashes at its end are left out. */
static const char *read_prefix(struct reading *r, struct spot at)
{
	const char *text = at.node->text, *why = NULL;
	size_t length = strlen(text), from = 0;

	while (length && text[length - 1] == '/')
		length--;
	while (!why && from <= length) {
		size_t part = strcspn(text + from, "/");
		part = part > length - from ? length - from : part;
		if (!part)
			why = from ? "it has an empty part" : "it starts with /";
		else if (part <= 2 && strspn(text + from, ".") >= part)
			why = "`.` and `..` can't be parts of it";
		from += part + 1;
	}
	for (size_t i = 0; !why && i < length; i++) {
		if (strncmp(text + i, LOCATION_ACCOUNT_ID, strlen(LOCATION_ACCOUNT_ID)) == 0)
			i += strlen(LOCATION_ACCOUNT_ID) - 1;
		else if (strchr("${}", text[i]))
			why = "`$`, `{` and `}` are only allowed in " LOCATION_ACCOUNT_ID;
	}
	if (why)
		error_set(reading_error(r, at), "invalid prefix: %s", why);
	return arena_format(&r->model->arena, "%.*s", (int)length, text);
}

/* Of the endpoint the origin; the dashboard of R2 shows it with the bucket behind. */
static const char *read_url(struct reading *r, struct spot at, const char *name, bool is_origin)
{
	struct http_url url CLEANUP(http_url_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	const char *text = at.node->text;

	if (!http_url_check(name, text, &url, &err)) {
		error_copy(url_error(r, at), &err); /* with the place of this one */
		return NULL;
	}
	if (url.has_fragment)
		error_set(url_error(r, at), "%s must not contain a fragment (#)", name);
	if (!is_origin)
		return arena_format(&r->model->arena, "%s%s%s%s", url.origin, url.path,
			url.query ? "?" : "", url.query ? url.query : "");
	if (url.query || strcmp(url.path, "/") != 0) {
		struct error *refused = url_error(r, at);
		error_set(refused, "%s must end after the host", name);
		error_hint(
			refused, "Write the bucket as `bucket`, and the path in it as `prefix`.");
	}
	return arena_text(&r->model->arena, url.origin);
}

static const char *read_text(struct reading *r, struct spot at, const char *name)
{
	size_t length = strlen(name);
	bool is_endpoint = strcmp(name, "endpoint") == 0;

	if (strcmp(name, "path") == 0)
		return read_path(r, at);
	if (strcmp(name, "prefix") == 0)
		return read_prefix(r, at);
	if (is_endpoint || (length >= 7 && strcmp(name + length - 7, "address") == 0))
		return read_url(r, at, arena_format(&r->arena, "`%s`", name), is_endpoint);
	return arena_text(&r->model->arena, at.node->text);
}

/* ---- the whole ---- */

/* Walks over what a key has in the documents, from {0}; more than once it must be the same. */
static bool next(struct reading *r, const char *name, struct spot *map, struct spot *first,
	struct spot *ret_value)
{
	while (reading_next(r, "state", map)) {
		const struct yaml *node = yaml_get(map->node, name);
		if (!node)
			continue;
		*ret_value = spot_of(*map, node);
		if (!first->node)
			*first = *ret_value;
		return true;
	}
	return false;
}

static void refuse_again(struct reading *r, const char *name, struct spot at, struct spot first)
{
	error_set(reading_error(r, at), "`%s` is set twice with different values, first at %s",
		name, reading_where(r, reading_place(r, first)));
}

static void refuse_kind(
	struct reading *r, const char *name, enum location_kind kind, struct spot at)
{
	error_set(reading_error(r, spot_of(at, at.node->key)), "`%s` requires `backend: %s`", name,
		kinds[kind]);
}

static void read_kind(struct reading *r, struct location *location)
{
	struct spot map = {0}, first = {0}, at = {0};

	while (next(r, "backend", &map, &first, &at))
		if (strcmp(at.node->text, first.node->text) != 0)
			refuse_again(r, "backend", at, first);
	for (size_t i = 0; first.node && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(first.node->text, kinds[i]) == 0)
			location->kind = (enum location_kind)i;
	if (location->kind != LOCATION_LOCAL)
		location->place = reading_place(r, first);
}

static void read_texts(struct reading *r, struct location *location, const struct text_key *key)
{
	struct spot map = {0}, first = {0}, at = {0};
	const char **text = (const char **)((char *)location + key->at);

	while (next(r, key->name, &map, &first, &at)) {
		if (key->kind != location->kind) {
			refuse_kind(r, key->name, key->kind, at);
			continue;
		}
		const char *given = read_text(r, at, key->name);
		if (given && *text && strcmp(given, *text) != 0)
			refuse_again(r, key->name, at, first);
		if (given && !*text)
			*text = given;
		if (!location->place.file)
			location->place = reading_place(r, at);
	}
}

static void read_secret(struct reading *r, struct location *location, enum location_secret which)
{
	struct spot map = {0}, first = {0}, at;
	const char *name = secret_keys[which].name;

	while (next(r, name, &map, &first, &at)) {
		if (secret_keys[which].kind != location->kind)
			refuse_kind(r, name, secret_keys[which].kind, at);
		else if (location->secrets[which].kind != VALUE_NONE)
			error_set(reading_error(r, at), "`%s` is set twice, first at %s", name,
				reading_where(r, location->secrets[which].place));
		else
			location->secrets[which] = reference_read(r, at);
	}
}

void location_read(struct reading *r, struct location *ret_location)
{
	struct location location = {0};
	struct spot state = {0};

	read_kind(r, &location);
	for (size_t i = 0; i < ARRAY_SIZE(text_keys); i++)
		read_texts(r, &location, &text_keys[i]);
	for (size_t i = 0; i < LOCATION_SECRETS; i++)
		read_secret(r, &location, (enum location_secret)i);
	if (location.kind == LOCATION_S3 && !location.prefix)
		location.prefix = default_prefix;
	if (location.kind == LOCATION_S3 && !location.bucket && reading_next(r, "state", &state)) {
		struct error *err = reading_error(r, state);
		error_set(err, "`bucket` is missing");
		error_hint(err,
			"Add `bucket: NAME` to `state`, with the name of a bucket that exists.");
	}
	*ret_location = location;
}
