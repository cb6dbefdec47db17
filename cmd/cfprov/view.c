#include "view.h"

#include "base/moment.h"

#include <string.h>

struct plan_view plan_view(const struct session *session)
{
	return (struct plan_view){
		.plan = &session->plan,
		.accounts = &session->desired,
		.destroys_all = session->input.options.destroys_all,
		.refresh_only = session->input.options.refresh_only,
		.is_partial = session->is_partial,
		.has_failed = session->has_failed,
		.max_bytes = session->cli->max_bytes,
	};
}

bool view_is_empty(const struct plan_view *view)
{
	return plan_is_empty(view->plan) && !(view->refresh_only && view->plan->learned);
}

bool view_is_change(const struct row *row)
{
	return row->action != ACTION_NONE && !row->renamed_to;
}

bool view_is_move(const struct row *row)
{
	return row->moved_from && !row->copies;
}

const struct object *view_written(const struct row *row)
{
	bool is_kept = row->copies || row->action == ACTION_ADOPT || row->action == ACTION_UPDATE;

	return is_kept ? row->live : NULL;
}

bool view_drift(const struct plan_view *view, const struct row *row, struct drift *ret_drift)
{
	const struct object *recorded = row->recorded;
	unsigned kept = ~row->drift;

	/* Without an id it was requested, and nobody saw the answer: nothing is known to differ. */
	if (!row->drift || !recorded->id)
		return false;
	*ret_drift = (struct drift){
		.recorded = recorded,
		.is_gone = row->drift & DRIFT_GONE,
		.is_another = row->drift & DRIFT_REPLACED,
	};
	if (ret_drift->is_gone)
		return true;
	struct object *now = &ret_drift->now;
	*now = *row->live;
	/* What the manifest ignores is shown as it is recorded. */
	if (!ret_drift->is_another) {
		now->modified = kept & FIELD_VALUE ? recorded->modified : now->modified;
		now->scopes = kept & FIELD_SCOPES ? recorded->scopes : now->scopes;
		now->comment = kept & FIELD_COMMENT ? recorded->comment : now->comment;
	}
	ret_drift->fields = object_drift(recorded, now);
	ret_drift->is_left = ret_drift->fields & FIELD_VALUE && !view->destroys_all &&
			     !view->refresh_only && row->desired && row->action <= ACTION_UPDATE &&
			     !(row->writes & FIELD_VALUE);
	return true;
}

bool view_learned_drift(const struct row *row, struct drift *ret_drift)
{
	const struct object *recorded = row->recorded, *learned = row->learned;

	if (row->drift || !row->learns || !recorded->id)
		return false;
	*ret_drift = (struct drift){.recorded = recorded, .is_gone = !learned};
	if (!learned)
		return true;
	ret_drift->now = *learned;
	ret_drift->fields = object_drift(recorded, learned);
	return recorded->kind == OBJECT_SECRET
		       ? ret_drift->fields != 0
		       : moment_is_other(recorded->created, learned->created) ||
				 moment_is_other(recorded->modified, learned->modified);
}

bool plan_share_next(struct plan_share *share, const struct plan *plan)
{
	bool is_any = false;

	share->counts = (struct plan_counts){0};
	for (; share->next_row < plan->row_count; share->next_row++) {
		const struct row *row = &plan->rows[share->next_row];
		const char *alias = row_object(row)->account;
		if (!view_is_change(row))
			continue;
		if (is_any && strcmp(alias, share->alias) != 0)
			break;
		struct plan_counts one = row_counts(row);
		plan_counts_add(&share->counts, &one);
		share->alias = alias;
		is_any = true;
	}
	return is_any;
}
