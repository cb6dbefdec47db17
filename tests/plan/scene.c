#include "scene.h"

#include "base/text.h"
#include "desired/manifest.h"
#include "desired/pick.h"
#include "engine/check.h"
#include "engine/planner.h"
#include "engine/recover.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST "cfprov.yaml"
#define STATE    "cfprov.state.json"

struct scene {
	const struct plan_case *plan_case;
	unsigned seed;
	struct model desired, live;
	struct state state;
	struct plan plan;
	struct error_list errors;
	struct arena arena; /* of what was recovered */
	struct str recovered;
};

static void release(struct scene *s)
{
	plan_release(&s->plan);
	model_release(&s->desired);
	model_release(&s->live);
	state_release(&s->state);
	error_list_release(&s->errors);
	arena_release(&s->arena);
	str_release(&s->recovered);
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

/* Only the accounts of the run are read. */
static void read_live(struct scene *s)
{
	const struct model *world = &s->plan_case->live;

	for (size_t i = 0; i < s->desired.account_count; i++) {
		const struct account *account = &s->desired.accounts[i];
		model_add_account(&s->live, account->alias, account->id);
		for (size_t j = 0; j < world->object_count; j++) {
			const struct object *object = &world->objects[j];
			if (strcmp(object->account, account->id) == 0)
				model_add_object(&s->live, account->alias, object->store, NULL)
					->id = arena_text(&s->live.arena, object->id);
		}
	}
	sort(&s->live, s->seed);
}

static bool open_models(struct scene *s)
{
	const struct plan_case *c = s->plan_case;
	struct str manifest CLEANUP(str_release) = {0};
	const struct pick pick = {MANIFEST, c->patterns, c->pattern_count};
	struct error err = {0};

	str_text_add(&manifest, c->manifest);
	if (!manifest_decode(MANIFEST, &manifest, c->account_id, &s->desired, &s->errors))
		return false;
	if (!pick_accounts(&pick, &s->desired, &err) ||
		(c->state && !state_decode(STATE, c->state, strlen(c->state), &s->state, &err))) {
		error_move(error_list_add(&s->errors), &err);
		return false;
	}
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

static void settle(struct scene *s)
{
	size_t count;
	struct change *changes AUTO_FREE =
		recover_changes(&s->state.model, &s->live, &s->arena, &count);

	for (size_t i = 0; i < count; i++) {
		bool is_found = changes[i].kind == CHANGE_PUT;
		add_address(&s->recovered, is_found ? "found" : "dropped", changes[i].object);
		if (is_found)
			str_format(&s->recovered, " = %s", changes[i].object->id);
		str_char(&s->recovered, '\n');
	}
	if (count)
		fold(s, &(struct state_fold){.changes = changes, .change_count = count});
}

static bool make_plan(struct scene *s, bool adopt_all)
{
	struct error err = {0};
	const struct planner_input input = {
		.desired = &s->desired,
		.recorded = &s->state.model,
		.live = &s->live,
		.adopt_all = adopt_all,
	};

	if (!planner_plan(&input, &s->plan, &s->errors))
		return false;
	if (check_plan(&s->plan, &err))
		return true;
	error_move(error_list_add(&s->errors), &err);
	return false;
}

static bool play(struct scene *s)
{
	if (!open_models(s))
		return false;
	settle(s);
	return make_plan(s, s->plan_case->adopt_all);
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

static void add_action(struct str *out, const struct action *action)
{
	static const char *const words[] = {
		[ACTION_NONE] = "none",
		[ACTION_CREATE] = "create",
		[ACTION_ADOPT] = "adopt",
	};

	add_address(out, words[action_kind(action)], action_object(action));
	if (action->before)
		str_format(out, " = %s", action->before->id);
	str_text_add(out, action->needs_consent ? " (asks)\n" : "\n");
	if (!action->reason)
		return;
	str_repeat(out, ' ', 11);
	add_text(out, action->reason);
	str_char(out, '\n');
}

static void add_plan(struct str *out, const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	for (size_t i = 0; i < plan->action_count; i++)
		add_action(out, &plan->actions[i]);
	for (size_t i = 0; i < plan->unclaimed_count; i++) {
		const char *id = plan->unclaimed[i]->id;
		add_address(out, "unclaimed", plan->unclaimed[i]);
		str_format(out, " = %s\n", id ? id : "?");
	}
	if (plan_is_empty(plan)) {
		str_text_add(out, "No changes.\n");
		return;
	}
	str_text_add(out, "Plan: ");
	if (counts->import)
		str_format(out, "%zu to import, ", counts->import);
	str_format(out, "%zu to add, %zu to change, %zu to destroy.\n", counts->add, counts->change,
		counts->destroy);
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

	str_format(out, "--- %s\n%s", is_good ? "plan" : "errors", str_text(&s.recovered));
	if (is_good)
		add_plan(out, &s.plan);
	for (size_t i = 0; i < s.errors.count; i++)
		add_error(out, &s.errors.items[i]);
}

/* ---- carrying it out ---- */

/* All that the plan asks for works: it lives now, and the state says so. Ends the plan. */
static void carry_out(struct scene *s)
{
	struct change *changes AUTO_FREE = mem_alloc(s->plan.action_count * sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; i < s->plan.action_count; i++) {
		const struct action *action = &s->plan.actions[i];
		enum action_kind kind = action_kind(action);
		if (kind == ACTION_NONE)
			continue;
		struct object *now = arena_alloc(&s->arena, sizeof(*now));
		*now = *action->after;
		now->origin = kind == ACTION_CREATE ? ORIGIN_CREATED : ORIGIN_ADOPTED;
		now->id = kind == ACTION_CREATE ? arena_format(&s->arena, "made-%zu", i)
						: action->before->id;
		changes[count++] = (struct change){CHANGE_PUT, now};
	}
	plan_release(&s->plan); /* it holds what moves now */
	for (size_t i = 0; i < count; i++)
		if (changes[i].object->origin == ORIGIN_CREATED)
			model_add_copy(&s->live, changes[i].object)->origin = ORIGIN_NONE;
	model_sort(&s->live);
	fold(s, &(struct state_fold){
			changes, count, s->desired.accounts, s->desired.account_count});
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

bool scene_settles(const struct plan_case *plan_case, struct error *why)
{
	struct scene s CLEANUP(release) = {.plan_case = plan_case};
	struct str left CLEANUP(str_release) = {0};

	if (!play(&s))
		return true;
	size_t unclaimed = s.plan.unclaimed_count;
	carry_out(&s);
	if (!reopen_state(&s, why))
		return error_prefix(why, "after apply");
	if (!make_plan(&s, false))
		return error_set(why, "after apply: %s", s.errors.items[0].message);
	if (plan_is_empty(&s.plan) && s.plan.unclaimed_count == unclaimed)
		return true;
	add_plan(&left, &s.plan);
	return error_set(why, "apply leaves something to do:\n%s", str_text(&left));
}
