#include "scene.h"

#include "manifest/manifest.h"
#include "manifest/pick.h"
#include "plan/check.h"
#include "plan/planner.h"
#include "plan/record.h"
#include "plan/recover.h"
#include "plan/renames.h"
#include "plan/selection.h"
#include "show.h"
#include "state/state_edit.h"

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
	struct renames renames;
	struct state state;
	struct plan plan;
	struct error_list errors;
	const struct moved *moves; /* for the first plan */
	size_t move_count;
	struct arena arena; /* of what was moved and recovered */
	struct str learned; /* of moves and what was recovered */
};

static void release(struct scene *s)
{
	plan_release(&s->plan);
	renames_release(&s->renames);
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
	renames_init(&s->renames, &s->desired);
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

/* *ret_count: the aliases that have moved. */
static bool move_aliases(struct scene *s, size_t *ret_count, struct error *err)
{
	struct state_edit edit CLEANUP(state_edit_release) = {0};

	if (!state_edit_move(&s->state, &s->desired, &edit, err))
		return false;
	for (size_t i = 0; i < edit.fold.account_count; i++) {
		const struct account *old = s->state.model.accounts, *now = &edit.accounts[i];
		while (strcmp(old->id, now->id) != 0)
			old++;
		str_format(&s->learned, "%-10s %s to %s\n", "moved", old->alias, now->alias);
	}
	s->moves = state_edit_moves(&edit, &s->arena, &s->move_count);
	*ret_count = edit.fold.account_count;
	fold(s, &edit.fold);
	return true;
}

static void settle(struct scene *s)
{
	struct recovered recovered CLEANUP(recovered_release) = {0};

	recover_changes(&(struct recover_input){.recorded = &s->state.model, .live = &s->live},
		&s->arena, &recovered);
	for (size_t i = 0; i < recovered.count; i++) {
		const struct change *change = &recovered.changes[i];
		bool is_found = change->kind == CHANGE_PUT;
		show_address(&s->learned, is_found ? "found" : "dropped", change->object);
		if (is_found)
			str_format(&s->learned, " = %s", change->object->id);
		str_char(&s->learned, '\n');
	}
	if (recovered.count)
		fold(s, &(struct state_fold){
				.changes = recovered.changes, .change_count = recovered.count});
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
		.renames = &s->renames,
		.options =
			{
				.adopt_all = c->adopt_all && !again,
				.destroys_all = c->destroys_all,
				.refresh_only = c->refresh_only,
				.is_partial = c->accounts.count > 0 || c->unread,
				.has_unread = c->unread,
				.targets = patterns_of(&s->targets),
				.excludes = patterns_of(&s->excludes),
			},
		.bindings = c->bindings,
		.binding_count = c->binding_count,
	};

	if (again)
		return input;
	input.options.replaces = patterns_of(&c->replaces);
	input.moves = s->moves;
	input.move_count = s->move_count;
	return input;
}

/* ---- how values compare, as apply/values would say it ---- */

static const enum case_verdict_word *told_verdict(
	const struct plan_case *c, const struct object *object)
{
	char *address AUTO_FREE = object_address(object);

	for (size_t i = 0; i < c->verdict_count; i++)
		if (strcmp(c->verdicts[i].address, address) == 0)
			return &c->verdicts[i].word;
	return NULL;
}

/* Nothing is told of what is not desired. */
static bool check_verdicts(struct scene *s)
{
	size_t known = 0;

	for (size_t i = 0; i < s->desired.object_count; i++)
		known += told_verdict(s->plan_case, &s->desired.objects[i]) != NULL;
	return known == s->plan_case->verdict_count ||
	       error_set(error_list_add(&s->errors),
		       "the case has a value twice, or of a secret that is not desired");
}

static bool is_read(
	const struct planner_input *input, const struct object *desired, const struct object *live)
{
	bool is_kept = desired->is_written_once && live && !selection_replaces(input, desired);

	return desired->kind == OBJECT_SECRET && desired->value->kind != VALUE_GENERATE &&
	       !is_kept && !input->options.destroys_all && !input->options.refresh_only &&
	       selection_has(input, desired);
}

static enum case_verdict_word verdict_of(
	const struct scene *s, const struct object *desired, const struct object *recorded)
{
	const enum case_verdict_word *told = told_verdict(s->plan_case, desired);

	if (!recorded->fingerprint)
		return CASE_UNVERIFIABLE;
	if (strncmp(recorded->fingerprint, "now", 3) == 0)
		return CASE_SAME; /* the scene has written it */
	return told ? *told : CASE_SAME;
}

static void judge_value(
	struct scene *s, struct object *desired, const struct object *recorded, bool has_name)
{
	static const enum value_verdict verdicts[CASE_VERDICT_WORDS] = {
		[CASE_SAME] = VALUE_SAME,
		[CASE_CHANGED] = VALUE_CHANGED,
		[CASE_UNVERIFIABLE] = VALUE_UNVERIFIABLE,
		[CASE_REKEYED] = VALUE_SAME,
	};
	enum case_verdict_word word = recorded ? verdict_of(s, desired, recorded) : CASE_CHANGED;

	if (recorded)
		desired->verdict = verdicts[word];
	if (!desired->keeps_no_fingerprint)
		desired->fingerprint = has_name && word == CASE_SAME
					       ? arena_text(&s->arena, recorded->fingerprint)
					       : arena_format(&s->arena, "now %s", desired->secret);
}

static void judge_values(struct scene *s, const struct planner_input *input)
{
	for (size_t i = 0; i < s->desired.object_count; i++) {
		struct object *desired = &s->desired.objects[i];
		const struct object *recorded =
			renames_original(&s->renames, desired, &s->state.model, &s->live);
		const struct object *live =
			model_object(&s->live, desired->account, desired->store, desired->secret);
		if (!live)
			live = renames_older(&s->renames, desired, &s->live);
		desired->verdict = VALUE_NOT_COMPARED;
		desired->fingerprint = NULL;
		desired->is_unread = s->plan_case->leaves_values && is_read(input, desired, live);
		if (!desired->is_unread && is_read(input, desired, live))
			judge_value(s, desired, recorded,
				recorded && object_compare(recorded, desired) == 0);
	}
}

static bool make_plan(struct scene *s, bool again)
{
	struct error err = {0};
	const struct planner_input input = input_of(s, again);

	judge_values(s, &input);
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
	return check_verdicts(s) && make_plan(s, false);
}

/* ---- what came of it ---- */

void scene_play(const struct plan_case *plan_case, unsigned seed, struct str *out)
{
	struct scene s CLEANUP(release) = {.plan_case = plan_case, .seed = seed};
	bool is_good = play(&s);

	if (is_good && guard_check(&s.plan, &plan_case->limits, &s.errors))
		assert(s.errors.count == 0);
	str_format(out, "--- %s\n%s", is_good ? "plan" : "errors", str_text(&s.learned));
	if (is_good)
		show_plan(out, &s.plan, plan_case->refresh_only);
	for (size_t i = 0; i < s.errors.count; i++)
		show_error(out, &s.errors.items[i]);
}

/* ---- carrying it out ---- */

/* The plan's objects stand among what lives, and that is about to change. */
static const struct object *kept(struct scene *s, const struct object *object)
{
	struct object *copy = arena_alloc(&s->arena, sizeof(*copy));

	if (!object)
		return NULL;
	*copy = *object;
	return copy;
}

static void keep_objects(struct scene *s)
{
	for (size_t i = 0; i < s->plan.row_count; i++)
		s->plan.rows[i].live = kept(s, s->plan.rows[i].live);
}

/* What lives then: as it was, as it was changed, or new. */
static struct object made_of(struct scene *s, const struct row *row, size_t index)
{
	bool stays = row->action == ACTION_ADOPT || row->action == ACTION_UPDATE;
	struct object now = stays ? *row->live : *row->desired;

	now.id = stays ? row->live->id : arena_format(&s->arena, "made-%zu", index);
	if (!stays || row->writes)
		now.modified = arena_format(&s->arena, "2030-01-01T00:00:00.%06zuZ", index);
	if (now.kind == OBJECT_SECRET && !stays)
		now.status = "pending";
	if (row->writes & FIELD_SCOPES)
		now.scopes = row->desired->scopes;
	if (row->writes & FIELD_COMMENT)
		now.comment = row->desired->comment;
	return now;
}

/* What the action leaves in the state, if anything, and among what lives. */
static struct change carry_out_one(struct scene *s, size_t index)
{
	const struct row *row = &s->plan.rows[index];
	struct object *recorded = arena_alloc(&s->arena, sizeof(*recorded));

	*recorded = *row_object(row);
	if (row->action == ACTION_DESTROY || row->action == ACTION_FORGET)
		return (struct change){CHANGE_DROP, recorded};
	struct object now = made_of(s, row, index);
	record_done(row, &now, &s->arena, recorded);
	struct object *live = model_add_copy(&s->live, &now);
	live->origin = ORIGIN_NONE;
	live->fingerprint = NULL;
	live->version = 0;
	return (struct change){CHANGE_PUT, recorded};
}

/* Does a store that is destroyed take it along? */
static bool goes_along(const struct object *object, const struct object *doomed)
{
	return object->secret && !doomed->secret && strcmp(object->account, doomed->account) == 0 &&
	       strcmp(object->store, doomed->store) == 0;
}

/* Takes what the actions put something else in the place of, or destroy, out of what lives. */
static void clear_live(struct scene *s)
{
	for (size_t a = 0; a < s->plan.row_count; a++) {
		const struct row *row = &s->plan.rows[a];
		const struct object *before = row_before(row);
		size_t kept = 0;
		if (!before || row->action == ACTION_NONE || row->action == ACTION_FORGET)
			continue;
		for (size_t i = 0; i < s->live.object_count; i++) {
			const struct object *it = &s->live.objects[i];
			bool goes = strcmp(it->id, before->id) == 0 ||
				    (row_destroys(row) && goes_along(it, before));
			if (!goes)
				s->live.objects[kept++] = *it;
		}
		s->live.object_count = kept;
	}
}

/* All that the plan asks for works: it lives now, and the state says so. Ends the plan. */
static void carry_out(struct scene *s)
{
	const struct plan *plan = &s->plan;
	struct change *changes AUTO_FREE = mem_alloc(plan->row_count * sizeof(*changes));
	size_t count = 0;

	keep_objects(s);
	clear_live(s);
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (row->action != ACTION_NONE)
			changes[count++] = carry_out_one(s, i);
		else if (row->learns)
			changes[count++] = (struct change){row->learned ? CHANGE_PUT : CHANGE_DROP,
				row->learned ? row->learned : row->recorded};
	}
	model_sort(&s->live);
	fold(s, &(struct state_fold){.changes = changes,
			.change_count = count,
			.accounts = s->desired.accounts,
			.account_count = s->desired.account_count});
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

/* A value that was changed outside, and that nobody wants written again, stays changed. */
static bool is_bearable(const struct scene *s, const struct row *row)
{
	const struct object *desired = row->desired;

	return row->drift == FIELD_VALUE && desired &&
	       (s->plan_case->refresh_only || desired->is_written_once ||
		       desired->on_drift != ON_DRIFT_REWRITE ||
		       desired->value->kind == VALUE_GENERATE);
}

static void add_left(const struct scene *s, struct str *left)
{
	const struct plan *plan = &s->plan;
	size_t more = plan->learned;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (row->action != ACTION_NONE)
			show_row(left, row, NULL);
		more += row->drift && !is_bearable(s, row);
	}
	if (more)
		show_plan(left, plan, s->plan_case->refresh_only);
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
	add_left(&s, &left);
	return !left.length || error_set(why, "apply leaves something to do:\n%s", str_text(&left));
}
