#include "plan/check.h"

#include <string.h>

static bool refuse(const struct action *action, const char *what, struct error *err)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, action_object(action));
	error_set(err, "the plan is not sound: %s: %s", str_text(&address), what);
	return error_hint(err, "This is a defect of cfprov; nothing was done. Please report it.");
}

/* What may become of a thing depends on whose it is. */
static bool check_parting(const struct action *action, struct error *err)
{
	enum action_kind kind = action_kind(action);
	bool is_managed = action->before && action->before->origin != ORIGIN_NONE;
	bool destroys = action_destroys(action);

	if (!action->after && !is_managed)
		return refuse(action, "what cfprov does not manage would be given up", err);
	if (destroys && (!is_managed || action_object(action)->prevent_destroy))
		return refuse(action, "what is protected or not managed would be destroyed", err);
	if (kind != ACTION_ADOPT && action->needs_consent)
		return refuse(action, "consent is asked for no adoption", err);
	if (kind == ACTION_RENAME && !is_managed)
		return refuse(action, "what cfprov does not manage would be renamed", err);
	return true;
}

/* What is there before and after is one object; only a rename gives a secret another name. */
static bool check_identity(const struct action *action, struct error *err)
{
	const struct object *before = action->before, *after = action->after;

	if (before && after &&
		(before->kind != after->kind || strcmp(before->account, after->account) != 0 ||
			strcmp(before->store, after->store) != 0 ||
			(action_kind(action) != ACTION_RENAME &&
				object_compare(before, after) != 0)))
		return refuse(action, "before and after are not the same object", err);
	if (action->changes && (!before || !after || after->kind != OBJECT_SECRET))
		return refuse(action, "what can't be changed would be", err);
	if (after && action_writes_value(action) && !after->value)
		return refuse(action, "a value would be written that has no source", err);
	return true;
}

/* A secret waits for its store, and goes with it only if that goes. */
static bool check_waits(const struct plan *plan, const struct action *action, struct error *err)
{
	const struct object *about = action_object(action);
	bool store_goes = false;

	for (size_t i = 0; i < action->wait_count; i++) {
		size_t index = action->waits_for[i];
		if (index >= (size_t)(action - plan->actions))
			return refuse(action, "it waits for what comes after it", err);
		const struct action *store = &plan->actions[index];
		const struct object *is = action_object(store);
		if (is->secret || !about->secret || strcmp(is->account, about->account) != 0 ||
			strcmp(is->store, about->store) != 0)
			return refuse(action, "it waits for what is not its store", err);
		store_goes |= action_destroys(store);
	}
	if (action->goes_with_store && (!store_goes || !action_destroys(action)))
		return refuse(action, "it would go with a store that stays", err);
	return true;
}

static bool check_action(const struct plan *plan, size_t index, struct error *err)
{
	const struct action *action = &plan->actions[index];

	if (!action->before && !action->after)
		return error_set(err, "the plan is not sound: an action is about nothing");
	if (index > 0 && object_compare(action_object(action - 1), action_object(action)) >= 0)
		return refuse(action, "it is out of order, or there twice", err);
	if (action->before && !action->before->id)
		return refuse(action, "what is there has no id", err);
	return check_identity(action, err) && check_waits(plan, action, err) &&
	       check_parting(action, err);
}

bool check_plan(const struct plan *plan, struct error *err)
{
	struct plan_counts counts = plan_count(plan);

	for (size_t i = 0; i < plan->action_count; i++)
		if (!check_action(plan, i, err))
			return false;
	if (memcmp(&counts, &plan->counts, sizeof(counts)) != 0)
		return error_set(err, "the plan is not sound: its counts do not add up");
	return true;
}
