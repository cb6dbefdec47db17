#include "model/plan.h"

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
	if (!action->before)
		return ACTION_CREATE;
	return action->before->origin == ORIGIN_NONE ? ACTION_ADOPT : ACTION_NONE;
}

const struct object *action_object(const struct action *action)
{
	return action->after ? action->after : action->before;
}

struct plan_counts plan_count(const struct plan *plan)
{
	struct plan_counts counts = {0};

	for (size_t i = 0; i < plan->action_count; i++) {
		switch (action_kind(&plan->actions[i])) {
		case ACTION_CREATE:
			counts.add++;
			break;
		case ACTION_ADOPT:
			counts.import++;
			break;
		case ACTION_NONE:
			break;
		}
	}
	return counts;
}

bool plan_is_empty(const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	return counts->import + counts->add + counts->change + counts->destroy + counts->forget ==
	       0;
}

void plan_release(struct plan *plan)
{
	arena_release(&plan->arena);
	free(plan->actions);
	free((void *)plan->unclaimed);
	*plan = (struct plan){0};
}
