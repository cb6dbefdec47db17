#include "plan/planner.h"

#include "adapter/table.h"
#include "plan/account_check.h"
#include "plan/decide.h"
#include "plan/removed.h"
#include "plan/selection.h"
#include "plan/store_limit.h"

#include <string.h>

/* ---- accounts ---- */

/*
 * An alias that means another account now would plan its stores into the wrong one; an account
 * under another alias would be planned as if nothing were recorded in it.
 */
static void check_accounts(struct planning *p)
{
	const struct model *desired = p->input->desired, *recorded = p->input->recorded;

	for (size_t i = 0; i < desired->account_count; i++) {
		const struct account *account = &desired->accounts[i];
		struct error err = {0};
		if (account_check(recorded, account, &err))
			continue;
		if (account->place.file)
			error_at(&err, account->place.file, account->place.line,
				account->place.column);
		error_move(error_list_add(p->errors), &err);
	}
	if (p->input->is_partial)
		return;
	if (removed_check_accounts(recorded, desired, p->errors))
		removed_find_mistakes(recorded, desired, p->plan, p->errors);
}

/* ---- objects ---- */

/* Walks two sorted rows: what is desired, and what is recorded in the accounts of this run. */
static void plan_objects(struct planning *p)
{
	const struct model *desired = p->input->desired, *recorded = p->input->recorded;
	size_t i = 0, j = 0;

	while (i < desired->object_count || j < recorded->object_count) {
		const struct object *d = i < desired->object_count ? &desired->objects[i] : NULL;
		const struct object *r = j < recorded->object_count ? &recorded->objects[j] : NULL;
		int order = d && r ? object_compare(d, r) : d ? -1 : 1;
		if (order < 0)
			r = NULL;
		if (order > 0)
			d = NULL;
		i += d != NULL;
		j += r != NULL;
		if (d || (r && model_account(desired, r->account)))
			decide(p, d, r);
		else if (r)
			decide_leaving(p, r);
	}
}

/* What has moved and is there yet. */
static void add_moves(struct planning *p)
{
	for (size_t i = 0; i < p->input->move_count; i++) {
		const struct plan_move *move = &p->input->moves[i];
		const struct object *to = move->object;
		if (model_object(p->input->recorded, to->account, to->store, to->secret))
			plan_add_move(p->plan, move);
	}
}

static void refuse_id(struct planning *p, const struct object *desired, const char *id,
	const struct object *other)
{
	struct str mine CLEANUP(str_release) = {0}, theirs CLEANUP(str_release) = {0};
	struct error *err = planning_error(p, &desired->place);

	object_add_address(&mine, desired);
	object_add_address(&theirs, other);
	error_set(err, "the %s %s has the id %s, which is that of %s",
		object_kind_word(desired->kind), str_text(&mine), id,
		planning_shown(p, str_text(&theirs)));
	error_hint(err, "One id is one object. Two aliases may be spellings of one account, or the "
			"state is out of date.");
}

/*
 * Adoptions must not give a state in which one id has two addresses: nobody could read it. Walks
 * two sorted rows: what lives, and the actions.
 */
static void check_adopted_ids(struct planning *p)
{
	const struct model *recorded = p->input->recorded, *live = p->input->live;
	const struct plan *plan = p->plan;
	struct table *known = NULL;

	for (size_t i = 0; i < recorded->object_count; i++)
		if (recorded->objects[i].id)
			table_put(&known, recorded->objects[i].id, &recorded->objects[i]);
	for (size_t i = 0, j = 0; i < live->object_count; i++) {
		struct object *object = &live->objects[i];
		while (j < plan->action_count &&
			object_compare(action_object(&plan->actions[j]), object) < 0)
			j++;
		if (j == plan->action_count || plan->actions[j].before != object)
			continue;
		const struct object *other = table_get(known, object->id);
		if (other && object_compare(other, object) != 0)
			refuse_id(p, action_object(&plan->actions[j]), object->id, other);
		else
			table_put(&known, object->id, object);
	}
	table_free(&known);
}

bool planner_plan(
	const struct planner_input *input, struct plan *ret_plan, struct error_list *errors)
{
	struct plan plan = {0};
	struct planning p = {.input = input, .plan = &plan, .errors = errors};
	size_t before = errors->count;

	check_accounts(&p);
	selection_check(&p);
	if (errors->count == before) {
		add_moves(&p);
		plan_objects(&p);
		store_limit_warn(input->desired, input->recorded, input->live, &plan);
	}
	plan.counts = plan_count(&plan);
	if (plan.counts.import && errors->count == before)
		check_adopted_ids(&p);
	if (errors->count != before) {
		plan_release(&plan);
		return false;
	}
	*ret_plan = plan;
	return true;
}
