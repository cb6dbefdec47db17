#include "engine/record.h"

bool record_is_strange(const struct action *action)
{
	const struct object *known = action->before;

	return known && action->live && !(action->changes & FIELD_VALUE) &&
	       (!known->is_unsure || known->is_strange) &&
	       (object_drift(known, action->live) & FIELD_VALUE);
}

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
	if (record_is_strange(action))
		object->modified = known->modified;
	if (action->is_unverified)
		object->fingerprint = NULL; /* it would claim what nobody has checked */
	if (!object->fingerprint && !is_renamed && !action->after->keeps_no_fingerprint)
		object->fingerprint = known->fingerprint;
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
	if (object.kind == OBJECT_SECRET)
		record_value(action, &object);
	object_keep(arena, &object);
	*ret_object = object;
}
