#include "engine/planner.h"

#include "adapter/table.h"
#include "engine/belongs.h"
#include "engine/decide.h"
#include "engine/parting.h"
#include "engine/store_limit.h"

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
		if (belongs_check(recorded, account, &err))
			continue;
		if (account->place.file)
			error_at(&err, account->place.file, account->place.line,
				account->place.column);
		error_move(error_list_add(p->errors), &err);
	}
	if (p->input->is_partial)
		return;
	if (parting_check_accounts(recorded, desired, p->errors))
		parting_find_mistakes(recorded, desired, p->plan, p->errors);
}

/* ---- what was asked for ---- */

static bool matches_any(const struct patterns *patterns, const struct object *object)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (object_matches(object, patterns->items[i]))
			return true;
	return false;
}

/* By its address, or by one that it has had or is to have. */
static bool is_meant(const struct planner_input *input, const struct patterns *patterns,
	const struct object *object)
{
	struct object other = *object;

	if (!patterns->count || matches_any(patterns, object))
		return patterns->count > 0;
	while (renames_back(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	other.secret = object->secret;
	while (renames_on(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	return false;
}

/* A secret that is asked for needs its store. What is in a store stands right behind it. */
static bool is_store_of_target(const struct planner_input *input, const struct object *store)
{
	const struct model *const models[] = {input->desired, input->recorded};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		const struct object *end = models[i]->objects + models[i]->object_count;
		const struct object *it =
			model_object(models[i], store->account, store->store, NULL);
		while (it && ++it < end && it->secret && strcmp(it->store, store->store) == 0 &&
			strcmp(it->account, store->account) == 0)
			if (is_meant(input, &input->targets, it) &&
				!is_meant(input, &input->excludes, it))
				return true;
	}
	return false;
}

bool planner_wants(const struct planner_input *input, const struct object *object)
{
	if (is_meant(input, &input->excludes, object))
		return false;
	if (!input->targets.count || is_meant(input, &input->targets, object))
		return true;
	return object->kind == OBJECT_STORE && !input->destroys_all &&
	       model_object(input->desired, object->account, object->store, NULL) &&
	       is_store_of_target(input, object);
}

bool planner_replaces(const struct planner_input *input, const struct object *object)
{
	return is_meant(input, &input->replaces, object);
}

static bool matches_model(const struct planning *p, const struct model *model, const char *pattern)
{
	const struct patterns patterns = {&pattern, 1};

	for (size_t i = 0; i < model->object_count; i++)
		if (is_meant(p->input, &patterns, &model->objects[i]))
			return true;
	return false;
}

/* Is there something recorded of this name that the run is about? */
static bool matches_run(const struct planning *p, const char *pattern)
{
	const struct model *recorded = p->input->recorded;
	const struct patterns patterns = {&pattern, 1};

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		bool is_of_run =
			!p->input->is_partial || model_account(p->input->desired, object->account);
		if (is_of_run && is_meant(p->input, &patterns, object))
			return true;
	}
	return false;
}

/* What is to be replaced must not be left out by other options. */
static void check_replaces(struct planning *p)
{
	const struct model *desired = p->input->desired;

	for (size_t i = 0; i < p->input->replaces.count; i++) {
		const struct patterns patterns = {&p->input->replaces.items[i], 1};
		size_t meant = 0, wanted = 0;
		for (size_t k = 0; k < desired->object_count; k++) {
			const struct object *object = &desired->objects[k];
			if (!is_meant(p->input, &patterns, object))
				continue;
			meant++;
			wanted += planner_wants(p->input, object);
		}
		if (meant && !wanted)
			error_set(error_list_add(p->errors),
				"-replace=%s is of what -target or -exclude leaves out",
				decide_shown(p, p->input->replaces.items[i]));
	}
}

static void refuse_pattern(
	struct planning *p, const char *option, const char *pattern, bool is_elsewhere)
{
	struct error *err = error_list_add(p->errors);

	if (is_elsewhere) {
		error_set(err, "%s=%s matches nothing in the accounts of this run", option,
			decide_shown(p, pattern));
		error_hint(err, "It is in one that -account leaves out.");
		return;
	}
	error_set(err, "%s=%s matches nothing in the manifest or the state", option,
		decide_shown(p, pattern));
	error_hint(err, "Addresses look like ALIAS/STORE or ALIAS/STORE/SECRET; `*` matches "
			"within a part.");
}

/* A pattern that matches nothing was mistyped. What is excluded may be left out otherwise, too. */
static void check_patterns(
	struct planning *p, const struct patterns *patterns, const char *option, bool excludes)
{
	for (size_t i = 0; i < patterns->count && !p->input->has_unread; i++) {
		const char *pattern = patterns->items[i];
		if (matches_model(p, p->input->desired, pattern) || matches_run(p, pattern))
			continue;
		bool is_elsewhere = matches_model(p, p->input->recorded, pattern);
		if (!is_elsewhere || !excludes)
			refuse_pattern(p, option, pattern, is_elsewhere);
	}
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
	struct error *err = decide_error(p, &desired->place);

	object_add_address(&mine, desired);
	object_add_address(&theirs, other);
	error_set(err, "the %s %s has the id %s, which is that of %s",
		object_kind_word(desired->kind), str_text(&mine), id,
		decide_shown(p, str_text(&theirs)));
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
	check_patterns(&p, &input->targets, "-target", false);
	check_patterns(&p, &input->excludes, "-exclude", true);
	check_patterns(&p, &input->replaces, "-replace", false);
	check_replaces(&p);
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
