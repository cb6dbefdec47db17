#include "state/objects.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* ---- the coding ---- */

enum {
	TEXT, /* the first five are pointers */
	ID,
	SCOPES, /* text; written as an array */
	ARGV,
	OBJECT, /* recorded, with an id */
	FLAG,   /* only true is written */
	NUMBER, /* from 1; 0 is not written */
	ORIGIN, /* the last three are words */
	ON_REMOVE,
	SOURCE,
	OF_SECRETS = 16, /* added to one of them: a store has no such field */
};

/* From 1; 0 is not written. The enums are unsigned as gcc and clang compile them. */
static const char *const words[][8] = {
	[ORIGIN] = {"", "created", "adopted"},
	[ON_REMOVE] = {"", "forget"},
	[SOURCE] = {"", "env", "file", "command", "dotenv", "generate", "stdin"},
};

struct field {
	const char *key;
	unsigned coding;
	size_t at; /* in the struct */
};

/* An object as it is written: flags say what is in doubt. */
struct coded_object {
	struct object object;
	unsigned on_remove;
	bool is_unresolved, is_unsure, keeps_value, is_strange;
};

#define AT(member) offsetof(struct coded_object, member)
static const struct field object_fields[] = {
	{"unresolved", FLAG, AT(is_unresolved)},
	{"id", ID, AT(object.id)},
	{"created", TEXT, AT(object.created)},
	{"modified", TEXT, AT(object.modified)},
	{"seen_modified", TEXT + OF_SECRETS, AT(object.seen_modified)},
	{"comment", TEXT + OF_SECRETS, AT(object.comment)},
	{"status", TEXT + OF_SECRETS, AT(object.status)},
	{"sent_comment", TEXT + OF_SECRETS, AT(object.sent_comment)},
	{"fingerprint", TEXT + OF_SECRETS, AT(object.fingerprint)},
	{"former", TEXT + OF_SECRETS, AT(object.former)},
	{"scopes", SCOPES + OF_SECRETS, AT(object.scopes)},
	{"sent_scopes", SCOPES + OF_SECRETS, AT(object.sent_scopes)},
	{"version", NUMBER + OF_SECRETS, AT(object.version)},
	{"unsure", FLAG, AT(is_unsure)},
	{"requested", NUMBER, AT(object.requested_ms)},
	{"keeps_value", FLAG + OF_SECRETS, AT(keeps_value)},
	{"strange", FLAG + OF_SECRETS, AT(is_strange)},
	{"origin", ORIGIN, AT(object.origin)},
	{"prevent_destroy", FLAG, AT(object.prevent_destroy)},
	{"on_remove", ON_REMOVE, AT(on_remove)},
	{"replaced", OBJECT, AT(object.replaced)},
};
#undef AT

/* Bits: which objects can be in a doubt. Those without an id are unresolved. */
enum { SECRETS = 1, STORES = 2, NEW_SECRETS = 4, NEW_STORES = 8 };

static const struct {
	bool is_unsure, keeps_value, is_strange;
	enum doubt doubt;
	unsigned of;
} doubts[] = {
	{false, false, false, DOUBT_NONE, SECRETS | STORES | NEW_SECRETS | NEW_STORES},
	{true, false, false, DOUBT_REST, STORES},
	{true, false, false, DOUBT_VALUE, SECRETS | STORES | NEW_SECRETS},
	{true, true, false, DOUBT_REST, SECRETS},
	{true, true, true, DOUBT_FOREIGN, SECRETS},
	{false, false, true, DOUBT_FOREIGN, NEW_SECRETS},
};

static unsigned sort_of(const struct object *object)
{
	if (object->kind == OBJECT_STORE)
		return object->id ? STORES : NEW_STORES;
	return object->id ? SECRETS : NEW_SECRETS;
}

struct coded_source {
	struct value_source source;
	int64_t bytes;
};

#define AT(member) offsetof(struct coded_source, member)
static const struct field source_fields[] = {
	{"kind", SOURCE, AT(source.kind)},
	{"name", TEXT, AT(source.name)},
	{"key", TEXT, AT(source.key)},
	{"folder", TEXT, AT(source.folder)},
	{"pointer", TEXT, AT(source.pointer)},
	{"argv", ARGV, AT(source.argv)},
	{"bytes", NUMBER, AT(bytes)},
	{"keeps_last_newline", FLAG, AT(source.keeps_last_newline)},
};
#undef AT

/* ---- writing ---- */

static void encode_scopes(struct json_writer *writer, const char *key, const char *scopes)
{
	char *copy AUTO_FREE = mem_copy_text(scopes), *rest = *copy ? copy : NULL, *scope;

	json_begin_array(writer, key);
	while ((scope = strsep(&rest, ",")))
		json_put_text(writer, NULL, scope);
	json_end(writer);
}

static void encode_field(struct json_writer *writer, const struct field *field, const void *at)
{
	unsigned coding = field->coding & ~(unsigned)OF_SECRETS;
	const void *pointer = NULL;

	if (coding <= OBJECT) {
		memcpy(&pointer, at, sizeof(pointer));
		if (!pointer)
			return;
	}
	switch (coding) {
	case FLAG:
		if (*(const bool *)at)
			json_put_bool(writer, field->key, true);
		break;
	case NUMBER:
		if (*(const int64_t *)at)
			json_put_integer(writer, field->key, *(const int64_t *)at);
		break;
	case SCOPES:
		encode_scopes(writer, field->key, pointer);
		break;
	case ARGV:
		json_begin_array(writer, field->key);
		for (const char *const *it = pointer; *it; it++)
			json_put_text(writer, NULL, *it);
		json_end(writer);
		break;
	case OBJECT:
		json_begin_object(writer, field->key);
		objects_encode(writer, pointer);
		json_end(writer);
		break;
	default:
		if (!pointer)
			pointer = words[coding][*(const unsigned *)at];
		if (*(const char *)pointer || coding <= ID)
			json_put_text(writer, field->key, pointer);
	}
}

static void encode_fields(
	struct json_writer *writer, const void *of, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		encode_field(writer, &fields[i], (const char *)of + fields[i].at);
}

static void encode_object(
	struct json_writer *writer, const struct object *object, bool is_unresolved)
{
	size_t i = 0;

	while (doubts[i].doubt != object->doubt || !(doubts[i].of & sort_of(object))) {
		i++;
		assert(i < ARRAY_SIZE(doubts)); /* record makes no other */
	}
	const struct coded_object coded = {*object, object->forget_on_remove, is_unresolved,
		doubts[i].is_unsure, doubts[i].keeps_value, doubts[i].is_strange};
	encode_fields(writer, &coded, object_fields, ARRAY_SIZE(object_fields));
}

void objects_encode(struct json_writer *writer, const struct object *object)
{
	encode_object(writer, object, false);
}

void objects_encode_recorded(struct json_writer *writer, const struct object *object)
{
	encode_object(writer, object, object_is_unresolved(object));
}

void objects_encode_address(struct json_writer *writer, const struct object *object)
{
	json_put_text(writer, "account", object->account);
	json_put_text(writer, "store", object->store);
	if (object->secret)
		json_put_text(writer, "secret", object->secret);
}

void objects_encode_source(
	struct json_writer *writer, const char *key, const struct value_source *source)
{
	const struct coded_source coded = {*source, (int64_t)source->bytes};

	if (source->kind == VALUE_NONE)
		return;
	json_begin_object(writer, key);
	encode_fields(writer, &coded, source_fields, ARRAY_SIZE(source_fields));
	json_end(writer);
}

/* ---- reading ---- */

bool objects_is_name(const char *name)
{
	return name && *name && !strchr(name, '/');
}

bool objects_is_id(const char *id)
{
	size_t length = id ? strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789_-")
			   : 0;

	return length >= 1 && length <= 32 && id[length] == '\0';
}

bool objects_refuse(const struct object *object, struct error *err)
{
	struct str address CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	text_add_visible(&shown, str_text(&address), address.length, 80);
	return error_prefix(err, "%s", str_text(&shown));
}

/* Each gives NULL if something is wrong. */
static const char *decode_scopes(const struct json *list, struct arena *arena)
{
	const char **items AUTO_FREE = mem_alloc(json_count(list) * sizeof(*items));
	size_t count = 0;

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *scope = json_text(it);
		if (!scope || !*scope || strchr(scope, ','))
			return NULL;
		items[count++] = scope;
	}
	return json_is_array(list) ? model_scopes(arena, items, count) : NULL;
}

static const char *const *decode_argv(const struct json *list, struct arena *arena)
{
	const char **argv = arena_alloc(arena, (json_count(list) + 1) * sizeof(*argv));
	size_t count = 0;

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		if (!json_text(it))
			return NULL;
		argv[count++] = arena_text(arena, json_text(it));
	}
	return json_is_array(list) && count ? argv : NULL;
}

static const struct object *decode_replaced(
	const struct json *json, enum object_kind kind, struct arena *arena)
{
	struct object *replaced = arena_alloc(arena, sizeof(*replaced));
	struct error ignored CLEANUP(error_release) = {0};

	replaced->kind = kind;
	return objects_decode_recorded(json, NULL, arena, replaced, &ignored) && replaced->id
		       ? replaced
		       : NULL;
}

static bool decode_field(
	const struct json *json, const struct field *field, struct arena *arena, void *of)
{
	unsigned coding = field->coding & ~(unsigned)OF_SECRETS;
	void *at = (char *)of + field->at;
	const char *text = json_text(json);
	const void *pointer;

	switch (coding) {
	case FLAG:
		return *(bool *)at = json_is_true(json);
	case NUMBER:
		return json_integer(json, at) && *(int64_t *)at > 0;
	case ORIGIN:
	case ON_REMOVE:
	case SOURCE:
		for (unsigned i = 1; text && words[coding][i]; i++)
			if (strcmp(text, words[coding][i]) == 0)
				*(unsigned *)at = i;
		return *(unsigned *)at != 0;
	case SCOPES:
		pointer = decode_scopes(json, arena);
		break;
	case ARGV:
		pointer = decode_argv(json, arena);
		break;
	case OBJECT:
		pointer = decode_replaced(json, ((struct object *)of)->kind, arena);
		break;
	default:
		pointer = text && (coding != ID || objects_is_id(text)) ? arena_text(arena, text)
									: NULL;
	}
	memcpy(at, &pointer, sizeof(pointer));
	return pointer != NULL;
}

struct decoding {
	const struct field *fields;
	size_t count;
	unsigned unfit;            /* codings of which it has none: OF_SECRETS */
	const char *const *others; /* keys that stay unread */
	struct arena *arena;
};

static bool decode_member(const struct decoding *d, const struct json *json, void *of)
{
	const char *key = json_key(json);

	for (const char *const *other = d->others; other && *other; other++)
		if (strcmp(key, *other) == 0)
			return true;
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(key, d->fields[i].key) == 0)
			return !(d->fields[i].coding & d->unfit) &&
			       decode_field(json, &d->fields[i], d->arena, of);
	return false;
}

static bool decode_fields(
	const struct decoding *d, const struct json *json, void *of, struct error *err)
{
	if (!json_is_object(json))
		return error_set(err, "it is no object");
	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		struct str key CLEANUP(str_release) = {0};
		if (decode_member(d, it, of))
			continue;
		text_add_visible(&key, json_key(it), strlen(json_key(it)), 40);
		return error_set(err, "`%s` is unknown or has a wrong value", str_text(&key));
	}
	return true;
}

bool objects_decode(const struct json *json, const char *const *others, struct arena *arena,
	struct object *object, struct error *err)
{
	const struct decoding d = {object_fields, ARRAY_SIZE(object_fields),
		object->kind == OBJECT_STORE ? OF_SECRETS : 0, others, arena};
	struct coded_object coded = {.object = *object};

	if (!decode_fields(&d, json, &coded, err))
		return false;
	if (coded.is_unresolved && coded.object.id)
		return error_set(err, "it has an id although it is unresolved");
	coded.object.forget_on_remove = coded.on_remove != 0;
	for (size_t i = 0; i < ARRAY_SIZE(doubts); i++) {
		if (!(doubts[i].of & sort_of(&coded.object)) ||
			doubts[i].is_unsure != coded.is_unsure ||
			doubts[i].keeps_value != coded.keeps_value ||
			doubts[i].is_strange != coded.is_strange)
			continue;
		coded.object.doubt = doubts[i].doubt;
		*object = coded.object;
		return true;
	}
	return error_set(err, "`unsure`, `keeps_value` and `strange` contradict each other");
}

bool objects_decode_recorded(const struct json *json, const char *const *others,
	struct arena *arena, struct object *object, struct error *err)
{
	if (!objects_decode(json, others, arena, object, err))
		return false;
	if (json_get(json, "unresolved"))
		return true;
	if (object->replaced)
		return error_set(err, "it has replaced another one and is not unresolved");
	if (!object->id || object->origin == ORIGIN_NONE)
		return error_set(err, "`%s` is missing", object->id ? "origin" : "id");
	return true;
}

bool objects_decode_address(const struct json *json, struct arena *arena, struct object *ret_object)
{
	const char *account = json_get_text(json, "account"), *store = json_get_text(json, "store");
	const char *secret = json_get_text(json, "secret");

	if (!objects_is_name(account) || !store || !*store ||
		(json_get(json, "secret") && !objects_is_name(secret)))
		return false;
	*ret_object = (struct object){.kind = secret ? OBJECT_SECRET : OBJECT_STORE,
		.account = arena_text(arena, account),
		.store = arena_text(arena, store),
		.secret = secret ? arena_text(arena, secret) : NULL};
	return true;
}

/* True if the reference has what its kind needs. */
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
	const struct decoding d = {source_fields, ARRAY_SIZE(source_fields), false, NULL, arena};
	struct coded_source coded = {0};
	struct error ignored CLEANUP(error_release) = {0};

	*ret_source = (struct value_source){0};
	if (!json || json_is_null(json))
		return true;
	if (!decode_fields(&d, json, &coded, &ignored))
		return false;
	*ret_source = coded.source;
	ret_source->bytes = (size_t)coded.bytes;
	return is_source_whole(ret_source);
}
