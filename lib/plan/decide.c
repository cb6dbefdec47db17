#include "plan/decide.h"

#include "base/moment.h"
#include "base/text.h"
#include "plan/drift.h"
#include "plan/removed.h"
#include "plan/selection.h"

#include <string.h>

static const char *shown_address(struct planning *p, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	return planning_shown(p, str_text(&address));
}

/* ---- what can't be ---- */

static void refuse_doubles(struct planning *p, const struct trio *trio)
{
	const struct object *about = trio->desired ? trio->desired : trio->recorded;
	struct str ids CLEANUP(str_release) = {0};
	struct error *err = planning_error(p, &about->place);
	size_t count = trio->live_count;

	for (size_t i = 0; i < count; i++)
		str_format(&ids, "%s%s",
			i == 0          ? ""
			: i + 1 < count ? ", "
					: " and ",
			trio->live[i].id);
	error_set(err, "%zu %ss are called %s: %s", count, object_kind_word(about->kind),
		shown_address(p, about), str_text(&ids));
	const char *known =
		trio->recorded && trio->recorded->id ? planning_shown(p, trio->recorded->id) : NULL;
	error_hint(err,
		"Names are how cfprov tells things apart. Delete the one that is not wanted in "
		"Cloudflare.%s%s%s",
		known ? " The state has the id " : "", known ? known : "", known ? "." : "");
}

static void refuse_protected(
	struct planning *p, const struct object *object, bool replace_asks_for_it)
{
	struct error *err = planning_error(p, &object->place);

	error_set(err, "%s is protected by prevent_destroy, and the plan would destroy it",
		shown_address(p, object));
	error_hint(err, replace_asks_for_it
				? "Leave -replace out; or take prevent_destroy out of the "
				  "manifest, and replace it then."
				: "Keep it in the manifest; or take prevent_destroy out there and "
				  "apply first, then go on.");
}

static void refuse_forgetting(struct planning *p, const struct object *object)
{
	struct error *err = planning_error(p, &object->place);

	error_set(err, "%s is to be forgotten and to stay alive, but its store is destroyed",
		shown_address(p, object));
	error_hint(err, "Forget the store, too; or take `on_remove: forget` or the secret's "
			"`removed` out, and it goes with the store.");
}

static void refuse_leaving_out(struct planning *p, const struct object *object)
{
	struct error *err = planning_error(p, &object->place);

	error_set(err, "%s is left out of this run, but its store is destroyed",
		shown_address(p, object));
	error_hint(err, "Leave the store out, too, or let -target and -exclude leave the secret "
			"in.");
}

static void refuse_rename(
	struct planning *p, const struct object *former, const struct object *desired)
{
	struct error *err = planning_error(p, &desired->place);

	error_set(err, "%s can't be renamed to %s: a secret of that name lives already",
		shown_address(p, former), shown_address(p, desired));
	error_hint(err, "Delete the one that is not wanted in Cloudflare, or take the move out of "
			"`moved`.");
}

static void refuse_taken(
	struct planning *p, const struct object *recorded, const struct object *latter)
{
	struct error *err = planning_error(p, &latter->place);
	const struct object *other =
		renames_latter(p->input->renames, recorded, p->input->recorded);

	error_set(err, "%s can't be renamed to %s: that is managed already, and another one",
		shown_address(p, recorded), shown_address(p, other));
	error_hint(err,
		"Take the move out of `moved`; or take %s out of the manifest and apply "
		"first, then rename.",
		planning_shown(p, other->secret));
}

/* ---- the store that a secret is in ---- */

/* Lends the action of the store that a secret is in, or NULL if the plan has none. */
static const struct action *store_action(const struct planning *p, const struct object *secret)
{
	const struct action *action = p->has_store ? &p->plan->actions[p->store] : NULL;
	const struct object *store = action ? action_object(action) : NULL;

	return store && strcmp(store->account, secret->account) == 0 &&
			       strcmp(store->store, secret->store) == 0
		       ? action
		       : NULL;
}

/* ACTION_NONE also if the plan says nothing of the store. */
static enum action_kind store_kind(const struct planning *p, const struct object *secret)
{
	const struct action *store = secret->kind == OBJECT_SECRET ? store_action(p, secret) : NULL;

	return store ? action_kind(store) : ACTION_NONE;
}

/* A secret waits for its store, if anything is done about that. */
static void wait_for_store(struct planning *p, struct action *action)
{
	const struct object *object = action_object(action);

	if (object->kind != OBJECT_SECRET || store_kind(p, object) == ACTION_NONE)
		return;
	size_t *waits = arena_alloc(&p->plan->arena, sizeof(*waits));
	*waits = p->store;
	action->waits_for = waits;
	action->wait_count = 1;
}

/* Does the plan part with this live object, which lies in a store that is destroyed? */
static bool goes_along(struct planning *p, const struct object *live)
{
	const struct object *recorded =
		model_object(p->input->recorded, live->account, live->store, live->secret);

	if (!recorded || !recorded->id || strcmp(recorded->id, live->id) != 0)
		return false;
	if (!selection_has(p->input, recorded))
		refuse_leaving_out(p, recorded);
	return true;
}

/* The live objects inside a store that nobody planned for; all inside stands right behind it. */
static void find_strangers(struct planning *p, const struct object *live, struct action *action)
{
	const struct object *end = p->input->live->objects + p->input->live->object_count;
	const struct object *it = live + 1;
	size_t count = 0;

	while (live->kind == OBJECT_STORE && it < end && it->secret &&
		strcmp(it->account, live->account) == 0 && strcmp(it->store, live->store) == 0)
		it++;
	struct object *strangers =
		arena_alloc(&p->plan->arena, (size_t)(it - live) * sizeof(*strangers));
	for (const struct object *inside = live + 1; inside < it; inside++)
		if (!goes_along(p, inside))
			strangers[count++] = *inside;
	action->strangers = strangers;
	action->stranger_count = count;
}

/* ---- what of a secret differs ---- */

static const char *why_unsure(const struct object *recorded, bool is_to_be_undone)
{
	if (!recorded->is_unsure)
		return NULL;
	if (!recorded->keeps_value)
		return "it is not known what an interrupted apply has written";
	return is_to_be_undone ? "somebody may have written it while an apply was interrupted"
			       : NULL;
}

/* No more than is known: a new `modified` tells that something was written, not what. */
static const char *why_modified(
	struct planning *p, const struct object *recorded, const struct object *live)
{
	/* What a write of ours left may differ, too, where somebody else wrote in between. */
	unsigned fields = recorded->is_strange ? 0 : object_drift(recorded, live);
	struct str text CLEANUP(str_release) = {0};

	if (live->audit) {
		audit_add_words(&text, live->audit, false);
	} else if (fields & (FIELD_SCOPES | FIELD_COMMENT)) {
		str_format(&text,
			"%s%s%s changed outside of cfprov; the value may have changed, too",
			fields & FIELD_SCOPES ? "scopes" : "",
			fields & FIELD_SCOPES && fields & FIELD_COMMENT ? " and " : "",
			fields & FIELD_COMMENT ? "comment" : "");
	} else {
		str_text_add(&text, "may have changed: modified outside of cfprov at ");
		moment_add_visible(&text, live->modified);
	}
	return arena_text(&p->plan->arena, str_text(&text));
}

/* Why the value is to be written again; NULL: it is not. *ret_unverified: nobody can tell. */
static const char *why_rewrite(struct planning *p, const struct object *desired,
	const struct object *recorded, const struct object *live, bool *ret_unverified)
{
	bool may_rewrite = desired->value && desired->value->kind != VALUE_GENERATE;
	bool is_to_be_undone = (object_drift(recorded, live) & FIELD_VALUE) &&
			       desired->on_drift == ON_DRIFT_REWRITE;

	if (desired->is_written_once)
		return NULL;
	const char *unsure = may_rewrite ? why_unsure(recorded, is_to_be_undone) : NULL;
	if (unsure)
		return unsure;
	if (!recorded->version)
		return may_rewrite ? "cfprov has not written its value yet" : NULL;
	if (desired->version > recorded->version)
		return arena_format(&p->plan->arena, "its version was raised from %lld to %lld",
			(long long)recorded->version, (long long)desired->version);
	if (desired->verdict == VALUE_CHANGED)
		return "its value has changed";
	if (is_to_be_undone && may_rewrite)
		return why_modified(p, recorded, live);
	*ret_unverified = desired->verdict == VALUE_UNVERIFIABLE && !desired->keeps_no_fingerprint;
	return NULL;
}

/* Sets what of a secret that lives is to be written. `recorded` NULL: it is adopted. */
static void find_changes(struct planning *p, struct action *action, const struct object *recorded,
	const struct object *live)
{
	const struct object *desired = action->after;
	const char *why;

	if (desired->kind != OBJECT_SECRET)
		return;
	action->live = live;
	action->changes = object_to_write(desired, recorded, live);
	if (!recorded) {
		/* What is generated is nowhere else: it stays what it is. */
		if (!desired->is_written_once && desired->value->kind != VALUE_GENERATE)
			action->changes |= FIELD_VALUE;
		return;
	}
	why = why_rewrite(p, desired, recorded, live, &action->is_unverified);
	if (!why)
		return;
	action->changes |= FIELD_VALUE;
	action->reason = why;
}

/* ---- what is desired ---- */

static const char *why_anew(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded;

	if (!recorded || !recorded->id || trio->is_same)
		return NULL;
	return trio->live
		       ? arena_format(&p->plan->arena,
				 "it was made anew outside of cfprov; the state has the id %s",
				 planning_shown(p, recorded->id))
		       : arena_format(&p->plan->arena, "it is gone from the account; its id was %s",
				 planning_shown(p, recorded->id));
}

static const char replace_asks[] = "-replace asks for it";

/* What is there and known to be ours goes and comes again: by wish, or with its store. */
static void decide_replacement(struct planning *p, struct action *action, const struct trio *trio)
{
	action->goes_with_store = store_kind(p, action->after) == ACTION_REPLACE;
	action->reason = action->goes_with_store ? "its store is replaced" : replace_asks;
	action->changes = 0;
	action->is_unverified = false;
	action->live = NULL;
	find_strangers(p, trio->live, action);
	if (action->after->prevent_destroy)
		refuse_protected(p, action->after, !action->goes_with_store);
}

static void decide_desired(struct planning *p, const struct trio *trio)
{
	const struct object *desired = trio->desired, *recorded = trio->recorded;
	const struct object *live = trio->live;
	struct action *action = plan_add(p->plan);

	action->after = desired;
	/* What is not ours goes with the store that is replaced, as a stranger in it. */
	if (!trio->is_same && live && store_kind(p, desired) == ACTION_REPLACE)
		live = NULL;
	action->before = trio->is_same ? recorded : live;
	action->needs_consent =
		live && !trio->is_same && !p->input->adopt_all && !desired->may_adopt;
	action->reason = why_anew(p, trio);
	if (live)
		find_changes(p, action, trio->is_same ? recorded : NULL, live);
	action->is_replaced = trio->is_same && (selection_replaces(p->input, desired) ||
						       store_kind(p, desired) == ACTION_REPLACE);
	if (action->is_replaced)
		decide_replacement(p, action, trio);
	wait_for_store(p, action);
	if (recorded && action_kind(action) == ACTION_NONE)
		drift_learn(p, recorded, live, desired);
}

/* ---- renames ---- */

/* Lends what a desired secret is to be duplicated from, if it is to be renamed now. */
static const struct object *find_former(const struct planning *p, const struct object *desired)
{
	const struct planner_input *input = p->input;
	const struct object *former =
		renames_holder(p->input->renames, desired, input->recorded, input->live);
	enum action_kind store = store_kind(p, desired);

	if (!former || object_compare(former, desired) == 0 || store == ACTION_REPLACE ||
		store == ACTION_CREATE || input->destroys_all || selection_replaces(input, desired))
		return NULL;
	return former;
}

static void decide_rename(
	struct planning *p, const struct object *desired, const struct object *former)
{
	static const char moved_says_so[] = "`moved` in the manifest says so";
	const struct object *live = renames_same(p->input->live, former);
	struct action *action = plan_add(p->plan);

	live = drift_current(p, former, live);
	if (model_object(p->input->live, desired->account, desired->store, desired->secret))
		refuse_rename(p, former, desired);
	action->after = desired;
	action->before = former;
	find_changes(p, action, former, live);
	action->reason = action->reason ? arena_format(&p->plan->arena, "%s; %s", moved_says_so,
						  action->reason)
					: moved_says_so;
	wait_for_store(p, action);
}

/* How far has the renaming of something come that is not desired under its old name? */
enum rename_stage {
	RENAME_NONE,     /* it is not renamed */
	RENAME_DUE,      /* there is no duplicate yet */
	RENAME_REPLACED, /* there will be none: it is made anew under its new name */
	RENAME_DONE,     /* there is, and this is left */
	RENAME_TAKEN,    /* another one that is managed, too, has the name */
};

/* Was the one that has a later name by now duplicated from this one? */
static bool is_left_over(const struct planning *p, const struct object *recorded)
{
	struct object name = *recorded;

	while (renames_on(p->input->renames, &name)) {
		const struct object *known =
			model_object(p->input->recorded, name.account, name.store, name.secret);
		if (known && known->former && strcmp(known->former, recorded->secret) == 0)
			return true;
	}
	return false;
}

static enum rename_stage rename_stage(
	const struct planning *p, const struct object *recorded, const struct object *latter)
{
	if (!latter || p->input->destroys_all)
		return RENAME_NONE;
	if (renames_holder(p->input->renames, latter, p->input->recorded, p->input->live) !=
		recorded)
		return is_left_over(p, recorded) ? RENAME_DONE : RENAME_TAKEN;
	return selection_replaces(p->input, latter) ? RENAME_REPLACED : RENAME_DUE;
}

/* ---- what is not desired ---- */

static const char removal_says_so[] = "`removed` in the manifest says so";

/* Sets is_left_alive and the reason. */
static void decide_fate(struct planning *p, const struct trio *trio, struct action *action)
{
	const struct object *recorded = trio->recorded;
	const struct object *last_wish = trio->desired ? trio->desired : recorded;
	const struct removal *removal = removed_find(p->input->desired, recorded);

	action->is_left_alive = store_kind(p, recorded) == ACTION_FORGET ||
				(removal ? !removal->destroys : last_wish->forget_on_remove);
	action->reason = p->input->destroys_all ? NULL
			 : removal              ? removal_says_so
						: "it is not in the manifest any more";
	if (action->is_left_alive && action->goes_with_store)
		refuse_forgetting(p, recorded);
}

/* Its duplicate has taken over what was wished for it, also that nothing may destroy it. */
static const struct object *unprotected(struct planning *p, const struct object *recorded)
{
	struct object *left = arena_alloc(&p->plan->arena, sizeof(*left));

	*left = *recorded;
	left->prevent_destroy = false;
	return left;
}

/* By its last wish, or by that for what it is to become. */
static bool is_protected(
	const struct trio *trio, enum rename_stage stage, const struct object *latter)
{
	const struct object *recorded = trio->recorded;
	const struct object *wish =
		stage == RENAME_DUE || stage == RENAME_REPLACED ? latter : trio->desired;

	return stage != RENAME_DONE &&
	       (recorded->prevent_destroy || (wish && wish->prevent_destroy));
}

/* Its name goes: with the store, or by wish, or after the duplicating. */
static void decide_renamed(struct planning *p, struct action *action, const struct object *latter,
	enum rename_stage stage)
{
	action->reason = action->goes_with_store ? "its store is replaced" : replace_asks;
	if (stage != RENAME_DONE)
		return;
	action->before = unprotected(p, action->before);
	action->reason =
		arena_format(&p->plan->arena, "it was renamed to %s; this one is left of that",
			planning_shown(p, latter->secret));
}

/* Recorded, and desired no longer; or all is to go: then what the manifest says now counts, too. */
static void decide_parting(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded;
	const struct object *latter =
		renames_latter(p->input->renames, recorded, p->input->desired);
	enum rename_stage stage = rename_stage(p, recorded, latter);
	enum action_kind store = store_kind(p, recorded);
	bool store_goes = store == ACTION_DESTROY || store == ACTION_REPLACE;

	if (!trio->is_same) {
		plan_add_refresh(p->plan, recorded, NULL);
		return;
	}
	if (stage == RENAME_DUE && !store_goes)
		return; /* what is done is the new name's business, or not to be done now */
	if (stage == RENAME_TAKEN && !store_goes) {
		refuse_taken(p, recorded, latter);
		return;
	}
	struct action *action = plan_add(p->plan);
	action->before = recorded;
	action->goes_with_store = store_goes;
	if (stage == RENAME_NONE || stage == RENAME_TAKEN)
		decide_fate(p, trio, action);
	else
		decide_renamed(p, action, latter, stage);
	if (action->is_left_alive) {
		action->goes_with_store = false;
		return;
	}
	find_strangers(p, trio->live, action);
	if (is_protected(trio, stage, latter))
		refuse_protected(p, trio->desired ? trio->desired : recorded,
			stage == RENAME_REPLACED && !store_goes);
	wait_for_store(p, action);
}

void decide_leaving(struct planning *p, const struct object *recorded)
{
	if (p->input->is_partial || p->input->refresh_only || !selection_has(p->input, recorded) ||
		!removed_leaves(p->input->desired, recorded))
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

/* ---- one address ---- */

/* With -refresh-only: nothing is done, the state only learns what lives. */
static void decide_refresh(struct planning *p, const struct trio *trio)
{
	if (trio->recorded && trio->is_same)
		drift_learn(p, trio->recorded, trio->live, trio->desired);
	else if (trio->recorded)
		plan_add_refresh(p->plan, trio->recorded, NULL);
}

static void decide_trio(struct planning *p, const struct trio *trio)
{
	const struct object *recorded = trio->recorded, *desired = trio->desired;
	const struct object *former;

	if (!selection_has(p->input, desired ? desired : recorded))
		return;
	if (trio->live_count > 1) {
		refuse_doubles(p, trio);
		return;
	}
	drift_tell(p, trio);
	if (p->input->refresh_only)
		decide_refresh(p, trio);
	else if (desired && (former = find_former(p, desired)))
		decide_rename(p, desired, former);
	else if (desired && !p->input->destroys_all)
		decide_desired(p, trio);
	else if (recorded)
		decide_parting(p, trio);
}

static size_t count_doubles(const struct model *model, const struct object *first)
{
	const struct object *end = model->objects + model->object_count, *it = first;

	while (it && it < end && object_compare(it, first) == 0)
		it++;
	return it ? (size_t)(it - first) : 0;
}

void decide(struct planning *p, const struct object *desired, const struct object *recorded)
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
	if (trio.is_same)
		trio.live = drift_current(p, recorded, trio.live);
	if (recorded)
		p->plan->managed++;
	size_t before = p->plan->action_count;
	decide_trio(p, &trio);
	if (about->kind == OBJECT_SECRET)
		return;
	p->has_store = p->plan->action_count > before;
	p->store = before;
}
