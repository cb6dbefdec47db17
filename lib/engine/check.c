#include "engine/check.h"

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
	bool destroys = kind == ACTION_DESTROY || kind == ACTION_REPLACE;

	if (!action->after && !is_managed)
		return refuse(action, "what cfprov does not manage would be given up", err);
	if (destroys && (!is_managed || action_object(action)->prevent_destroy))
		return refuse(action, "what is protected or not managed would be destroyed", err);
	if (kind != ACTION_ADOPT && action->needs_consent)
		return refuse(action, "consent is asked for no adoption", err);
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
	if (action->before && action->after && object_compare(action->before, action->after) != 0)
		return refuse(action, "before and after are not the same object", err);
	return check_parting(action, err);
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
