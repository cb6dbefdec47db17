#include "state/objects.h"

#include "base/text.h"

#include <string.h>

static const char *const origin_words[] = {
	[ORIGIN_NONE] = "",
	[ORIGIN_CREATED] = "created",
	[ORIGIN_ADOPTED] = "adopted",
};

/* ---- the fields that are just text ---- */

struct text_field {
	const char *key;
	size_t at; /* in the struct */
};

static const struct text_field object_texts[] = {
	{"id", offsetof(struct object, id)},
	{"created", offsetof(struct object, created)},
	{"modified", offsetof(struct object, modified)},
	{"seen_modified", offsetof(struct object, seen_modified)},
	{"comment", offsetof(struct object, comment)},
	{"status", offsetof(struct object, status)},
	{"sent_comment", offsetof(struct object, sent_comment)},
	{"fingerprint", offsetof(struct object, fingerprint)},
	{"former", offsetof(struct object, former)},
};

static const struct text_field source_texts[] = {
	{"name", offsetof(struct value_source, name)},
	{"key", offsetof(struct value_source, key)},
	{"folder", offsetof(struct value_source, folder)},
	{"pointer", offsetof(struct value_source, pointer)},
};

static void encode_texts(
	struct json_writer *writer, const void *of, const struct text_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text =
			*(const char *const *)(const void *)((const char *)of + fields[i].at);
		if (text)
			json_put_text(writer, fields[i].key, text);
	}
}

/* Sets the text of this key, if there is such a one. */
static bool decode_text(const struct json *member, struct arena *arena, void *of,
	const struct text_field *fields, size_t count)
{
	const char *text = json_text(member);

	for (size_t i = 0; text && i < count; i++) {
		if (strcmp(json_key(member), fields[i].key) != 0)
			continue;
		*(const char **)(void *)((char *)of + fields[i].at) = arena_text(arena, text);
		return true;
	}
	return false;
}

/* ---- writing ---- */

static void encode_scopes(struct json_writer *writer, const char *key, const char *scopes)
{
	char *copy AUTO_FREE = mem_copy_text(scopes), *rest = *copy ? copy : NULL, *scope;

	json_begin_array(writer, key);
	while ((scope = strsep(&rest, ",")))
		json_put_text(writer, NULL, scope);
	json_end(writer);
}

void objects_encode(struct json_writer *writer, const struct object *object)
{
	if (object->is_unresolved)
		json_put_bool(writer, "unresolved", true);
	encode_texts(writer, object, object_texts, ARRAY_SIZE(object_texts));
	if (object->scopes)
		encode_scopes(writer, "scopes", object->scopes);
	if (object->sent_scopes)
		encode_scopes(writer, "sent_scopes", object->sent_scopes);
	if (object->version)
		json_put_integer(writer, "version", object->version);
	if (object->is_unsure)
		json_put_bool(writer, "unsure", true);
	if (object->requested_ms)
		json_put_integer(writer, "requested", object->requested_ms);
	if (object->keeps_value)
		json_put_bool(writer, "keeps_value", true);
	if (object->is_strange)
		json_put_bool(writer, "strange", true);
	if (object->origin != ORIGIN_NONE)
		json_put_text(writer, "origin", origin_words[object->origin]);
	if (object->prevent_destroy)
		json_put_bool(writer, "prevent_destroy", true);
	if (object->forget_on_remove)
		json_put_text(writer, "on_remove", "forget");
	if (!object->replaced)
		return;
	json_begin_object(writer, "replaced");
	objects_encode(writer, object->replaced);
	json_end(writer);
}

void objects_encode_address(struct json_writer *writer, const struct object *object)
{
	json_put_text(writer, "account", object->account);
	json_put_text(writer, "store", object->store);
	if (object->secret)
		json_put_text(writer, "secret", object->secret);
}

/* ---- reading ---- */

bool objects_is_id(const char *id)
{
	size_t length =
		strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return length >= 1 && length <= 32 && id[length] == '\0';
}

static bool decode_scopes(const struct json *list, struct arena *arena, const char **ret_scopes)
{
	const char **items AUTO_FREE = mem_alloc(json_count(list) * sizeof(*items));
	size_t count = 0;

	if (!json_is_array(list))
		return false;
	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *scope = json_text(it);
		if (!scope || !*scope || strchr(scope, ','))
			return false;
		items[count++] = scope;
	}
	*ret_scopes = model_scopes(arena, items, count);
	return true;
}

static bool decode_origin(const char *text, struct object *object)
{
	for (size_t i = ORIGIN_CREATED; i < ARRAY_SIZE(origin_words); i++)
		if (text && strcmp(text, origin_words[i]) == 0)
			object->origin = (enum origin)i;
	return object->origin != ORIGIN_NONE;
}

static bool decode_flag(const struct json *field, struct object *object)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{"unresolved", &object->is_unresolved},
		{"unsure", &object->is_unsure},
		{"keeps_value", &object->keeps_value},
		{"strange", &object->is_strange},
		{"prevent_destroy", &object->prevent_destroy},
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(json_key(field), flags[i].key) == 0)
			return (*flags[i].flag = json_is_true(field)) != false;
	return false;
}

static bool decode_replaced(const struct json *json, struct arena *arena, struct object *object)
{
	struct object *replaced = arena_alloc(arena, sizeof(*replaced));
	struct error err CLEANUP(error_release) = {0};

	replaced->kind = object->kind;
	object->replaced = replaced;
	return objects_decode(json, NULL, arena, replaced, &err) && !replaced->is_unresolved &&
	       objects_check_recorded(replaced, &err);
}

static bool decode_field(const struct json *field, struct arena *arena, struct object *object)
{
	const char *key = json_key(field), *text = json_text(field);

	if (decode_text(field, arena, object, object_texts, ARRAY_SIZE(object_texts)))
		return strcmp(key, "id") != 0 || objects_is_id(object->id);
	if (strcmp(key, "on_remove") == 0)
		return (object->forget_on_remove = text && strcmp(text, "forget") == 0) != false;
	if (strcmp(key, "origin") == 0)
		return decode_origin(text, object);
	if (strcmp(key, "scopes") == 0)
		return decode_scopes(field, arena, &object->scopes);
	if (strcmp(key, "sent_scopes") == 0)
		return decode_scopes(field, arena, &object->sent_scopes);
	if (strcmp(key, "version") == 0)
		return json_integer(field, &object->version) && object->version > 0;
	if (strcmp(key, "requested") == 0)
		return json_integer(field, &object->requested_ms) && object->requested_ms > 0;
	if (strcmp(key, "replaced") == 0)
		return decode_replaced(field, arena, object);
	return decode_flag(field, object);
}

static bool is_among(const char *const *words, const char *word)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

bool objects_decode(const struct json *json, const char *const *others, struct arena *arena,
	struct object *object, struct error *err)
{
	if (!json_is_object(json))
		return error_set(err, "it is no object");
	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		struct str key CLEANUP(str_release) = {0};
		if (is_among(others, json_key(it)) || decode_field(it, arena, object))
			continue;
		text_add_visible(&key, json_key(it), strlen(json_key(it)), 40);
		return error_set(err, "`%s` is unknown or has a wrong value", str_text(&key));
	}
	return true;
}

bool objects_check_recorded(const struct object *object, struct error *err)
{
	if (object->is_unresolved)
		return !object->id || error_set(err, "it has an id although it is unresolved");
	if (object->replaced)
		return error_set(err, "it has replaced another one and is not unresolved");
	if (!object->id || object->origin == ORIGIN_NONE)
		return error_set(err, "`%s` is missing", object->id ? "origin" : "id");
	return true;
}

static const char *get_text(const struct json *json, const char *key, struct arena *arena)
{
	const char *text = json_get_text(json, key);

	return text ? arena_text(arena, text) : NULL;
}

bool objects_decode_address(const struct json *json, struct arena *arena, struct object *ret_object)
{
	*ret_object = (struct object){
		.account = get_text(json, "account", arena),
		.store = get_text(json, "store", arena),
		.secret = get_text(json, "secret", arena),
	};
	ret_object->kind = ret_object->secret ? OBJECT_SECRET : OBJECT_STORE;
	return ret_object->account && ret_object->store;
}

/* ---- references to values ---- */

static const char *const source_words[] = {
	[VALUE_NONE] = "",
	[VALUE_ENV] = "env",
	[VALUE_FILE] = "file",
	[VALUE_COMMAND] = "command",
	[VALUE_DOTENV] = "dotenv",
	[VALUE_GENERATE] = "generate",
	[VALUE_STDIN] = "stdin",
};

void objects_encode_source(
	struct json_writer *writer, const char *key, const struct value_source *source)
{
	if (source->kind == VALUE_NONE)
		return;
	json_begin_object(writer, key);
	json_put_text(writer, "kind", source_words[source->kind]);
	encode_texts(writer, source, source_texts, ARRAY_SIZE(source_texts));
	if (source->argv) {
		json_begin_array(writer, "argv");
		for (const char *const *it = source->argv; *it; it++)
			json_put_text(writer, NULL, *it);
		json_end(writer);
	}
	if (source->bytes)
		json_put_integer(writer, "bytes", (int64_t)source->bytes);
	if (source->keeps_last_newline)
		json_put_bool(writer, "keeps_last_newline", true);
	json_end(writer);
}

static bool decode_argv(const struct json *list, struct arena *arena, struct value_source *source)
{
	size_t count = 0;
	const char **argv = arena_alloc(arena, (json_count(list) + 1) * sizeof(*argv));

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		if (!json_text(it))
			return false;
		argv[count++] = arena_text(arena, json_text(it));
	}
	source->argv = argv;
	return count > 0;
}

/* Has the reference what its kind needs? */
static bool is_source_whole(const struct value_source *source)
{
	switch (source->kind) {
	case VALUE_ENV:
	case VALUE_FILE:
		return source->name;
	case VALUE_DOTENV:
		return source->name && source->key;
	case VALUE_COMMAND:
		return source->argv;
	case VALUE_GENERATE:
		return source->name && source->bytes > 0;
	case VALUE_STDIN:
		return true;
	case VALUE_NONE:
		break;
	}
	return false;
}

bool objects_decode_source(
	const struct json *json, struct arena *arena, struct value_source *ret_source)
{
	struct value_source source = {0};
	const char *kind = json_get_text(json, "kind");
	int64_t bytes = 0;

	*ret_source = source;
	if (!json || json_is_null(json))
		return true;
	for (size_t i = VALUE_ENV; i < ARRAY_SIZE(source_words); i++)
		if (kind && strcmp(kind, source_words[i]) == 0)
			source.kind = (enum value_source_kind)i;
	for (const struct json *it = json_first(json); it; it = json_next(it))
		(void)decode_text(it, arena, &source, source_texts, ARRAY_SIZE(source_texts));
	if (json_get(json, "bytes") &&
		(!json_integer(json_get(json, "bytes"), &bytes) || bytes < 0))
		return false;
	if (json_get(json, "argv") && !decode_argv(json_get(json, "argv"), arena, &source))
		return false;
	source.bytes = (size_t)bytes;
	source.keeps_last_newline = json_is_true(json_get(json, "keeps_last_newline"));
	*ret_source = source;
	return is_source_whole(&source);
}
