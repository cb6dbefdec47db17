#include "engine/drift.h"

#include "base/moment.h"

#include <string.h>

const struct object *drift_current(
	struct planning *p, const struct object *recorded, const struct object *live)
{
	if (!object_lags(recorded, live))
		return live;
	struct object *current = arena_alloc(&p->plan->arena, sizeof(*current));
	*current = *live;
	current->modified = recorded->modified;
	current->scopes = recorded->scopes;
	current->comment = recorded->comment;
	current->status = recorded->status;
	return current;
}

/* ---- what the state is to learn ---- */

/*
 * A secret's `modified` stays that of our own last write, so that a later one is seen. If that is
 * not known, the last one is taken for ours.
 */
static void learn_secret(struct object *now, const struct object *live,
	const struct object *desired, const struct object *recorded)
{
	if ((object_drift(recorded, live) & FIELD_VALUE) &&
		(!recorded->is_unsure || recorded->is_strange))
		now->modified = recorded->modified;
	unsigned fields = object_differences(recorded, live);
	if (fields & FIELD_SCOPES)
		now->sent_scopes = NULL;
	if (fields & FIELD_COMMENT)
		now->sent_comment = NULL;
	now->audit = live->audit;
	now->scopes = live->scopes;
	now->comment = live->comment;
	now->status = live->status;
	if (!desired)
		return;
	bool is_adopted = !recorded->version && desired->value->kind == VALUE_GENERATE;
	if (desired->version < recorded->version || is_adopted)
		now->version = desired->version;
	if (desired->keeps_no_fingerprint)
		now->fingerprint = NULL;
	else if (desired->verdict == VALUE_SAME)
		now->fingerprint = desired->fingerprint;
}

/* With -refresh-only, a value that is not to be written again is taken as it is. */
static bool is_taken_for_right(const struct planning *p, const struct object *desired)
{
	return p->input->refresh_only && desired && desired->kind == OBJECT_SECRET &&
	       (desired->value->kind == VALUE_GENERATE || desired->is_written_once ||
		       desired->on_drift != ON_DRIFT_REWRITE);
}

void drift_learn(struct planning *p, const struct object *recorded, const struct object *live,
	const struct object *desired)
{
	const struct object *wish = p->input->refresh_only ? NULL : desired;
	struct object now = *recorded;

	/* The same moment written otherwise is nothing new. */
	now.created = moment_latest(recorded->created, live->created);
	now.modified = moment_latest(recorded->modified, live->modified);
	if (wish || recorded->kind == OBJECT_STORE)
		now.is_unsure = now.keeps_value = now.is_strange =
			false; /* else it would have an action */
	if (recorded->kind == OBJECT_SECRET)
		learn_secret(&now, live, wish, recorded);
	if (is_taken_for_right(p, desired)) {
		now.modified = moment_latest(recorded->modified, live->modified);
		now.is_strange = false;
		now.seen_modified = NULL;
	}
	if (wish) {
		now.prevent_destroy = wish->prevent_destroy;
		now.forget_on_remove = wish->forget_on_remove;
	}
	if (object_is_same(&now, recorded))
		return;
	struct object *after = arena_alloc(&p->plan->arena, sizeof(*after));
	*after = now;
	plan_add_refresh(p->plan, recorded, after);
}

/* ---- what people are told ---- */

/* Is there one in its store that was duplicated from it? Then we deleted it. */
static bool is_duplicated(const struct model *recorded, const struct object *secret)
{
	const struct object *end = recorded->objects + recorded->object_count;
	const struct object *it = model_object(recorded, secret->account, secret->store, NULL);

	for (; it && it < end && strcmp(it->account, secret->account) == 0 &&
		strcmp(it->store, secret->store) == 0;
		it++)
		if (it->former && secret->secret && strcmp(it->former, secret->secret) == 0)
			return true;
	return false;
}

/* Is it gone because it has another name by now? `moved` says so, or the state. */
static bool was_renamed(const struct planning *p, const struct trio *trio)
{
	const struct model *recorded = p->input->recorded;

	return !trio->live && trio->recorded &&
	       (renames_latter(p->input->renames, trio->recorded, recorded) ||
		       is_duplicated(recorded, trio->recorded));
}

/* What of a secret was changed outside that somebody wants to hear of. */
static unsigned told_differences(const struct planning *p, const struct trio *trio)
{
	unsigned fields = object_drift(trio->recorded, trio->live);
	const struct object *wish = trio->desired;

	if (trio->recorded->is_strange)
		fields &= FIELD_VALUE; /* the rest may be what we have written */
	if (!wish)
		wish = renames_latter(p->input->renames, trio->recorded, p->input->desired);
	return wish && wish->on_drift == ON_DRIFT_IGNORE ? fields & ~(unsigned)FIELD_VALUE : fields;
}

void drift_tell(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded, *live = trio->live;

	if (!recorded || (recorded->is_unsure && !recorded->is_strange) || was_renamed(p, trio))
		return;
	if (!trio->is_same) {
		if (live || recorded->id)
			plan_add_drift(p->plan, recorded, live);
		return;
	}
	unsigned fields = told_differences(p, trio);
	struct object *told = arena_alloc(&p->plan->arena, sizeof(*told));
	*told = *live;
	if (!(fields & FIELD_VALUE))
		told->modified = recorded->modified; /* as if nobody had written it */
	if (recorded->is_strange) {
		told->scopes = recorded->scopes;
		told->comment = recorded->comment;
	}
	if (fields)
		plan_add_drift(p->plan, recorded, told);
}
