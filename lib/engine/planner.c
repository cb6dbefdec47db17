#include "engine/planner.h"

#include "adapter/table.h"
#include "engine/decide.h"

#include <string.h>

/* ---- accounts ---- */

/* An alias that means another account now would plan its stores into the wrong one. */
static void check_alias(struct planning *p, const struct account *account)
{
	const struct account *known = model_account(p->input->recorded, account->alias);

	if (!known || strcmp(known->id, account->id) == 0)
		return;
	struct error *err = decide_error(p, &account->place);
	error_set(err, "the state knows `%s` as the account %s, the manifest as %s", account->alias,
		known->id, account->id);
	error_hint(err, "Give the other account another alias, or use another state (-state).");
}

/* The same account under another alias would be planned as if nothing were recorded in it. */
static bool check_id(struct planning *p, const struct table *known, const struct account *account)
{
	const struct account *before = table_get(known, account->id);

	if (!before || strcmp(before->alias, account->alias) == 0)
		return true;
	const char *alias = decide_shown(p, before->alias);
	struct error *err = decide_error(p, &account->place);
	error_set(err, "the state knows the account %s as `%s`, the manifest as `%s`", account->id,
		alias, account->alias);
	return error_hint(err, "Keep the alias `%s`, or use another state (-state).", alias);
}

/* By id, the accounts in which something is recorded. */
static struct table *used_accounts(const struct model *recorded)
{
	struct table *used = NULL;
	size_t i = 0;

	for (size_t at = 0; at < recorded->account_count; at++) {
		struct account *account = &recorded->accounts[at];
		while (i < recorded->object_count &&
			strcmp(recorded->objects[i].account, account->alias) < 0)
			i++;
		if (i < recorded->object_count &&
			strcmp(recorded->objects[i].account, account->alias) == 0)
			table_put(&used, account->id, account);
	}
	return used;
}

/*
 * What is recorded in an account that the manifest dropped can't be reached, nor be parted from.
 * `used` has the accounts in which something is recorded, but not those that are desired.
 */
static void check_dropped(struct planning *p, const struct table *used)
{
	const struct model *recorded = p->input->recorded;

	for (size_t i = 0; i < recorded->account_count && !p->input->is_partial; i++) {
		const struct account *account = &recorded->accounts[i];
		if (model_account(p->input->desired, account->alias) ||
			!table_get(used, account->id))
			continue;
		const char *alias = decide_shown(p, account->alias);
		struct error *err = error_list_add(p->errors);
		error_set(err,
			"the manifest has no account `%s` any more, but the state has objects in "
			"it",
			alias);
		error_hint(err,
			"Put the account back and take its stores out instead, or make cfprov "
			"forget "
			"them: cfprov state rm '%s/*'.",
			alias);
	}
}

static void check_accounts(struct planning *p)
{
	const struct model *desired = p->input->desired;
	struct table *used = used_accounts(p->input->recorded);

	for (size_t i = 0; i < desired->account_count; i++)
		if (check_id(p, used, &desired->accounts[i]))
			check_alias(p, &desired->accounts[i]);
	for (size_t i = 0; i < desired->account_count; i++)
		table_drop(&used, desired->accounts[i].id);
	check_dropped(p, used);
	table_free(&used);
}

/* ---- what was asked for ---- */

static bool matches_any(const struct patterns *patterns, const struct object *object)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (object_matches(object, patterns->items[i]))
			return true;
	return false;
}

bool planner_excludes(const struct planner_input *input, const struct object *object)
{
	return matches_any(&input->excludes, object);
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
			if (matches_any(&input->targets, it) && !planner_excludes(input, it))
				return true;
	}
	return false;
}

bool planner_wants(const struct planner_input *input, const struct object *object)
{
	if (planner_excludes(input, object))
		return false;
	if (!input->targets.count || matches_any(&input->targets, object))
		return true;
	return object->kind == OBJECT_STORE && !input->destroys_all &&
	       model_object(input->desired, object->account, object->store, NULL) &&
	       is_store_of_target(input, object);
}

bool planner_replaces(const struct planner_input *input, const struct object *object)
{
	return matches_any(&input->replaces, object);
}

static bool matches_model(const struct model *model, const char *pattern)
{
	for (size_t i = 0; i < model->object_count; i++)
		if (object_matches(&model->objects[i], pattern))
			return true;
	return false;
}

/* A pattern that matches nothing was mistyped. */
static void check_patterns(struct planning *p, const struct patterns *patterns, const char *option)
{
	for (size_t i = 0; i < patterns->count && !p->input->has_unread; i++) {
		const char *pattern = patterns->items[i];
		if (matches_model(p->input->desired, pattern) ||
			matches_model(p->input->recorded, pattern))
			continue;
		struct error *err = error_list_add(p->errors);
		error_set(err, "%s=%s matches nothing in the manifest or the state", option,
			decide_shown(p, pattern));
		error_hint(err,
			"Addresses look like ALIAS/STORE or ALIAS/STORE/SECRET; `*` matches "
			"within a part.");
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
			decide(p, d, r); /* else of another run; see check_dropped */
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
	check_patterns(&p, &input->targets, "-target");
	check_patterns(&p, &input->excludes, "-exclude");
	check_patterns(&p, &input->replaces, "-replace");
	renames_init(&p.renames, input->desired);
	if (errors->count == before)
		plan_objects(&p);
	renames_release(&p.renames);
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
