#include "view.h"

#include "base/moment.h"

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

bool plan_share_next(struct plan_share *share, const struct plan *plan)
{
	size_t i = share->next_action;
	bool is_any = false;

	share->counts = (struct plan_counts){0};
	for (; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		const char *alias = action_object(action)->account;
		if (is_any && strcmp(alias, share->alias) != 0)
			break;
		if (action_kind(action) == ACTION_NONE)
			continue;
		struct plan_counts one = action_counts(action);
		plan_counts_add(&share->counts, &one);
		share->alias = alias;
		is_any = true;
	}
	share->next_action = i;
	return is_any;
}

const struct object *plan_row_before(const struct plan_row *row)
{
	if (row->refresh)
		return row->refresh->after;
	enum action_kind kind = action_kind(row->action);
	return kind == ACTION_CREATE || kind == ACTION_ADOPT ? NULL : row->action->before;
}

char *plan_former_address(const struct plan *plan, const struct action *action)
{
	bool is_rename = action_kind(action) == ACTION_RENAME;
	const struct object *was = is_rename ? action->before : action_object(action);
	const char *moved = plan_previous_address(plan, was);

	return moved ? mem_copy_text(moved) : is_rename ? object_address(was) : NULL;
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
	       moment_is_other(before->created, after->created) ||
	       moment_is_other(before->modified, after->modified);
}
