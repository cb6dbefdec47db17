#include "plan/record.h"

#include "base/moment.h"
#include "base/text.h"

#include <string.h>

/* The object before the action; for a duplicate, the original. */
static const struct object *known_of(const struct row *row)
{
	return row->copies ? row->copies : row_before(row);
}

/*
 * True if someone else wrote the current value and this action does not overwrite it. Writing other
 * fields of the secret must not hide that.
 */
static bool has_foreign_value(const struct row *row)
{
	const struct object *known = known_of(row);

	return known && row->live && known->kind == OBJECT_SECRET && !(row->writes & FIELD_VALUE) &&
	       (known->doubt == DOUBT_NONE || known->doubt == DOUBT_FOREIGN) &&
	       (object_drift(known, row->live) & FIELD_VALUE);
}

/* ---- before ---- */

/* For what is changed or destroyed. */
static const struct object *in_doubt(const struct row *row, struct arena *arena)
{
	const struct object *before = row_before(row);
	struct object *object = arena_alloc(arena, sizeof(*object));
	bool value_is_open = before->doubt == DOUBT_VALUE || (row->writes & FIELD_VALUE);

	*object = *before;
	object->requested_ms = 0; /* that of an earlier request does not count */
	if (object->origin == ORIGIN_NONE)
		object->origin = ORIGIN_ADOPTED;
	if (row->desired) {
		object->prevent_destroy = row->desired->prevent_destroy;
		object->forget_on_remove = row->desired->forget_on_remove;
	}
	if (object->kind == OBJECT_SECRET && value_is_open)
		object->doubt = DOUBT_VALUE;
	else
		object->doubt = has_foreign_value(row) ? DOUBT_FOREIGN : DOUBT_REST;
	return object;
}

/*
 * Lends what has, or had, the name before a create; NULL: nothing. What is found later under its id
 * is not the new object. A live one that is not the recorded one is not ours: only its id counts.
 */
static const struct object *replaced_by(const struct row *row, struct arena *arena)
{
	const struct object *recorded = row->recorded && row->recorded->id ? row->recorded : NULL;

	if (row->copies)
		return NULL; /* `live` is the original */
	if (!row->live || row_is_same(row))
		return recorded;
	struct object *unmanaged = arena_alloc(arena, sizeof(*unmanaged));
	*unmanaged = (struct object){.kind = row->live->kind, .id = row->live->id};
	return unmanaged;
}

/* For what is created. A duplicate gets a new value only by a second request. */
static const struct object *unresolved(const struct row *row, struct arena *arena)
{
	const struct object *wanted = row->desired, *copied = row->copies;
	const struct object *replaced = replaced_by(row, arena);

	/* There may be 100,000 of them: what is desired of a store is what is recorded. */
	if (wanted->kind == OBJECT_STORE && row->action == ACTION_CREATE && !replaced)
		return wanted;
	struct object *object = arena_alloc(arena, sizeof(*object));
	*object = (struct object){.kind = wanted->kind,
		.account = wanted->account,
		.store = wanted->store,
		.secret = wanted->secret,
		.fingerprint = wanted->fingerprint,
		.version = wanted->version,
		.prevent_destroy = wanted->prevent_destroy,
		.forget_on_remove = wanted->forget_on_remove,
		.replaced = replaced};
	if (row->action == ACTION_REPLACE)
		object->former = row->recorded->former;
	if (!copied)
		return object;
	object->origin = copied->origin;
	object->former = copied->secret;
	if ((row->writes & FIELD_VALUE) || (row->notes & ROW_UNVERIFIED))
		object->fingerprint = NULL;
	if (row->writes & FIELD_VALUE) {
		object->doubt = DOUBT_VALUE;
	} else if (has_foreign_value(row)) {
		object->doubt = DOUBT_FOREIGN;
		object->modified = copied->modified;
	}
	if (copied->version < object->version)
		object->version = copied->version;
	return object;
}

struct change record_intent(const struct row *row, struct arena *arena)
{
	switch (row->action) {
	case ACTION_CREATE:
	case ACTION_REPLACE:
		return (struct change){CHANGE_PUT, unresolved(row, arena)};
	case ACTION_UPDATE:
	case ACTION_DESTROY:
		return (struct change){CHANGE_PUT, in_doubt(row, arena)};
	case ACTION_ADOPT:
		if (row->writes)
			return (struct change){CHANGE_PUT, in_doubt(row, arena)};
		break;
	case ACTION_FORGET:
	case ACTION_NONE:
		break;
	}
	return (struct change){CHANGE_KEEP, row_object(row)};
}

/* ---- afterwards ---- */

/* True if cfprov did not generate the value, and so will never write it. */
static bool is_generated_elsewhere(const struct object *known, const struct object *desired)
{
	return !known->version && desired->value->kind == VALUE_GENERATE;
}

/* Sets the fingerprint and the version of the secret's current value. */
static void record_value(const struct row *row, struct object *object)
{
	const struct object *known = known_of(row), *desired = row->desired;

	object->fingerprint = desired->fingerprint;
	object->version = desired->version;
	if (row_sends_value(row) || !known)
		return;
	if (known->version < object->version && !is_generated_elsewhere(known, desired))
		object->version = known->version;
	if (has_foreign_value(row)) {
		object->seen_modified = object->modified;
		object->modified = known->modified;
	}
	if (row->notes & (ROW_UNVERIFIED | ROW_NOT_COMPARED))
		object->fingerprint = NULL; /* that of the manifest's value may be wrong */
	if (!object->fingerprint && !row->copies && !desired->keeps_no_fingerprint)
		object->fingerprint = known->fingerprint;
}

/* Which of FIELD_SCOPES and FIELD_COMMENT the row sends. */
static unsigned sent_fields(const struct row *row)
{
	bool is_created = row->action == ACTION_CREATE || row->action == ACTION_REPLACE;
	unsigned sent = (is_created ? ~0U : row->writes) & (FIELD_SCOPES | FIELD_COMMENT);
	bool clears_comment = (row->writes & FIELD_COMMENT) && !row->desired->comment;

	/* If a comment can't be cleared, the runner reports an error. */
	return clears_comment ? sent & ~(unsigned)FIELD_COMMENT : sent;
}

/* Sets sent_*: what was not stored as sent, by this action or, if it left the field alone, before.
 */
static void record_sent(const struct row *row, struct object *object)
{
	const struct object *wanted = row->desired, *known = known_of(row);
	unsigned sent = sent_fields(row);
	unsigned differs = object_differences(wanted, object);
	unsigned still = known ? differs & ~object_to_write(wanted, known, object) : 0;

	if (differs & (sent | still) & FIELD_SCOPES)
		object->sent_scopes = wanted->scopes;
	if (differs & (sent | still) & FIELD_COMMENT)
		object->sent_comment = wanted->comment ? wanted->comment : "";
}

/*
 * The answer may come from a list that lags behind the update. Then what was sent is recorded, and
 * no date.
 */
static void record_over_lag(const struct row *row, struct object *object)
{
	const struct object *wanted = row->desired, *known = row->recorded;

	if (row->action != ACTION_UPDATE || !object_lags(known, object))
		return;
	object->modified = NULL;
	object->scopes = row->writes & FIELD_SCOPES ? wanted->scopes : known->scopes;
	object->comment = row->writes & FIELD_COMMENT ? wanted->comment : known->comment;
}

void record_done(const struct row *row, const struct object *is_now, struct arena *arena,
	struct object *ret_object)
{
	const struct object *wanted = row->desired, *known = known_of(row);
	struct object object = *is_now;

	object.kind = wanted->kind;
	object.account = object.store = object.secret = NULL;
	object.prevent_destroy = wanted->prevent_destroy;
	object.forget_on_remove = wanted->forget_on_remove;
	object.origin = row->action == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	if (row->copies || row->action == ACTION_UPDATE)
		object.origin = known->origin;
	/* The original still exists: its own row destroys it. */
	object.former = row->copies ? row->copies->secret : known ? known->former : NULL;
	if (object.kind == OBJECT_SECRET) {
		record_over_lag(row, &object);
		record_value(row, &object);
		record_sent(row, &object);
	}
	object_keep(arena, &object);
	object.account = wanted->account;
	object.store = wanted->store;
	object.secret = wanted->secret;
	*ret_object = object;
}

void record_unfinished(const struct row *row, const struct object *is_now, enum doubt doubt,
	struct arena *arena, struct object *ret_object)
{
	record_done(row, is_now, arena, ret_object);
	ret_object->doubt = doubt == DOUBT_REST && has_foreign_value(row) ? DOUBT_FOREIGN : doubt;
	if (doubt != DOUBT_VALUE)
		return;
	ret_object->fingerprint = NULL;
	ret_object->version = known_of(row)->version;
}

bool record_is_replaced(const struct object *unresolved, const struct object *found)
{
	return unresolved->replaced && strcmp(unresolved->replaced->id, found->id) == 0;
}

struct change record_recovered(
	const struct object *unresolved, const struct object *found, struct arena *arena)
{
	const struct object *replaced = unresolved->replaced;
	struct object *now = arena_alloc(arena, sizeof(*now));

	if (record_is_replaced(unresolved, found)) {
		if (replaced->origin == ORIGIN_NONE)
			return (struct change){CHANGE_DROP, unresolved};
		*now = *replaced; /* it was not destroyed */
		now->account = unresolved->account;
		now->store = unresolved->store;
		now->secret = unresolved->secret;
		return (struct change){CHANGE_PUT, now};
	}
	*now = *found;
	now->origin = unresolved->origin == ORIGIN_NONE ? ORIGIN_CREATED : unresolved->origin;
	now->fingerprint = unresolved->fingerprint;
	now->former = unresolved->former;
	now->version = unresolved->version;
	now->prevent_destroy = unresolved->prevent_destroy;
	now->forget_on_remove = unresolved->forget_on_remove;
	if (unresolved->doubt == DOUBT_FOREIGN)
		now->modified = unresolved->modified; /* still that of our own last write */
	if (unresolved->doubt == DOUBT_VALUE) {
		now->doubt = DOUBT_VALUE;
		now->requested_ms = unresolved->requested_ms;
	}
	return (struct change){CHANGE_PUT, now};
}

/* ---- without a request ---- */

bool record_became_active(
	const struct object *recorded, const struct object *live, struct object *ret_now)
{
	if (!recorded->id || strcmp(recorded->id, live->id) != 0 ||
		!object_became_ready(recorded, live))
		return false;
	*ret_now = *recorded;
	ret_now->status = live->status;
	if (!object_has_foreign_value(recorded))
		ret_now->modified = moment_latest(recorded->modified, live->modified);
	return true;
}

/*
 * `modified` stays that of our own last write, so that a later write is noticed. If that is
 * unknown, the last write counts as ours.
 */
static void learn_secret(struct object *now, const struct row *row, const struct object *desired)
{
	const struct object *live = row->live, *recorded = row->recorded;
	unsigned fields = object_differences(recorded, live);

	if ((object_drift(recorded, live) & FIELD_VALUE) &&
		(recorded->doubt == DOUBT_NONE || recorded->doubt == DOUBT_FOREIGN))
		now->modified = recorded->modified;
	if (fields & FIELD_SCOPES)
		now->sent_scopes = NULL;
	if (fields & FIELD_COMMENT)
		now->sent_comment = NULL;
	now->audit = live->audit;
	now->scopes = live->scopes;
	now->comment = live->comment;
	now->status = live->status;
	if (!desired)
		return;
	if (desired->version < recorded->version || is_generated_elsewhere(recorded, desired))
		now->version = desired->version;
	if (desired->keeps_no_fingerprint)
		now->fingerprint = NULL;
	else if (desired->verdict == VALUE_SAME)
		now->fingerprint = desired->fingerprint;
}

/* True if the manifest would not overwrite the secret's value, whoever wrote it. */
static bool accepts_any_value(const struct object *desired)
{
	return desired && desired->kind == OBJECT_SECRET &&
	       (desired->value->kind == VALUE_GENERATE || desired->is_written_once ||
		       desired->on_drift != ON_DRIFT_REWRITE);
}

const struct object *record_learned(const struct row *row, bool refresh_only, struct arena *arena)
{
	const struct object *recorded = row->recorded, *live = row->live;
	const struct object *desired = refresh_only ? NULL : row->desired;
	struct object now = *recorded;

	/* The same moment in another notation is nothing new. */
	now.created = moment_latest(recorded->created, live->created);
	now.modified = moment_latest(recorded->modified, live->modified);
	if (desired || recorded->kind == OBJECT_STORE)
		now.doubt = DOUBT_NONE; /* if a secret's doubt mattered, there would be an action */
	if (recorded->kind == OBJECT_SECRET)
		learn_secret(&now, row, desired);
	if (refresh_only && accepts_any_value(row->desired)) {
		now.modified = moment_latest(recorded->modified, live->modified);
		now.seen_modified = NULL;
		if (now.doubt == DOUBT_FOREIGN)
			now.doubt = DOUBT_REST;
	}
	if (now.doubt == DOUBT_NONE && recorded->doubt != DOUBT_NONE)
		now.requested_ms = 0;
	if (desired) {
		now.prevent_destroy = desired->prevent_destroy;
		now.forget_on_remove = desired->forget_on_remove;
	}
	if (object_is_same(&now, recorded))
		return NULL;
	struct object *learned = arena_alloc(arena, sizeof(*learned));
	*learned = now;
	return learned;
}

/* ---- for people ---- */

static void add_quoted(struct str *out, const char *text)
{
	enum { COLUMNS = 60 };

	str_char(out, '"');
	text_add_visible(out, text ? text : "", text ? strlen(text) : 0, COLUMNS);
	str_char(out, '"');
}

void record_add_warning(struct str *out, const struct row *row, const struct object *object)
{
	const struct {
		unsigned field;
		const char *word, *sent, *stored;
	} fields[] = {
		{FIELD_SCOPES, "scopes", object->sent_scopes, object->scopes},
		{FIELD_COMMENT, "comment", object->sent_comment, object->comment},
	};
	unsigned sent = row->desired ? sent_fields(row) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!(sent & fields[i].field) || !fields[i].sent)
			continue;
		char *address AUTO_FREE = object_address(object);
		str_format(out, "%sCloudflare stored the %s of ", out->length ? ". " : "",
			fields[i].word);
		text_add_visible(out, address, strlen(address), 0);
		str_text_add(out, " as ");
		add_quoted(out, fields[i].stored);
		str_text_add(out, ", not as ");
		add_quoted(out, fields[i].sent);
	}
	if (out->length)
		str_text_add(out, ". It will be sent again only if it changes.");
}
