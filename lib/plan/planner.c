#include "plan/planner.h"

#include "adapter/table.h"
#include "base/text.h"
#include "plan/account_check.h"
#include "plan/bindings.h"
#include "plan/planning.h"
#include "plan/removed.h"
#include "plan/selection.h"
#include "plan/store_limit.h"

#include <stdarg.h>
#include <string.h>

const char *planning_shown(struct planning *p, const char *text)
{
	struct str visible CLEANUP(str_release) = {0};

	text_add_visible(&visible, text, strlen(text), 120);
	return arena_text(&p->plan->arena, str_text(&visible));
}

const char *planning_address(struct planning *p, const struct object *object)
{
	char *address AUTO_FREE = object_address(object);

	return planning_shown(p, address);
}

void planning_refuse(
	struct planning *p, const struct place *place, const char *hint, const char *format, ...)
{
	struct error *err = error_list_add(p->errors);
	struct str text CLEANUP(str_release) = {0};
	va_list arguments;

	va_start(arguments, format);
	str_format_list(&text, format, arguments);
	va_end(arguments);
	error_set(err, "%s", str_text(&text));
	if (hint)
		error_hint(err, "%s", hint);
	if (place && place->file)
		error_at(err, place->file, place->line, place->column);
}

/* ---- accounts ---- */

/*
 * If an alias meant another account, its stores would be planned for the wrong one. If an account
 * had another alias, it would be planned as if nothing were recorded in it.
 */
static void check_accounts(struct planning *p)
{
	const struct model *desired = p->input->desired, *recorded = p->input->recorded;
	struct table *known = NULL; /* by id: account_check is linear, so new accounts skip it */

	for (size_t i = 0; i < recorded->account_count; i++)
		table_put(&known, recorded->accounts[i].id, &recorded->accounts[i]);
	for (size_t i = 0; i < desired->account_count; i++) {
		const struct account *account = &desired->accounts[i];
		struct error err = {0};
		bool is_new =
			!model_account(recorded, account->alias) && !table_get(known, account->id);
		if (is_new || account_check(recorded, account, &err))
			continue;
		if (account->place.file)
			error_at(&err, account->place.file, account->place.line,
				account->place.column);
		error_move(error_list_add(p->errors), &err);
	}
	table_free(&known);
	if (p->input->options.is_partial)
		return;
	if (removed_check_accounts(recorded, desired, p->errors))
		removed_find_mistakes(recorded, desired, p->plan, p->errors);
}

/* ---- objects ---- */

/* Merges the sorted desired and recorded objects. */
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
		if (r && !d && !model_account(desired, r->account))
			decide_unreachable(p, r);
		else
			decide(p, d, r);
	}
}

/* Sets each row's previous address, by the moves in the state or by a rename. */
static void add_moves(struct planning *p)
{
	size_t left = p->input->move_count;
	const struct moved *moves = p->input->moves;

	for (size_t i = 0; i < p->plan->row_count && left; i++) {
		struct row *row = &p->plan->rows[i];
		for (; left && object_compare(moves->object, row_object(row)) < 0; left--)
			moves++;
		if (left && row->recorded && object_compare(moves->object, row->recorded) == 0)
			row->moved_from = moves->from;
	}
	for (size_t i = 0; i < p->plan->row_count; i++) {
		struct row *row = &p->plan->rows[i];
		if (!row->copies)
			continue;
		const struct row *old = plan_find(p->plan, row->copies);
		char *address AUTO_FREE = object_address(row->copies);
		row->moved_from = old && old->moved_from ? old->moved_from
							 : arena_text(&p->plan->arena, address);
	}
}

/* Collects the addresses of which recorded secrets are duplicates. */
static void find_formers(struct planning *p)
{
	const struct model *recorded = p->input->recorded;

	for (size_t i = 0; i < recorded->object_count; i++) {
		struct object former = recorded->objects[i];
		if (!former.former)
			continue;
		former.secret = former.former;
		char *address AUTO_FREE = object_address(&former);
		table_put(&p->formers, arena_text(&p->plan->arena, address), p);
	}
}

/* A state in which one id has two addresses would be invalid; adoptions must not make one. */
static void check_adopted_ids(struct planning *p)
{
	const struct model *recorded = p->input->recorded, *live = p->input->live;
	struct table *known = NULL;

	for (size_t i = 0; i < recorded->object_count; i++)
		if (recorded->objects[i].id)
			table_put(&known, recorded->objects[i].id, &recorded->objects[i]);
	for (size_t i = 0; i < p->plan->row_count; i++) {
		struct row *row = &p->plan->rows[i];
		if (row->action != ACTION_ADOPT)
			continue;
		const struct object *other = table_get(known, row->live->id);
		if (!other || object_compare(other, row->desired) == 0) {
			table_put(&known, row->live->id, &live->objects[row->live - live->objects]);
			continue;
		}
		planning_refuse(p, &row->desired->place,
			"Two aliases may mean the same account, or the state may be out of date.",
			"%s: its id %s already belongs to %s", planning_address(p, row->desired),
			row->live->id, planning_address(p, other));
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
		find_formers(&p);
		plan_objects(&p);
		add_moves(&p);
		store_limit_warn(input->desired, input->recorded, input->live, &plan);
		plan_count(&plan);
		bindings_check(input, &plan);
	}
	if (plan.counts.import)
		check_adopted_ids(&p);
	table_free(&p.formers);
	if (errors->count != before) {
		plan_release(&plan);
		return false;
	}
	*ret_plan = plan;
	return true;
}
