#include "sides.h"

#include "fields.h"
#include "terraform.h"

#include <string.h>

/* ---- what is there ---- */

struct side side_of(const struct object *object)
{
	return object ? (struct side){.is_there = true, .object = *object} : (struct side){0};
}

/* What is recorded and ours, with what Cloudflare says of it now. */
static struct object as_it_lives(const struct object *recorded, const struct object *live)
{
	struct object object = *recorded;

	object.created = live->created;
	object.modified = live->modified;
	object.scopes = live->scopes;
	object.comment = live->comment;
	object.status = live->status;
	return object;
}

struct side side_before(const struct plan_row *row)
{
	struct side side = side_of(plan_row_before(row));
	const struct action *action = row->action;

	if (side.is_there && action && action_kind(action) != ACTION_NONE && action->live)
		side.object = as_it_lives(action->before, action->live);
	return side;
}

struct side side_of_drift(const struct drift *drift)
{
	struct side side = side_of(drift->live);

	if (side.is_there && drift->recorded->id &&
		strcmp(drift->recorded->id, drift->live->id) == 0)
		side.object = as_it_lives(drift->recorded, drift->live);
	return side;
}

/* The same object, with what is written to it. */
static struct side changed(const struct action *action)
{
	struct side side = side_of(action->before);

	if (!action->changes || !action->live)
		return side;
	side.object = as_it_lives(action->before, action->live);
	if (action->changes & FIELD_SCOPES)
		side.object.scopes = action->after->scopes;
	if (action->changes & FIELD_COMMENT)
		side.object.comment = action->after->comment;
	if (action->changes & FIELD_VALUE)
		side.object.version = action->after->version;
	side.unknown = SIDE_MODIFIED;
	return side;
}

static struct side anew(const struct action *action)
{
	struct side side = side_of(action->after);

	side.unknown = SIDE_CREATED | SIDE_ID | SIDE_MODIFIED;
	if (side.object.kind == OBJECT_SECRET)
		side.unknown |= SIDE_STATUS;
	return side;
}

struct side side_after(const struct plan_row *row)
{
	switch (row->action ? action_kind(row->action) : ACTION_NONE) {
	case ACTION_NONE:
		break;
	case ACTION_ADOPT:
	case ACTION_UPDATE:
		return changed(row->action);
	case ACTION_CREATE:
	case ACTION_RENAME:
	case ACTION_REPLACE:
		return anew(row->action);
	case ACTION_DESTROY:
	case ACTION_FORGET:
		return (struct side){0};
	}
	return side_before(row);
}

/* ---- as JSON ---- */

static const struct given {
	enum side_unknown which;
	const char *key;
	size_t at; /* in the object */
} givens[] = {
	{SIDE_CREATED, "created", offsetof(struct object, created)},
	{SIDE_ID, "id", offsetof(struct object, id)},
	{SIDE_MODIFIED, "modified", offsetof(struct object, modified)},
	{SIDE_STATUS, "status", offsetof(struct object, status)},
};

/* Those of `which` that are known. */
static void put_given(struct json_writer *json, const struct side *side, unsigned which)
{
	for (size_t i = 0; i < ARRAY_SIZE(givens); i++)
		if (givens[i].which & which & ~side->unknown)
			json_put_text(json, givens[i].key,
				*(const char *const *)(const void *)((const char *)&side->object +
								     givens[i].at));
}

static void put_version(struct json_writer *json, const struct object *object)
{
	if (object->version)
		json_put_integer(json, "version", object->version);
	else
		json_put_null(json, "version");
}

void side_put(
	struct json_writer *json, const char *key, const struct side *side, const char *account_id)
{
	const struct object *object = &side->object;
	bool is_secret = object->kind == OBJECT_SECRET;

	if (!side->is_there) {
		json_put_null(json, key);
		return;
	}
	json_begin_object(json, key);
	json_put_text(json, "account_id", account_id);
	if (is_secret)
		json_put_text(json, "comment", object->comment);
	put_given(json, side, SIDE_CREATED | SIDE_ID | SIDE_MODIFIED);
	json_put_text(json, "name", terraform_name(object));
	if (is_secret) {
		fields_put_scopes(json, object->scopes);
		put_given(json, side, SIDE_STATUS);
		json_put_text(json, "store_name", object->store);
		json_put_null(json, "value");
		put_version(json, object);
	}
	json_end(json);
}

void side_put_unknown(struct json_writer *json, const char *key, const struct side *side)
{
	json_begin_object(json, key);
	for (size_t i = 0; i < ARRAY_SIZE(givens); i++)
		if (side->unknown & givens[i].which)
			json_put_bool(json, givens[i].key, true);
	json_end(json);
}

void side_put_sensitive(struct json_writer *json, const char *key, const struct side *side)
{
	if (!side->is_there) {
		json_put_bool(json, key, false);
		return;
	}
	json_begin_object(json, key);
	if (side->object.kind == OBJECT_SECRET)
		json_put_bool(json, "value", true);
	json_end(json);
}

void side_put_fields(struct json_writer *json, const char *key, unsigned fields)
{
	static const struct {
		enum object_field field;
		const char *word;
	} words[] = {{FIELD_VALUE, "value"}, {FIELD_SCOPES, "scopes"}, {FIELD_COMMENT, "comment"}};

	if (!fields)
		return;
	json_begin_array(json, key);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (fields & words[i].field)
			json_put_text(json, NULL, words[i].word);
	json_end(json);
}

void side_put_audit(struct json_writer *json, const struct audit *audit, bool names_person)
{
	json_begin_object(json, "modified");
	json_put_text(json, "by", audit->who);
	if (names_person && audit->person)
		json_put_text(json, "email", audit->person);
	json_put_text(json, "at", audit->time);
	json_put_text(json, "value", audit_value_word(audit->value));
	json_end(json);
}
