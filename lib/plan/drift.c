#include "plan/drift.h"

#include "base/moment.h"

bool drift_reported(
	const struct plan_options *options, const struct row *row, struct drift *ret_drift)
{
	const struct object *recorded = row->recorded;
	unsigned kept = ~row->drift;

	/* Of an unresolved object nothing is known that could differ. */
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
	/* What the manifest ignores is shown as recorded. */
	if (!ret_drift->is_another) {
		now->modified = kept & FIELD_VALUE ? recorded->modified : now->modified;
		now->scopes = kept & FIELD_SCOPES ? recorded->scopes : now->scopes;
		now->comment = kept & FIELD_COMMENT ? recorded->comment : now->comment;
	}
	ret_drift->fields = object_drift(recorded, now);
	ret_drift->is_left = ret_drift->fields & FIELD_VALUE && !options->destroys_all &&
			     !options->refresh_only && row->desired &&
			     row->action <= ACTION_UPDATE && !(row->writes & FIELD_VALUE);
	return true;
}

bool drift_learned(const struct row *row, struct drift *ret_drift)
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
