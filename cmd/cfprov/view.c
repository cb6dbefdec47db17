#include "view.h"

#include <string.h>

struct plan_view plan_view(const struct session *session, enum planning_mode mode)
{
	return (struct plan_view){
		.plan = &session->plan,
		.accounts = &session->desired,
		.mode = mode,
		.is_partial = session->is_partial,
		.has_failed = session->has_failed,
		.max_bytes = session->cli->max_bytes,
	};
}

bool plan_row_next(struct plan_row *row, const struct plan *plan)
{
	bool has_action = row->next_action < plan->action_count;
	bool has_refresh = row->next_refresh < plan->refresh_count;

	if (!has_action && !has_refresh)
		return false;
	row->action = has_action ? &plan->actions[row->next_action] : NULL;
	row->refresh = has_refresh ? &plan->refreshes[row->next_refresh] : NULL;
	if (has_action && has_refresh) {
		int order = object_compare(action_object(row->action), row->refresh->before);
		if (order > 0)
			row->action = NULL;
		if (order < 0)
			row->refresh = NULL;
	}
	row->next_action += row->action != NULL;
	row->next_refresh += row->refresh != NULL;
	return true;
}

const struct object *plan_row_before(const struct plan_row *row)
{
	if (row->refresh)
		return row->refresh->after;
	enum action_kind kind = action_kind(row->action);
	return kind == ACTION_CREATE || kind == ACTION_ADOPT ? NULL : row->action->before;
}

char *plan_former_address(const struct action *action)
{
	return action_kind(action) == ACTION_RENAME ? object_address(action->before) : NULL;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool refresh_is_drift(const struct refresh *refresh)
{
	const struct object *before = refresh->before, *after = refresh->after;

	if (!before->id) /* asked for once, and never made */
		return false;
	if (after && before->kind == OBJECT_SECRET && is_same_text(before->id, after->id))
		return object_drift(before, after) != 0;
	return !after || !is_same_text(before->id, after->id) ||
	       !is_same_text(before->created, after->created) ||
	       !is_same_text(before->modified, after->modified);
}
