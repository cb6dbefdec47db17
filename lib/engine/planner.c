#include "engine/planner.h"

#include "adapter/table.h"
#include "base/text.h"

#include <string.h>

struct planning {
	const struct planner_input *input;
	struct plan *plan;
	struct error_list *errors;
};

/* Everything from outside goes through here on its way into a sentence. */
static const char *shown(struct planning *p, const char *text)
{
	struct str visible CLEANUP(str_release) = {0};

	text_add_visible(&visible, text, strlen(text), 120);
	return arena_text(&p->plan->arena, str_text(&visible));
}

static struct error *error_about(struct planning *p, const struct place *place)
{
	struct error *err = error_list_add(p->errors);

	if (place->file)
		error_at(err, place->file, place->line, place->column);
	return err;
}

/* ---- accounts ---- */

/* An alias that means another account now would plan its stores into the wrong one. */
static void check_alias(struct planning *p, const struct account *account)
{
	const struct account *known = model_account(p->input->recorded, account->alias);

	if (!known || strcmp(known->id, account->id) == 0)
		return;
	struct error *err = error_about(p, &account->place);
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
	const char *alias = shown(p, before->alias);
	struct error *err = error_about(p, &account->place);
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

static void check_accounts(struct planning *p)
{
	const struct model *desired = p->input->desired;
	struct table *used = used_accounts(p->input->recorded);

	for (size_t i = 0; i < desired->account_count; i++)
		if (check_id(p, used, &desired->accounts[i]))
			check_alias(p, &desired->accounts[i]);
	table_free(&used);
}

/* ---- objects ---- */

static size_t count_doubles(const struct model *model, const struct object *first)
{
	const struct object *end = model->objects + model->object_count, *it = first;

	while (it && it < end && object_compare(it, first) == 0)
		it++;
	return it ? (size_t)(it - first) : 0;
}

static void refuse_doubles(struct planning *p, const struct object *desired,
	const struct object *recorded, const struct object *live, size_t count)
{
	struct str ids CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};
	struct error *err = error_about(p, &desired->place);

	for (size_t i = 0; i < count; i++)
		str_format(&ids, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", live[i].id);
	object_add_address(&address, desired);
	error_set(err, "%zu %ss are called %s: %s", count, object_kind_word(desired->kind),
		str_text(&address), str_text(&ids));
	const char *known = recorded && recorded->id ? shown(p, recorded->id) : NULL;
	error_hint(err,
		"Names are how cfprov tells things apart. Delete the one that is not wanted in "
		"Cloudflare.%s%s%s",
		known ? " The state has the id " : "", known ? known : "", known ? "." : "");
}

static void plan_object(struct planning *p, const struct object *desired)
{
	const struct object *recorded =
		model_object(p->input->recorded, desired->account, desired->store, desired->secret);
	const struct object *live =
		model_object(p->input->live, desired->account, desired->store, desired->secret);
	size_t count = count_doubles(p->input->live, live);

	if (count > 1) {
		refuse_doubles(p, desired, recorded, live, count);
		return;
	}
	bool is_known = recorded && recorded->id;
	bool is_same = is_known && live && strcmp(recorded->id, live->id) == 0;
	struct action *action = plan_add(p->plan);
	action->after = desired;
	action->before = is_same ? recorded : live;
	action->needs_consent = live && !is_same && !p->input->adopt_all && !desired->may_adopt;
	if (is_known && !live)
		action->reason = arena_format(&p->plan->arena,
			"it is gone from the account; its id was %s", shown(p, recorded->id));
	else if (is_known && !is_same)
		action->reason = arena_format(&p->plan->arena,
			"it was made anew outside of cfprov; the state has the id %s",
			shown(p, recorded->id));
}

static void refuse_id(struct planning *p, const struct object *desired, const char *id,
	const struct object *other)
{
	struct str mine CLEANUP(str_release) = {0}, theirs CLEANUP(str_release) = {0};
	struct error *err = error_about(p, &desired->place);

	object_add_address(&mine, desired);
	object_add_address(&theirs, other);
	error_set(err, "the %s %s has the id %s, which is that of %s",
		object_kind_word(desired->kind), str_text(&mine), id, shown(p, str_text(&theirs)));
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
		while (j < plan->action_count && object_compare(plan->actions[j].after, object) < 0)
			j++;
		if (j == plan->action_count || plan->actions[j].before != object)
			continue;
		const struct object *other = table_get(known, object->id);
		if (other && object_compare(other, object) != 0)
			refuse_id(p, plan->actions[j].after, object->id, other);
		else
			table_put(&known, object->id, object);
	}
	table_free(&known);
}

/* Two sorted rows: what is recorded in an account of this run, and is not desired any more. */
static void find_unclaimed(struct planning *p)
{
	const struct model *recorded = p->input->recorded, *desired = p->input->desired;
	struct plan *plan = p->plan;

	for (size_t i = 0, j = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		while (j < desired->object_count &&
			object_compare(&desired->objects[j], object) < 0)
			j++;
		bool is_desired = j < desired->object_count &&
				  object_compare(&desired->objects[j], object) == 0;
		if (is_desired || !model_account(desired, object->account))
			continue;
		plan->unclaimed = mem_room((void *)plan->unclaimed, plan->unclaimed_count,
			&plan->unclaimed_room, sizeof(object));
		plan->unclaimed[plan->unclaimed_count++] = object;
	}
}

bool planner_plan(
	const struct planner_input *input, struct plan *ret_plan, struct error_list *errors)
{
	struct plan plan = {0};
	struct planning p = {.input = input, .plan = &plan, .errors = errors};
	size_t before = errors->count;

	check_accounts(&p);
	for (size_t i = 0; i < input->desired->object_count; i++)
		plan_object(&p, &input->desired->objects[i]);
	find_unclaimed(&p);
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
