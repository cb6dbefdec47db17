#include "scene.h"

#include "base/text.h"
#include "desired/manifest.h"
#include "desired/pick.h"
#include "engine/check.h"
#include "engine/planner.h"
#include "engine/recover.h"
#include "recorded/mend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST "cfprov.yaml"
#define STATE    "cfprov.state.json"

struct scene {
	const struct plan_case *plan_case;
	unsigned seed;
	struct case_patterns targets, excludes;
	struct model desired, live;
	struct state state;
	struct plan plan;
	struct error_list errors;
	const struct plan_move *moves; /* for the first plan */
	size_t move_count;
	struct arena arena; /* of what was moved and recovered */
	struct str learned; /* of moves and what was recovered */
};

static void release(struct scene *s)
{
	plan_release(&s->plan);
	model_release(&s->desired);
	model_release(&s->live);
	state_release(&s->state);
	error_list_release(&s->errors);
	arena_release(&s->arena);
	str_release(&s->learned);
}

/* ---- another order ---- */

static size_t random_below(unsigned *seed, size_t limit)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 8) % limit;
}

static void shuffle(void *items, size_t count, size_t size, unsigned *seed)
{
	char *bytes = items, held[sizeof(struct object)];

	assert(size <= sizeof(held));
	for (size_t i = count; i > 1; i--) {
		size_t j = random_below(seed, i);
		memcpy(held, bytes + (i - 1) * size, size);
		memmove(bytes + (i - 1) * size, bytes + j * size, size);
		memcpy(bytes + j * size, held, size);
	}
}

static void sort(struct model *model, unsigned seed)
{
	if (seed) {
		shuffle(model->accounts, model->account_count, sizeof(*model->accounts), &seed);
		shuffle(model->objects, model->object_count, sizeof(*model->objects), &seed);
	}
	model_sort(model);
}

/* ---- the steps of a command ---- */

/* An account that can't be read, and what is desired in it, is left out. */
static void drop_unread(struct scene *s)
{
	struct model *desired = &s->desired;
	const char *unread = s->plan_case->unread;
	size_t accounts = 0, objects = 0;

	for (size_t i = 0; unread && i < desired->account_count; i++)
		if (strcmp(desired->accounts[i].alias, unread) != 0)
			desired->accounts[accounts++] = desired->accounts[i];
	for (size_t i = 0; unread && i < desired->object_count; i++)
		if (strcmp(desired->objects[i].account, unread) != 0)
			desired->objects[objects++] = desired->objects[i];
	if (!unread)
		return;
	assert(accounts < desired->account_count);
	desired->account_count = accounts;
	desired->object_count = objects;
}

/* Only the accounts of the run are read. */
static void read_live(struct scene *s)
{
	const struct model *world = &s->plan_case->live;

	for (size_t i = 0; i < s->desired.account_count; i++) {
		const struct account *account = &s->desired.accounts[i];
		model_add_account(&s->live, account->alias, account->id);
		for (size_t j = 0; j < world->object_count; j++) {
			struct object object = world->objects[j];
			if (strcmp(object.account, account->id) != 0)
				continue;
			object.account = account->alias;
			model_add_copy(&s->live, &object);
		}
	}
	sort(&s->live, s->seed);
}

static bool open_models(struct scene *s)
{
	const struct plan_case *c = s->plan_case;
	struct str manifest CLEANUP(str_release) = {0};
	const struct pick pick = {MANIFEST, c->accounts.items, c->accounts.count};
	struct error err = {0};

	s->targets = c->targets;
	s->excludes = c->excludes;
	str_text_add(&manifest, c->manifest);
	if (!manifest_decode(MANIFEST, &manifest, c->account_id, &s->desired, &s->errors))
		return false;
	if (!pick_accounts(&pick, &s->desired, &err) ||
		(c->state && !state_decode(STATE, c->state, strlen(c->state), &s->state, &err))) {
		error_move(error_list_add(&s->errors), &err);
		return false;
	}
	drop_unread(s);
	sort(&s->desired, s->seed);
	sort(&s->state.model, s->seed);
	read_live(s);
	return true;
}

static void fold(struct scene *s, const struct state_fold *changes)
{
	struct state next = {0};

	state_fold(&s->state, changes, &next);
	state_release(&s->state);
	s->state = next;
}

static void add_address(struct str *out, const char *word, const struct object *object);

/* *ret_count: the aliases that have moved. */
static bool move_aliases(struct scene *s, size_t *ret_count, struct error *err)
{
	struct mend mend CLEANUP(mend_release) = {0};

	if (!mend_move(&s->state, &s->desired, &mend, err))
		return false;
	for (size_t i = 0; i < mend.account_count; i++)
		str_format(&s->learned, "%-10s %s to %s\n", "moved", mend.old_aliases[i],
			mend.accounts[i].alias);
	const struct state_fold changes = mend_fold(&mend);
	s->moves = mend_moves(&mend, &s->arena, &s->move_count);
	*ret_count = mend.account_count;
	fold(s, &changes);
	return true;
}

static void settle(struct scene *s)
{
	size_t count;
	struct change *changes AUTO_FREE =
		recover_changes(&s->state.model, &s->live, &s->arena, &count);

	for (size_t i = 0; i < count; i++) {
		bool is_found = changes[i].kind == CHANGE_PUT;
		add_address(&s->learned, is_found ? "found" : "dropped", changes[i].object);
		if (is_found)
			str_format(&s->learned, " = %s", changes[i].object->id);
		str_char(&s->learned, '\n');
	}
	if (count)
		fold(s, &(struct state_fold){.changes = changes, .change_count = count});
}

static struct patterns patterns_of(const struct case_patterns *patterns)
{
	return (struct patterns){patterns->items, patterns->count};
}

/* As the case asks for; again: as somebody would who looks whether it is done. */
static struct planner_input input_of(const struct scene *s, bool again)
{
	const struct plan_case *c = s->plan_case;
	struct planner_input input = {
		.desired = &s->desired,
		.recorded = &s->state.model,
		.live = &s->live,
		.adopt_all = c->adopt_all && !again,
		.destroys_all = c->destroys_all,
		.refresh_only = c->refresh_only,
		.is_partial = c->accounts.count > 0 || c->unread,
		.has_unread = c->unread,
		.targets = patterns_of(&s->targets),
		.excludes = patterns_of(&s->excludes),
	};

	if (again)
		return input;
	input.replaces = patterns_of(&c->replaces);
	input.moves = s->moves;
	input.move_count = s->move_count;
	return input;
}

static bool make_plan(struct scene *s, bool again)
{
	struct error err = {0};
	const struct planner_input input = input_of(s, again);

	if (!planner_plan(&input, &s->plan, &s->errors))
		return false;
	if (check_plan(&s->plan, &err))
		return true;
	error_move(error_list_add(&s->errors), &err);
	return false;
}

static bool play(struct scene *s)
{
	struct error err = {0};
	size_t moved;

	if (!open_models(s))
		return false;
	if (!move_aliases(s, &moved, &err)) {
		error_move(error_list_add(&s->errors), &err);
		return false;
	}
	settle(s);
	return make_plan(s, false);
}

/* ---- the text ---- */

/* What would play tricks on a terminal is marked: it should have been made visible before. */
static void add_text(struct str *out, const char *text)
{
	size_t start = out->length;

	text_add_visible(out, text, strlen(text), 0);
	if (strcmp(str_text(out) + start, text) != 0)
		str_text_add(out, " <-- RAW");
}

static void add_address(struct str *out, const char *word, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	str_format(out, "%-10s ", word);
	text_add_visible(out, str_text(&address), address.length, 0);
}

static void add_object(struct str *out, const char *word, const struct object *object)
{
	add_address(out, word, object);
	if (object->id)
		str_format(out, " = %s", object->id);
}

static void add_action(struct str *out, const struct action *action)
{
	static const char *const words[] = {
		[ACTION_NONE] = "none",
		[ACTION_CREATE] = "create",
		[ACTION_ADOPT] = "adopt",
		[ACTION_REPLACE] = "replace",
		[ACTION_DESTROY] = "destroy",
		[ACTION_FORGET] = "forget",
	};

	add_address(out, words[action_kind(action)], action_object(action));
	if (action->before)
		str_format(out, " = %s", action->before->id);
	str_text_add(out, action->needs_consent ? " (asks)\n" : "\n");
	if (action->reason) {
		str_repeat(out, ' ', 11);
		add_text(out, action->reason);
		str_char(out, '\n');
	}
	for (size_t i = 0; i < action->stranger_count; i++) {
		add_object(out, "  with", &action->strangers[i]);
		str_char(out, '\n');
	}
}

static void add_summary(struct str *out, const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	if (plan_is_empty(plan)) {
		str_text_add(out, "No changes.\n");
		return;
	}
	str_text_add(out, "Plan: ");
	if (counts->import)
		str_format(out, "%zu to import, ", counts->import);
	str_format(out, "%zu to add, %zu to change, %zu to destroy", counts->add, counts->change,
		counts->destroy);
	if (counts->forget)
		str_format(out, ", %zu to forget", counts->forget);
	str_text_add(out, ".\n");
}

static void add_plan(struct str *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->drift_count; i++) {
		const struct drift *drift = &plan->drifts[i];
		add_object(out, drift->live ? "anew" : "gone",
			drift->live ? drift->live : drift->recorded);
		str_char(out, '\n');
	}
	for (size_t i = 0; i < plan->action_count; i++)
		add_action(out, &plan->actions[i]);
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		add_address(out, refresh->after ? "learn" : "leave", refresh->before);
		str_char(out, '\n');
	}
	for (size_t i = 0; i < plan->warning_count; i++) {
		str_text_add(out, "warning    ");
		add_text(out, plan->warnings[i]);
		str_char(out, '\n');
	}
	add_summary(out, plan);
}

static void add_error(struct str *out, const struct error *err)
{
	if (err->file)
		str_format(out, "%s:", err->file);
	if (err->line)
		str_format(out, "%zu:%zu:", err->line, err->column);
	str_text_add(out, err->file ? " " : "");
	add_text(out, err->message);
	str_char(out, '\n');
	if (!err->hint)
		return;
	str_text_add(out, "  ");
	add_text(out, err->hint);
	str_char(out, '\n');
}

void scene_play(const struct plan_case *plan_case, unsigned seed, struct str *out)
{
	struct scene s CLEANUP(release) = {.plan_case = plan_case, .seed = seed};
	bool is_good = play(&s);

	if (is_good && guard_check(&s.plan, &plan_case->limits, &s.errors))
		assert(s.errors.count == 0);
	str_format(out, "--- %s\n%s", is_good ? "plan" : "errors", str_text(&s.learned));
	if (is_good)
		add_plan(out, &s.plan);
	for (size_t i = 0; i < s.errors.count; i++)
		add_error(out, &s.errors.items[i]);
}

/* ---- carrying it out ---- */

/* What the action leaves in the state, if anything. */
static struct change change_of(struct scene *s, const struct action *action, size_t index)
{
	enum action_kind kind = action_kind(action);
	struct object *now = arena_alloc(&s->arena, sizeof(*now));

	*now = *action_object(action);
	if (!action->after)
		return (struct change){CHANGE_DROP, now};
	now->origin = kind == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	now->id = kind == ACTION_ADOPT ? action->before->id
				       : arena_format(&s->arena, "made-%zu", index);
	return (struct change){CHANGE_PUT, now};
}

/* Takes the store, or whatever else bears the id, and all that is in it out of what lives. */
static void destroy(struct scene *s, const struct object *object)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->live.object_count; i++) {
		const struct object *it = &s->live.objects[i];
		bool is_inside = it->secret && !object->secret &&
				 strcmp(it->account, object->account) == 0 &&
				 strcmp(it->store, object->store) == 0;
		if (strcmp(it->id, object->id) != 0 && !is_inside)
			s->live.objects[kept++] = *it;
	}
	s->live.object_count = kept;
}

/* To the live objects, what the plan asks for is done. It goes before it comes. */
static void change_live(struct scene *s, const struct change *changes, size_t count)
{
	size_t doomed_count = 0;
	struct object *doomed AUTO_FREE = mem_alloc(s->plan.action_count * sizeof(*doomed));

	for (size_t i = 0; i < s->plan.action_count; i++) {
		enum action_kind kind = action_kind(&s->plan.actions[i]);
		if (kind == ACTION_DESTROY || kind == ACTION_REPLACE)
			doomed[doomed_count++] = *s->plan.actions[i].before;
	}
	for (size_t i = 0; i < doomed_count; i++)
		destroy(s, &doomed[i]);
	for (size_t i = 0; i < count; i++)
		if (changes[i].kind == CHANGE_PUT && changes[i].object->origin == ORIGIN_CREATED)
			model_add_copy(&s->live, changes[i].object)->origin = ORIGIN_NONE;
	model_sort(&s->live);
}

/* All that the plan asks for works: it lives now, and the state says so. Ends the plan. */
static void carry_out(struct scene *s)
{
	const struct plan *plan = &s->plan;
	struct change *changes AUTO_FREE =
		mem_alloc((plan->action_count + plan->refresh_count) * sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		if (action_kind(&plan->actions[i]) != ACTION_NONE)
			changes[count++] = change_of(s, &plan->actions[i], i);
	change_live(s, changes, count);
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *it = &plan->refreshes[i];
		changes[count++] = (struct change){
			it->after ? CHANGE_PUT : CHANGE_DROP, it->after ? it->after : it->before};
	}
	fold(s, &(struct state_fold){
			changes, count, s->desired.accounts, s->desired.account_count});
	plan_release(&s->plan);
}

/* The next run reads what this one wrote. */
static bool reopen_state(struct scene *s, struct error *why)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!s->state.serial)
		s->state.serial = 1; /* nothing was there and nothing came */
	if (!s->state.lineage[0])
		memset(s->state.lineage, '0', STATE_LINEAGE_LENGTH);
	state_encode(&s->state, &bytes);
	state_release(&s->state);
	s->state = (struct state){0};
	return state_decode(STATE, str_text(&bytes), bytes.length, &s->state, why);
}

static bool matches(const struct model *model, const char *pattern)
{
	for (size_t i = 0; i < model->object_count; i++)
		if (object_matches(&model->objects[i], pattern))
			return true;
	return false;
}

/* What is gone for good can't be named again. */
static void drop_unmatched(const struct scene *s, struct case_patterns *patterns)
{
	size_t kept = 0;

	for (size_t i = 0; i < patterns->count; i++)
		if (matches(&s->desired, patterns->items[i]) ||
			matches(&s->state.model, patterns->items[i]))
			patterns->items[kept++] = patterns->items[i];
	patterns->count = kept;
}

static void add_left(const struct plan *plan, struct str *left)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (action_kind(&plan->actions[i]) != ACTION_NONE)
			add_action(left, &plan->actions[i]);
	if (plan->drift_count + plan->refresh_count)
		add_plan(left, plan);
}

bool scene_settles(const struct plan_case *plan_case, struct error *why)
{
	struct scene s CLEANUP(release) = {.plan_case = plan_case};
	struct str left CLEANUP(str_release) = {0};
	size_t moved;

	if (!play(&s))
		return true;
	carry_out(&s);
	if (!reopen_state(&s, why))
		return error_prefix(why, "after apply");
	if (!move_aliases(&s, &moved, why))
		return error_prefix(why, "after apply");
	if (moved)
		return error_set(why, "apply leaves %zu aliases to be moved", moved);
	drop_unmatched(&s, &s.targets);
	drop_unmatched(&s, &s.excludes);
	if (plan_case->targets.count && !s.targets.count)
		return true;
	if (!make_plan(&s, true))
		return error_set(why, "after apply: %s", s.errors.items[0].message);
	add_left(&s.plan, &left);
	return !left.length || error_set(why, "apply leaves something to do:\n%s", str_text(&left));
}
