#include "recorded/objects.h"

#include "base/text.h"

#include <string.h>

static const char *const origin_words[] = {
	[ORIGIN_CREATED] = "created",
	[ORIGIN_ADOPTED] = "adopted",
};

void objects_encode_policy(struct json_writer *writer, const struct object *object)
{
	if (object->prevent_destroy)
		json_put_bool(writer, "prevent_destroy", true);
	if (object->forget_on_remove)
		json_put_text(writer, "on_remove", "forget");
}

void objects_decode_policy(const struct json *json, struct object *object)
{
	const char *on_remove = json_get_text(json, "on_remove");

	object->prevent_destroy = json_is_true(json_get(json, "prevent_destroy"));
	object->forget_on_remove = on_remove && strcmp(on_remove, "forget") == 0;
}

void objects_encode(struct json_writer *writer, const struct object *object)
{
	if (object->is_unresolved) {
		json_put_bool(writer, "unresolved", true);
	} else {
		json_put_text(writer, "id", object->id);
		if (object->created)
			json_put_text(writer, "created", object->created);
		if (object->modified)
			json_put_text(writer, "modified", object->modified);
		json_put_text(writer, "origin", origin_words[object->origin]);
	}
	objects_encode_policy(writer, object);
}

bool objects_is_id(const char *id)
{
	size_t length =
		strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return length >= 1 && length <= 32 && id[length] == '\0';
}

static bool decode_field(const struct json *field, struct arena *arena, struct object *object)
{
	const char *key = json_key(field), *text = json_text(field);

	if (strcmp(key, "unresolved") == 0)
		return (object->is_unresolved = json_is_true(field)) != false;
	if (strcmp(key, "prevent_destroy") == 0)
		return (object->prevent_destroy = json_is_true(field)) != false;
	if (!text)
		return false;
	if (strcmp(key, "on_remove") == 0)
		return (object->forget_on_remove = strcmp(text, "forget") == 0) != false;
	if (strcmp(key, "id") == 0) {
		object->id = arena_text(arena, text);
		return objects_is_id(text);
	}
	if (strcmp(key, "created") == 0)
		return (object->created = arena_text(arena, text)) != NULL;
	if (strcmp(key, "modified") == 0)
		return (object->modified = arena_text(arena, text)) != NULL;
	if (strcmp(key, "origin") != 0)
		return false;
	for (size_t i = ORIGIN_CREATED; i < ARRAY_SIZE(origin_words); i++)
		if (strcmp(text, origin_words[i]) == 0)
			object->origin = (enum origin)i;
	return object->origin != ORIGIN_NONE;
}

bool objects_decode(
	const struct json *json, struct arena *arena, struct object *object, struct error *err)
{
	if (!json_is_object(json))
		return error_set(err, "it is no object");
	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		struct str key CLEANUP(str_release) = {0};
		if (decode_field(it, arena, object))
			continue;
		text_add_visible(&key, json_key(it), strlen(json_key(it)), 40);
		return error_set(err, "`%s` is unknown or has a wrong value", str_text(&key));
	}
	if (object->is_unresolved)
		return !object->id || error_set(err, "it has an id although it is unresolved");
	if (!object->id || object->origin == ORIGIN_NONE)
		return error_set(err, "`%s` is missing", object->id ? "origin" : "id");
	return true;
}
