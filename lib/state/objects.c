#include "state/objects.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* ---- the tables, for writing and for reading ---- */

/* Pointers: NULL is not written. SCOPES are text written as an array; OBJECT is a recorded one. */
enum { TEXT, ID, SCOPES, ARGV, OBJECT, SOURCE, AUDIT };
/* Only true, and numbers from 1, are written; UNREAD is a key of something else. */
enum { FLAG = AUDIT + 1, NUMBER, SIZE, UNREAD };
/* Words: of enums, which gcc and clang compile as unsigned. */
enum { ORIGIN = UNREAD + 1, ON_REMOVE, ON_DRIFT, VERDICT, AUDIT_VALUE, SOURCE_KIND };

/* "" is not written; after the last comes NULL. */
static const char *const words[][10] = {
	[ORIGIN] = {"", "created", "adopted"},
	[ON_REMOVE] = {"", "forget"},
	[ON_DRIFT] = {"rewrite", "warn", "ignore"},
	[VERDICT] = {"not compared", "same", "changed", "unverifiable"},
	[AUDIT_VALUE] = {"unknown", "unchanged", "changed"},
	[SOURCE_KIND] = {"", "env", "file", "command", "dotenv", "generate", "stdin"},
};

/* Traits, beside the OBJECTS_*: an object needs all of a field's or a doubt's to have it. */
enum { A_STORE = 16, A_SECRET = 32, WITH_ID = 64, UNRESOLVED = 128 };
/* Of a field: it must not be missing. */
enum { NEEDED = 256 };

struct field {
	const char *key; /* NULL: the end of the table */
	unsigned coding;
	size_t at;   /* in the struct */
	unsigned of; /* traits */
};

struct doubt_flags {
	bool is_unsure, keeps_value, is_strange;
};

/* An object as it is written: flags say what is in doubt. */
struct coded_object {
	struct object object;
	unsigned on_remove;
	bool is_unresolved;
	struct doubt_flags flags;
};

#define AT(member) offsetof(struct coded_object, member)
static const struct field object_fields[] = {
	{"unresolved", FLAG, AT(is_unresolved), 0},
	{"id", ID, AT(object.id), 0},
	{"created", TEXT, AT(object.created), 0},
	{"modified", TEXT, AT(object.modified), 0},
	{"seen_modified", TEXT, AT(object.seen_modified), A_SECRET},
	{"comment", TEXT, AT(object.comment), A_SECRET},
	{"status", TEXT, AT(object.status), A_SECRET},
	{"sent_comment", TEXT, AT(object.sent_comment), A_SECRET},
	{"fingerprint", TEXT, AT(object.fingerprint), A_SECRET},
	{"former", TEXT, AT(object.former), A_SECRET},
	{"scopes", SCOPES, AT(object.scopes), A_SECRET},
	{"sent_scopes", SCOPES, AT(object.sent_scopes), A_SECRET},
	{"version", NUMBER, AT(object.version), A_SECRET},
	{"unsure", FLAG, AT(flags.is_unsure), 0},
	{"requested", NUMBER, AT(object.requested_ms), 0},
	{"keeps_value", FLAG, AT(flags.keeps_value), A_SECRET},
	{"strange", FLAG, AT(flags.is_strange), A_SECRET},
	{"origin", ORIGIN, AT(object.origin), 0},
	{"prevent_destroy", FLAG, AT(object.prevent_destroy), 0},
	{"on_remove", ON_REMOVE, AT(on_remove), 0},
	{"replaced", OBJECT, AT(object.replaced), 0},
	{"secrets", UNREAD, 0, A_STORE | OBJECTS_IN_STATE},
	{0},
};

static const struct field plan_fields[] = {
	{"account", UNREAD, 0, 0},
	{"store", UNREAD, 0, 0},
	{"secret", UNREAD, 0, 0},
	{"fields", UNREAD, 0, 0},
	{"adopt", FLAG, AT(object.may_adopt), OBJECTS_DESIRED},
	{"value", SOURCE, AT(object.value), A_SECRET | OBJECTS_DESIRED | NEEDED},
	{"if_absent", FLAG, AT(object.is_written_once), A_SECRET | OBJECTS_DESIRED},
	{"keeps_no_fingerprint", FLAG, AT(object.keeps_no_fingerprint), A_SECRET | OBJECTS_DESIRED},
	{"on_drift", ON_DRIFT, AT(object.on_drift), A_SECRET | OBJECTS_DESIRED | NEEDED},
	{"verdict", VERDICT, AT(object.verdict), A_SECRET | OBJECTS_DESIRED | NEEDED},
	{"audit", AUDIT, AT(object.audit), A_SECRET | OBJECTS_LIVE},
	{0},
};

/* Without the person's address: plans are kept. */
static const struct field audit_fields[] = {
	{"value", AUDIT_VALUE, offsetof(struct audit, value), NEEDED},
	{"time", TEXT, offsetof(struct audit, time), NEEDED},
	{"who", TEXT, offsetof(struct audit, who), NEEDED},
	{0},
};

static const struct field source_fields[] = {
	{"kind", SOURCE_KIND, offsetof(struct value_source, kind), NEEDED},
	{"name", TEXT, offsetof(struct value_source, name), 0},
	{"key", TEXT, offsetof(struct value_source, key), 0},
	{"folder", TEXT, offsetof(struct value_source, folder), 0},
	{"pointer", TEXT, offsetof(struct value_source, pointer), 0},
	{"argv", ARGV, offsetof(struct value_source, argv), 0},
	{"env", ARGV, offsetof(struct value_source, env), 0},
	{"bytes", SIZE, offsetof(struct value_source, bytes), 0},
	{"keeps_last_newline", FLAG, offsetof(struct value_source, keeps_last_newline), 0},
	{0},
};

static const struct {
	struct doubt_flags flags;
	enum doubt doubt;
	unsigned of;
} doubts[] = {
	{{false, false, false}, DOUBT_NONE, 0},
	{{true, false, false}, DOUBT_REST, A_STORE | WITH_ID},
	{{true, false, false}, DOUBT_VALUE, A_STORE | WITH_ID},
	{{true, false, false}, DOUBT_VALUE, A_SECRET},
	{{true, true, false}, DOUBT_REST, A_SECRET | WITH_ID},
	{{true, true, true}, DOUBT_FOREIGN, A_SECRET | WITH_ID},
	{{false, false, true}, DOUBT_FOREIGN, A_SECRET | UNRESOLVED},
};

static unsigned traits_of(const struct object *object, enum objects_form form)
{
	return (unsigned)form | NEEDED | (object->kind == OBJECT_STORE ? A_STORE : A_SECRET) |
	       (object->id ? WITH_ID : UNRESOLVED);
}

/* ---- writing ---- */

static void encode_fields(
	struct json_writer *writer, const struct field *fields, unsigned traits, const void *from);

static void encode_field(struct json_writer *writer, const struct field *field, const void *at)
{
	const void *pointer = NULL;
	int64_t number;

	if (field->coding <= AUDIT) {
		memcpy(&pointer, at, sizeof(pointer));
		if (!pointer)
			return;
	}
	switch (field->coding) {
	case FLAG:
		if (*(const bool *)at)
			json_put_bool(writer, field->key, true);
		break;
	case NUMBER:
	case SIZE:
		number = field->coding == NUMBER ? *(const int64_t *)at
						 : (int64_t) * (const size_t *)at;
		if (number)
			json_put_integer(writer, field->key, number);
		break;
	case SCOPES:
		json_put_list(writer, field->key, pointer);
		break;
	case ARGV:
		json_begin_array(writer, field->key);
		for (const char *const *it = pointer; *it; it++)
			json_put_text(writer, NULL, *it);
		json_end(writer);
		break;
	case OBJECT:
	case SOURCE:
	case AUDIT:
		json_begin_object(writer, field->key);
		if (field->coding == OBJECT)
			objects_encode(writer, pointer, OBJECTS_RECORDED);
		else
			encode_fields(writer, field->coding == AUDIT ? audit_fields : source_fields,
				NEEDED, pointer);
		json_end(writer);
		break;
	default:
		if (!pointer)
			pointer = words[field->coding][*(const unsigned *)at];
		if (*(const char *)pointer || field->coding <= ID)
			json_put_text(writer, field->key, pointer);
	}
}

static void encode_fields(
	struct json_writer *writer, const struct field *fields, unsigned traits, const void *from)
{
	for (const struct field *field = fields; field->key; field++)
		if (field->coding != UNREAD && !(field->of & ~traits))
			encode_field(writer, field, (const char *)from + field->at);
}

void objects_encode(struct json_writer *writer, const struct object *object, enum objects_form form)
{
	unsigned traits = traits_of(object, form);
	size_t i = 0;

	while (doubts[i].doubt != object->doubt || doubts[i].of & ~traits) {
		i++;
		assert(i < ARRAY_SIZE(doubts)); /* record makes no other */
	}
	const struct coded_object coded = {*object, object->forget_on_remove,
		(form & OBJECTS_RECORDED) && object_is_unresolved(object), doubts[i].flags};
	encode_fields(writer, object_fields, traits, &coded);
}

void objects_encode_plan(
	struct json_writer *writer, const struct object *object, enum objects_form form)
{
	encode_fields(writer, plan_fields, traits_of(object, form), object);
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
	if (source->kind != VALUE_NONE)
		encode_field(writer, &(struct field){.key = key, .coding = SOURCE}, &source);
}

/* ---- reading ---- */

bool objects_is_name(const char *name)
{
	return name && *name && !strchr(name, '/');
}

bool objects_is_id(const char *id)
{
	return id && strlen(id) <= 32 &&
	       text_is_made_of(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_-");
}

bool objects_refuse(const struct object *object, struct error *err)
{
	char *address AUTO_FREE = object_address(object);
	char *shown AUTO_FREE = text_visible(address, 80);

	return error_prefix(err, "%s", shown);
}

/* Each gives NULL if something is wrong. */
static const void *decode_texts(const struct json *list, unsigned coding, struct arena *arena)
{
	const char **items = arena_alloc(arena, (json_count(list) + 1) * sizeof(*items));
	size_t count = 0;

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *text = json_text(it);
		if (!text || (coding == SCOPES && (!*text || strchr(text, ','))))
			return NULL;
		items[count++] = coding == ARGV ? arena_text(arena, text) : text;
	}
	if (!json_is_array(list) || (coding == ARGV && !count))
		return NULL;
	return coding == SCOPES ? (const void *)model_scopes(arena, items, count) : items;
}

static const char *decode_fields(const struct json *json, const struct field *fields,
	unsigned traits, struct arena *arena, void *into);

/* If it is unmanaged, it has just its id. */
static const struct object *decode_replaced(
	const struct json *json, enum object_kind kind, struct arena *arena)
{
	struct object *replaced = arena_alloc(arena, sizeof(*replaced));
	struct error ignored CLEANUP(error_release) = {0};

	replaced->kind = kind;
	bool is_valid = objects_decode(json, OBJECTS_LIVE, arena, replaced, &ignored) &&
			replaced->id && !replaced->replaced &&
			(replaced->origin != ORIGIN_NONE || json_count(json) == 1);
	return is_valid ? replaced : NULL;
}

static const struct audit *decode_audit(const struct json *json, struct arena *arena)
{
	struct audit *audit = arena_alloc(arena, sizeof(*audit));

	return decode_fields(json, audit_fields, NEEDED, arena, audit) ? NULL : audit;
}

/* A reference must have what its kind needs. */
static const struct value_source *decode_source(const struct json *json, struct arena *arena)
{
	struct value_source *source = arena_alloc(arena, sizeof(*source));

	if (decode_fields(json, source_fields, NEEDED, arena, source))
		return NULL;
	const bool is_whole[] = {
		[VALUE_ENV] = source->name,
		[VALUE_FILE] = source->name,
		[VALUE_COMMAND] = source->argv,
		[VALUE_DOTENV] = source->name && source->key,
		[VALUE_GENERATE] = source->name && source->bytes,
		[VALUE_STDIN] = true,
	};
	return is_whole[source->kind] ? source : NULL;
}

static bool decode_field(
	const struct json *json, const struct field *field, struct arena *arena, void *into)
{
	void *at = (char *)into + field->at;
	const char *text = json_text(json);
	const void *pointer = NULL;
	int64_t number;

	switch (field->coding) {
	case UNREAD:
		return true;
	case FLAG:
		return *(bool *)at = json_is_true(json);
	case NUMBER:
		return json_integer(json, at) && *(int64_t *)at > 0;
	case SIZE:
		return json_integer(json, &number) && number > 0 &&
		       (*(size_t *)at = (size_t)number);
	case TEXT:
	case ID:
		if (text && (field->coding == TEXT || objects_is_id(text)))
			pointer = arena_text(arena, text);
		break;
	case SCOPES:
	case ARGV:
		pointer = decode_texts(json, field->coding, arena);
		break;
	case OBJECT:
		pointer = decode_replaced(json, ((struct object *)into)->kind, arena);
		break;
	case SOURCE:
		pointer = decode_source(json, arena);
		break;
	case AUDIT:
		pointer = decode_audit(json, arena);
		break;
	default:
		for (unsigned i = 0; text && *text && words[field->coding][i]; i++)
			if (strcmp(text, words[field->coding][i]) == 0) {
				*(unsigned *)at = i;
				return true;
			}
		return false;
	}
	memcpy(at, &pointer, sizeof(pointer));
	return pointer != NULL;
}

/* Gives the key that is unknown, wrong or missing, "" if this is no object; else NULL. */
static const char *decode_fields(const struct json *json, const struct field *fields,
	unsigned traits, struct arena *arena, void *into)
{
	const struct field *field;

	if (!json_is_object(json))
		return "";
	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		for (field = fields; field->key && strcmp(field->key, json_key(it)) != 0;)
			field++;
		if (!field->key || field->of & ~traits || !decode_field(it, field, arena, into))
			return json_key(it);
	}
	for (field = fields; field->key; field++)
		if (field->of & NEEDED && !(field->of & ~traits) && !json_get(json, field->key))
			return field->key;
	return NULL;
}

bool objects_decode(const struct json *json, enum objects_form form, struct arena *arena,
	struct object *object, struct error *err)
{
	struct coded_object coded = {.object = *object};
	struct object *now = &coded.object;
	size_t i = 0;

	if (!json_is_object(json))
		return error_set(err, "expected an object");
	const char *wrong =
		decode_fields(json, object_fields, traits_of(object, form), arena, &coded);
	if (wrong) {
		char *shown AUTO_FREE = text_visible(wrong, 40);
		return error_set(err, "`%s` is unknown or has an invalid value", shown);
	}
	if (coded.is_unresolved && now->id)
		return error_set(err, "an unresolved object can't have an id");
	while (doubts[i].of & ~traits_of(now, form) ||
		memcmp(&doubts[i].flags, &coded.flags, sizeof(coded.flags)) != 0)
		if (++i == ARRAY_SIZE(doubts))
			return error_set(
				err, "`unsure`, `keeps_value` and `strange` contradict each other");
	if (form & OBJECTS_RECORDED && !coded.is_unresolved) {
		if (now->replaced)
			return error_set(err, "`replaced` requires an unresolved object");
		if (!now->id || now->origin == ORIGIN_NONE)
			return error_set(err, "`%s` is missing", now->id ? "origin" : "id");
	}
	*object = *now;
	object->doubt = doubts[i].doubt;
	object->forget_on_remove = coded.on_remove != 0;
	return true;
}

bool objects_decode_plan(
	const struct json *json, enum objects_form form, struct arena *arena, struct object *object)
{
	return !decode_fields(json, plan_fields, traits_of(object, form), arena, object);
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

bool objects_decode_source(
	const struct json *json, struct arena *arena, struct value_source *ret_source)
{
	const struct value_source none = {0}, *source = &none;

	if (json)
		source = decode_source(json, arena);
	if (source)
		*ret_source = *source;
	return source != NULL;
}
