#include "engine/planner.h"

#include "adapter/table.h"
#include "base/text.h"
#include "engine/belongs.h"
#include "engine/parting.h"

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

static bool is_wanted(const struct planning *p, const struct object *object)
{
	const struct planner_input *input = p->input;

	return (!input->targets.count || matches_any(&input->targets, object)) &&
	       !matches_any(&input->excludes, object);
}

static bool matches_model(const struct model *model, const char *pattern)
{
	for (size_t i = 0; i < model->object_count; i++)
		if (object_matches(&model->objects[i], pattern))
			return true;
	return false;
}

/* Is there something recorded of this name that the run is about? */
static bool matches_run(const struct planning *p, const char *pattern)
{
	const struct model *recorded = p->input->recorded;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		bool is_of_run =
			!p->input->is_partial || model_account(p->input->desired, object->account);
		if (is_of_run && object_matches(object, pattern))
			return true;
	}
	return false;
}

static void refuse_pattern(
	struct planning *p, const char *option, const char *pattern, bool is_elsewhere)
{
	struct error *err = error_list_add(p->errors);

	if (is_elsewhere) {
		error_set(err, "%s=%s matches nothing in the accounts of this run", option,
			shown(p, pattern));
		error_hint(err, "It is in one that -account leaves out.");
		return;
	}
	error_set(err, "%s=%s matches nothing in the manifest or the state", option,
		shown(p, pattern));
	error_hint(err, "Addresses look like ALIAS/STORE; `*` matches within a part.");
}

/* A pattern that matches nothing was mistyped. What is excluded may be left out otherwise, too. */
static void check_patterns(
	struct planning *p, const struct patterns *patterns, const char *option, bool excludes)
{
	for (size_t i = 0; i < patterns->count && !p->input->has_unread; i++) {
		const char *pattern = patterns->items[i];
		if (matches_model(p->input->desired, pattern) || matches_run(p, pattern))
			continue;
		bool is_elsewhere = matches_model(p->input->recorded, pattern);
		if (!is_elsewhere || !excludes)
			refuse_pattern(p, option, pattern, is_elsewhere);
	}
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

/* Lends the error. */
static struct error *refuse_protected(struct planning *p, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};
	struct error *err = error_about(p, &object->place);

	object_add_address(&address, object);
	error_set(err, "%s is protected by prevent_destroy, and the plan would destroy it",
		shown(p, str_text(&address)));
	error_hint(err, "Keep it in the manifest; or take prevent_destroy out there and apply "
			"first, then go on.");
	return err;
}

/* The live objects inside a store; they stand right behind it. */
static void find_strangers(
	const struct planning *p, const struct object *live, struct action *action)
{
	const struct object *end = p->input->live->objects + p->input->live->object_count;
	const struct object *it = live + 1;

	while (live->kind == OBJECT_STORE && it < end && it->secret &&
		strcmp(it->account, live->account) == 0 && strcmp(it->store, live->store) == 0)
		it++;
	action->strangers = live + 1;
	action->stranger_count = (size_t)(it - live) - 1;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What the state should say of an object that no action is about, if that is something new. */
static void refresh(struct planning *p, const struct object *recorded, const struct object *live,
	const struct object *desired)
{
	struct object now = *recorded;

	now.created = live->created;
	now.modified = live->modified;
	if (desired) {
		now.prevent_destroy = desired->prevent_destroy;
		now.forget_on_remove = desired->forget_on_remove;
	}
	if (is_same_text(now.created, recorded->created) &&
		is_same_text(now.modified, recorded->modified) &&
		now.prevent_destroy == recorded->prevent_destroy &&
		now.forget_on_remove == recorded->forget_on_remove)
		return;
	struct object *after = arena_alloc(&p->plan->arena, sizeof(*after));
	*after = now;
	plan_add_refresh(p->plan, recorded, after);
}

/* One address, as the three models know it; each may be NULL but not desired and recorded both. */
struct trio {
	const struct object *desired, *recorded, *live;
	size_t live_count; /* more than 1: doubles */
	bool is_same;      /* recorded and live are one object */
};

static void plan_desired(struct planning *p, const struct trio *trio)
{
	const struct object *desired = trio->desired, *recorded = trio->recorded;
	bool is_known = recorded && recorded->id;
	struct action *action = plan_add(p->plan);

	action->after = desired;
	action->before = trio->is_same ? recorded : trio->live;
	action->needs_consent =
		trio->live && !trio->is_same && !p->input->adopt_all && !desired->may_adopt;
	action->is_replaced = trio->is_same && matches_any(&p->input->replaces, desired);
	if (is_known && !trio->live)
		action->reason = arena_format(&p->plan->arena,
			"it is gone from the account; its id was %s", shown(p, recorded->id));
	else if (is_known && !trio->is_same)
		action->reason = arena_format(&p->plan->arena,
			"it was made anew outside of cfprov; the state has the id %s",
			shown(p, recorded->id));
	else if (action->is_replaced)
		action->reason = "-replace asks for it";
	if (action->is_replaced) {
		find_strangers(p, trio->live, action);
		if (desired->prevent_destroy)
			error_hint(refuse_protected(p, desired),
				"Leave -replace out; or take prevent_destroy out of the manifest, "
				"and replace it then.");
	}
	if (action_kind(action) == ACTION_NONE)
		refresh(p, recorded, trio->live, desired);
}

static const char removal_says_so[] = "`removed` in the manifest says so";

/* Recorded in an account that the manifest dropped: nobody looks whether it lives. */
static void plan_leaving(struct planning *p, const struct object *recorded)
{
	if (p->input->is_partial || p->input->refresh_only || !is_wanted(p, recorded) ||
		!parting_leaves(p->input->desired, recorded))
		return;
	if (!recorded->id) {
		plan_add_refresh(p->plan, recorded, NULL);
		return;
	}
	struct action *action = plan_add(p->plan);
	action->before = recorded;
	action->is_left_alive = true;
	action->reason = removal_says_so;
}

/* Recorded, and desired no longer; or all is to go: then what the manifest says now counts, too. */
static void plan_parting(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded;
	const struct object *last_wish = trio->desired ? trio->desired : recorded;
	const struct removal *removal = parting_find(p->input->desired, recorded);

	if (!trio->is_same) {
		plan_add_refresh(p->plan, recorded, NULL);
		return;
	}
	struct action *action = plan_add(p->plan);
	action->before = recorded;
	action->is_left_alive = removal ? !removal->destroys : last_wish->forget_on_remove;
	action->reason = p->input->destroys_all ? NULL
			 : removal              ? removal_says_so
						: "it is not in the manifest any more";
	if (action->is_left_alive)
		return;
	find_strangers(p, trio->live, action);
	if (recorded->prevent_destroy || last_wish->prevent_destroy)
		refuse_protected(p, last_wish);
}

/* With -refresh-only: nothing is done, the state only learns what lives. */
static void plan_refresh(struct planning *p, const struct trio *trio)
{
	if (trio->recorded && trio->is_same)
		refresh(p, trio->recorded, trio->live, NULL);
	else if (trio->recorded)
		plan_add_refresh(p->plan, trio->recorded, NULL);
}

static void plan_trio(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded;
	const struct object *about = trio->desired ? trio->desired : recorded;

	if (!is_wanted(p, about))
		return;
	if (trio->live_count > 1) {
		refuse_doubles(p, about, recorded, trio->live, trio->live_count);
		return;
	}
	if (recorded && !trio->is_same && (trio->live || recorded->id))
		plan_add_drift(p->plan, recorded, trio->live);
	if (p->input->refresh_only)
		plan_refresh(p, trio);
	else if (trio->desired && !p->input->destroys_all)
		plan_desired(p, trio);
	else if (recorded)
		plan_parting(p, trio);
}

static void plan_address(
	struct planning *p, const struct object *desired, const struct object *recorded)
{
	const struct object *about = desired ? desired : recorded;
	struct trio trio = {.desired = desired, .recorded = recorded};

	trio.live = model_object(p->input->live, about->account, about->store, about->secret);
	trio.live_count = count_doubles(p->input->live, trio.live);
	for (size_t i = 0; i < trio.live_count && recorded && recorded->id; i++) {
		if (strcmp(trio.live[i].id, recorded->id) != 0)
			continue;
		trio.is_same = trio.live_count == 1;
	}
	if (recorded)
		p->plan->managed++;
	plan_trio(p, &trio);
}

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
			plan_address(p, d, r);
		else if (r)
			plan_leaving(p, r);
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
	if (errors->count == before) {
		add_moves(&p);
		plan_objects(&p);
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
