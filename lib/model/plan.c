#include "model/plan.h"

#include <stdarg.h>
#include <stdlib.h>

struct action *plan_add(struct plan *plan)
{
	plan->actions = mem_room(
		plan->actions, plan->action_count, &plan->action_room, sizeof(*plan->actions));
	struct action *action = &plan->actions[plan->action_count++];
	*action = (struct action){0};
	return action;
}

enum action_kind action_kind(const struct action *action)
{
	if (!action->after)
		return action->is_left_alive ? ACTION_FORGET : ACTION_DESTROY;
	if (!action->before)
		return ACTION_CREATE;
	if (action->before->origin == ORIGIN_NONE)
		return ACTION_ADOPT;
	if (action->is_replaced)
		return ACTION_REPLACE;
	if (object_compare(action->before, action->after) != 0)
		return ACTION_RENAME;
	return action->changes ? ACTION_UPDATE : ACTION_NONE;
}

const struct object *action_object(const struct action *action)
{
	return action->after ? action->after : action->before;
}

bool action_writes_value(const struct action *action)
{
	enum action_kind kind = action_kind(action);

	if (!action->after || action->after->kind != OBJECT_SECRET)
		return false;
	return kind == ACTION_CREATE || kind == ACTION_REPLACE || (action->changes & FIELD_VALUE);
}

bool action_destroys(const struct action *action)
{
	enum action_kind kind = action_kind(action);

	return kind == ACTION_DESTROY || kind == ACTION_REPLACE;
}

struct plan_counts action_counts(const struct action *action)
{
	switch (action_kind(action)) {
	case ACTION_CREATE:
		return (struct plan_counts){.add = 1};
	case ACTION_ADOPT:
		return (struct plan_counts){.import = 1, .change = action->changes != 0};
	case ACTION_UPDATE:
	case ACTION_RENAME:
		return (struct plan_counts){.change = 1};
	case ACTION_REPLACE:
		return (struct plan_counts){.add = 1, .destroy = 1};
	case ACTION_DESTROY:
		return (struct plan_counts){.destroy = 1};
	case ACTION_FORGET:
		return (struct plan_counts){.forget = 1};
	case ACTION_NONE:
		break;
	}
	return (struct plan_counts){0};
}

struct plan_counts plan_count(const struct plan *plan)
{
	struct plan_counts counts = {0};

	for (size_t i = 0; i < plan->action_count; i++) {
		struct plan_counts one = action_counts(&plan->actions[i]);
		plan_counts_add(&counts, &one);
	}
	return counts;
}

void plan_counts_add(struct plan_counts *counts, const struct plan_counts *more)
{
	counts->import += more->import;
	counts->add += more->add;
	counts->change += more->change;
	counts->destroy += more->destroy;
	counts->forget += more->forget;
}

void plan_add_drift(struct plan *plan, const struct object *recorded, const struct object *live)
{
	plan->drifts =
		mem_room(plan->drifts, plan->drift_count, &plan->drift_room, sizeof(*plan->drifts));
	plan->drifts[plan->drift_count++] = (struct drift){recorded, live};
}

void plan_add_refresh(struct plan *plan, const struct object *before, const struct object *after)
{
	plan->refreshes = mem_room(plan->refreshes, plan->refresh_count, &plan->refresh_room,
		sizeof(*plan->refreshes));
	plan->refreshes[plan->refresh_count++] = (struct refresh){before, after};
}

void plan_add_warning(struct plan *plan, const char *format, ...)
{
	struct str text CLEANUP(str_release) = {0};
	va_list arguments;

	va_start(arguments, format);
	str_format_list(&text, format, arguments);
	va_end(arguments);
	plan->warnings = mem_room((void *)plan->warnings, plan->warning_count, &plan->warning_room,
		sizeof(*plan->warnings));
	plan->warnings[plan->warning_count++] = arena_text(&plan->arena, str_text(&text));
}

void plan_add_move(struct plan *plan, const struct plan_move *move)
{
	plan->moves =
		mem_room(plan->moves, plan->move_count, &plan->move_room, sizeof(*plan->moves));
	plan->moves[plan->move_count++] = *move;
}

static int compare_moves(const void *a, const void *b)
{
	const struct plan_move *x = a, *y = b;

	return object_compare(x->object, y->object);
}

const char *plan_previous_address(const struct plan *plan, const struct object *object)
{
	const struct plan_move key = {.object = object}, *found = NULL;

	if (plan->move_count)
		found = bsearch(&key, plan->moves, plan->move_count, sizeof(*found), compare_moves);
	return found ? found->from : NULL;
}

bool plan_is_empty(const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	return counts->import + counts->add + counts->change + counts->destroy + counts->forget +
		       plan->move_count ==
	       0;
}

void plan_release(struct plan *plan)
{
	arena_release(&plan->arena);
	free(plan->actions);
	free(plan->drifts);
	free(plan->refreshes);
	free(plan->moves);
	free((void *)plan->warnings);
	*plan = (struct plan){0};
}
