#include "engine/record.h"

#include "base/text.h"

#include <string.h>

/*
 * True if someone else wrote the current value and the action does not overwrite it. That must not
 * be lost because the secret is written otherwise.
 */
static bool is_strange(const struct action *action)
{
	const struct object *known = action->before;

	return known && action->live && !(action->changes & FIELD_VALUE) &&
	       (!known->is_unsure || known->is_strange) &&
	       (object_drift(known, action->live) & FIELD_VALUE);
}

/* ---- before: what it is if nobody sees the end of it ---- */

/* Of what is changed or destroyed. */
static const struct object *unsure(const struct action *action, struct arena *arena)
{
	struct object *object = arena_alloc(arena, sizeof(*object));

	*object = *action->before;
	if (object->origin == ORIGIN_NONE)
		object->origin = ORIGIN_ADOPTED;
	if (action->after) {
		object->prevent_destroy = action->after->prevent_destroy;
		object->forget_on_remove = action->after->forget_on_remove;
	}
	if (object->kind == OBJECT_SECRET)
		object->keeps_value = (!object->is_unsure || object->keeps_value) &&
				      !(action->changes & FIELD_VALUE);
	object->is_unsure = true;
	object->is_strange = object->keeps_value && is_strange(action);
	return object;
}

/* What a rename makes; its value is another one only after one more request. */
static const struct object *renamed(const struct action *action, struct arena *arena)
{
	struct object *object = arena_alloc(arena, sizeof(*object));

	*object = *action->after;
	object->origin = action->before->origin;
	object->former = action->before->secret;
	object->is_strange = is_strange(action);
	if (object->is_strange)
		object->modified = action->before->modified;
	object->is_unsure = (action->changes & FIELD_VALUE) != 0;
	if (object->is_unsure || action->is_unverified)
		object->fingerprint = NULL;
	if (action->before->version < object->version)
		object->version = action->before->version;
	return object;
}

/* What replaces something is left with what is left of its renaming. */
static const struct object *replacement(const struct action *action, struct arena *arena)
{
	struct object *object = arena_alloc(arena, sizeof(*object));

	*object = *action->after;
	object->former = action->before->former;
	return object;
}

struct intent record_intent(const struct action *action, struct arena *arena)
{
	switch (action_kind(action)) {
	case ACTION_CREATE:
		return (struct intent){INTENT_CREATE, action->after, NULL};
	case ACTION_REPLACE:
		return (struct intent){INTENT_CREATE, replacement(action, arena), action->before};
	case ACTION_RENAME:
		return (struct intent){INTENT_CREATE, renamed(action, arena), NULL};
	case ACTION_UPDATE:
	case ACTION_DESTROY:
		return (struct intent){INTENT_UPDATE, unsure(action, arena), NULL};
	case ACTION_ADOPT:
		if (action->changes)
			return (struct intent){INTENT_UPDATE, unsure(action, arena), NULL};
		break;
	case ACTION_FORGET:
	case ACTION_NONE:
		break;
	}
	return (struct intent){INTENT_RECORD, action_object(action), NULL};
}

/* ---- afterwards ---- */

/* Of a secret: which fingerprint and version go with the value that it has now? */
static void record_value(const struct action *action, struct object *object)
{
	bool is_renamed = action_kind(action) == ACTION_RENAME;
	const struct object *known = action->before;

	object->fingerprint = action->after->fingerprint;
	object->version = action->after->version;
	if (action_writes_value(action) || !known)
		return;
	bool is_adopted = !known->version && action->after->value->kind == VALUE_GENERATE;
	if (known->version < object->version && !is_adopted)
		object->version = known->version;
	if (is_strange(action)) {
		object->seen_modified = object->modified;
		object->modified = known->modified;
	}
	if (action->is_unverified)
		object->fingerprint = NULL; /* it would claim what nobody has checked */
	if (!object->fingerprint && !is_renamed && !action->after->keeps_no_fingerprint)
		object->fingerprint = known->fingerprint;
}

/* Of FIELD_SCOPES and FIELD_COMMENT. */
static unsigned sent_fields(const struct action *action)
{
	switch (action_kind(action)) {
	case ACTION_CREATE:
	case ACTION_REPLACE:
	case ACTION_RENAME:
		return FIELD_SCOPES | FIELD_COMMENT;
	case ACTION_NONE:
	case ACTION_ADOPT:
	case ACTION_UPDATE:
	case ACTION_DESTROY:
	case ACTION_FORGET:
		break;
	}
	/* A comment that could not be cleared is an error, which the runner tells. */
	unsigned cleared = action->after->comment ? 0 : FIELD_COMMENT;
	return action->changes & (FIELD_SCOPES | FIELD_COMMENT) & ~cleared;
}

/* What was sent and stored otherwise, now or, of what is left as it is, before. */
static void record_sent(const struct action *action, struct object *object)
{
	const struct object *wanted = action->after, *known = action->before;
	unsigned sent = sent_fields(action);
	unsigned differs = object_differences(wanted, object);
	unsigned still = known ? differs & ~object_to_write(wanted, known, object) : 0;

	if (differs & (sent | still) & FIELD_SCOPES)
		object->sent_scopes = wanted->scopes;
	if (differs & (sent | still) & FIELD_COMMENT)
		object->sent_comment = wanted->comment ? wanted->comment : "";
}

static void add_quoted(struct str *out, const char *text)
{
	enum { COLUMNS = 60 };

	str_char(out, '"');
	text_add_visible(out, text ? text : "", text ? strlen(text) : 0, COLUMNS);
	str_char(out, '"');
}

void record_add_warning(struct str *out, const struct action *action, const struct object *object)
{
	const struct {
		unsigned field;
		const char *word, *sent, *stored;
	} fields[] = {
		{FIELD_SCOPES, "scopes", object->sent_scopes, object->scopes},
		{FIELD_COMMENT, "comment", object->sent_comment, object->comment},
	};
	char *address AUTO_FREE = object_address(object);
	unsigned sent = action->after ? sent_fields(action) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!(sent & fields[i].field) || !fields[i].sent)
			continue;
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

/*
 * An answer may come from a list that lags. Then it does not show what an update has just written,
 * nor when; what was sent is what there is.
 */
static void record_over_lag(const struct action *action, struct object *object)
{
	const struct object *wanted = action->after, *known = action->before;

	if (!known || action_kind(action) != ACTION_UPDATE || !object_lags(known, object))
		return;
	object->modified = NULL;
	object->scopes = action->changes & FIELD_SCOPES ? wanted->scopes : known->scopes;
	object->comment = action->changes & FIELD_COMMENT ? wanted->comment : known->comment;
}

void record_done(const struct action *action, const struct object *is_now, struct arena *arena,
	struct object *ret_object)
{
	enum action_kind kind = action_kind(action);
	struct object object = *is_now;
	const struct object *wanted = action->after, *before = action->before;

	object.kind = wanted->kind;
	object.account = wanted->account;
	object.store = wanted->store;
	object.secret = wanted->secret;
	object.prevent_destroy = wanted->prevent_destroy;
	object.forget_on_remove = wanted->forget_on_remove;
	object.origin = kind == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	if (before && (kind == ACTION_UPDATE || kind == ACTION_RENAME))
		object.origin = before->origin;
	if (before)
		object.former = before->former;
	if (object.kind == OBJECT_SECRET) {
		record_over_lag(action, &object);
		record_value(action, &object);
		record_sent(action, &object);
	}
	object_keep(arena, &object);
	*ret_object = object;
}
