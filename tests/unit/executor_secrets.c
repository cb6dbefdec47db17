/* file size: one fake runner, for all that a run may meet of secrets */
/* The executor with secrets: batches, what waits for a store, renames, and what nobody saw. */
#include "apply/executor.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

enum { MOST = 512 };

/* What comes of one action. */
struct script {
	enum outcome_kind kind;
	bool is_put; /* though it failed: a rename that got as far as the duplicate */
};

struct rig {
	struct runner runner; /* first: what the executor holds */
	struct folder folder;
	const char *path;
	struct ledger ledger;
	struct state before;
	struct model desired;
	struct plan plan;
	struct script script[MOST];
	struct executor_result result;
	struct error err;
	volatile sig_atomic_t interrupted;
	size_t parallelism;

	/* when to stop, or to leave at once: after so many have ended; 0: never */
	size_t interrupt_at, leave_at;

	size_t queue[MOST], from, count; /* started, not ended */
	size_t starts, batches[MOST], tasks_under_way, most_tasks;
	size_t task_of[MOST], left[MOST], ended, early;
};

/* ---- the fake runner ---- */

/* Does who opens the files now find the store with its new id? */
static bool is_durable(struct rig *rig, const struct object *store)
{
	struct ledger ledger;
	struct error err CLEANUP(error_release) = {0};

	assert_true(ledger_read(&ledger, rig->path, &err));
	const struct object *found =
		model_object(&ledger.state.model, store->account, store->store, NULL);
	bool is_durable = found && found->id && strncmp(found->id, "new-", 4) == 0;
	ledger_close(&ledger);
	return is_durable;
}

static void on_start(struct runner *runner, const struct job *jobs, size_t count)
{
	struct rig *rig = (struct rig *)(void *)runner;

	rig->batches[rig->starts] = count;
	rig->left[rig->starts] = count;
	for (size_t i = 0; i < count; i++) {
		const struct action *action = jobs[i].action;
		for (size_t w = 0; w < action->wait_count; w++) {
			const struct action *store = &rig->plan.actions[action->waits_for[w]];
			if (store->after && i == 0)
				rig->early += !is_durable(rig, action_object(store));
		}
		rig->task_of[jobs[i].index] = rig->starts;
		rig->queue[rig->count++] = jobs[i].index;
	}
	rig->starts++;
	if (++rig->tasks_under_way > rig->most_tasks)
		rig->most_tasks = rig->tasks_under_way;
}

static void on_stop(struct runner *runner)
{
	(void)runner;
}

static struct outcome *outcome_of(struct rig *rig, size_t index)
{
	const struct action *action = &rig->plan.actions[index];
	const struct script *script = &rig->script[index];
	struct outcome *outcome = outcome_new(index, script->kind);

	if (script->kind != OUTCOME_DONE)
		error_set(&outcome->err, "it did not work");
	if (script->kind != OUTCOME_DONE && !script->is_put)
		return outcome;
	outcome->change = action->after ? CHANGE_PUT : CHANGE_DROP;
	if (!action->after)
		return outcome;
	outcome->object = *action->after;
	outcome->object.id = arena_format(&outcome->arena, "new-%zu", index);
	outcome->object.origin = ORIGIN_CREATED;
	outcome->object.is_unsure = script->is_put;
	return outcome;
}

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct rig *rig = (struct rig *)(void *)runner;

	(void)timeout_ms;
	if (rig->from == rig->count)
		return NULL;
	size_t index = rig->queue[rig->from++];
	if (--rig->left[rig->task_of[index]] == 0)
		rig->tasks_under_way--;
	if (++rig->ended == rig->interrupt_at)
		rig->interrupted = 1;
	if (rig->ended == rig->leave_at)
		rig->interrupted = 2;
	return outcome_of(rig, index);
}

/* ---- life ---- */

static int set_up(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));

	folder_make(&rig->folder);
	rig->path = folder_file(&rig->folder, "state.json");
	rig->runner = (struct runner){.start = on_start, .stop = on_stop, .next = on_next};
	rig->ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
	rig->parallelism = 4;
	rig->before = (struct state){.serial = 1, .lineage = LINEAGE};
	model_add_account(&rig->before.model, "prod", "acc1");
	model_add_account(&rig->desired, "prod", "acc1");
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	ledger_close(&rig->ledger);
	state_release(&rig->before);
	model_release(&rig->desired);
	plan_release(&rig->plan);
	error_release(&rig->err);
	folder_remove(&rig->folder);
	arena_release(&rig->folder.paths);
	free(rig);
	return 0;
}

/* ---- plans ---- */

static const struct object *object(
	struct rig *rig, const char *store, const char *secret, const char *id)
{
	struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));

	*object = (struct object){.kind = secret ? OBJECT_SECRET : OBJECT_STORE,
		.account = "prod",
		.store = store,
		.secret = secret,
		.id = id,
		.version = secret ? 1 : 0,
		.fingerprint = !secret ? NULL
			       : id    ? "old"
				       : "new"};
	return object;
}

/* Recorded, and what an action has before it. */
static const struct object *ours(struct rig *rig, const char *store, const char *secret)
{
	struct object *made = model_add_object(&rig->before.model, "prod", store, secret);
	const char *id =
		arena_format(&rig->before.model.arena, "old-%s-%s", store, secret ? secret : "");
	struct object *before = (struct object *)(uintptr_t)object(rig, store, secret, id);

	before->origin = ORIGIN_CREATED;
	made->id = id;
	made->origin = ORIGIN_CREATED;
	made->version = before->version;
	made->fingerprint = before->fingerprint;
	return before;
}

static size_t act(struct rig *rig, const struct object *before, const struct object *after)
{
	struct action *action = plan_add(&rig->plan);

	action->before = before;
	action->after = after;
	return rig->plan.action_count - 1;
}

static size_t create(struct rig *rig, const char *store, const char *secret)
{
	return act(rig, NULL, object(rig, store, secret, NULL));
}

static void let_wait(struct rig *rig, size_t index, size_t store)
{
	size_t *waits = arena_alloc(&rig->plan.arena, sizeof(*waits));

	*waits = store;
	rig->plan.actions[index].waits_for = waits;
	rig->plan.actions[index].wait_count = 1;
}

static const char *numbered(struct rig *rig, size_t number)
{
	return arena_format(&rig->plan.arena, "N%03zu", number);
}

/* A store that is there (or new), and so many new secrets. */
static size_t create_in(struct rig *rig, const char *store, bool is_new, size_t count)
{
	size_t index = is_new ? create(rig, store, NULL)
			      : act(rig, ours(rig, store, NULL), object(rig, store, NULL, NULL));

	for (size_t i = 0; i < count; i++) {
		size_t secret = create(rig, store, numbered(rig, i));
		if (is_new)
			let_wait(rig, secret, index);
	}
	return index;
}

static void run(struct rig *rig)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct ledger_options options = {.path = rig->path, .operation = "apply"};
	struct executor_input input = {.plan = &rig->plan,
		.desired = &rig->desired,
		.runner = &rig->runner,
		.ledger = &rig->ledger,
		.parallelism = rig->parallelism,
		.interrupted = &rig->interrupted};

	model_sort(&rig->before.model);
	state_encode(&rig->before, &bytes);
	folder_write(&rig->folder, "state.json", str_text(&bytes));
	rig->plan.counts = plan_count(&rig->plan);
	if (!ledger_open(&rig->ledger, &options, &rig->err) ||
		!executor_run(&input, &rig->result, &rig->err))
		fail_msg("%s", rig->err.message);
	ledger_close(&rig->ledger);
	assert_int_equal(rig->early, 0);
	assert_true(rig->most_tasks <= rig->parallelism);
}

/* ---- what the files say then ---- */

struct found {
	size_t known, unresolved, unsure;
};

static struct found find_all(struct rig *rig)
{
	struct ledger ledger;
	struct found found = {0};

	assert_true(ledger_read(&ledger, rig->path, &rig->err));
	for (size_t i = 0; i < ledger.state.model.object_count; i++) {
		const struct object *it = &ledger.state.model.objects[i];
		found.unresolved += it->is_unresolved;
		found.known += !it->is_unresolved;
		found.unsure += it->is_unsure;
	}
	ledger_close(&ledger);
	return found;
}

static void expect_found(struct rig *rig, size_t known, size_t unresolved, size_t unsure)
{
	struct found found = find_all(rig);

	assert_int_equal(found.known, known);
	assert_int_equal(found.unresolved, unresolved);
	assert_int_equal(found.unsure, unsure);
}

/* "ID fingerprint vN", "?" and "unsure", or "-". */
static void expect(struct rig *rig, const char *secret, const char *expected)
{
	struct ledger ledger;
	struct str text CLEANUP(str_release) = {0};

	assert_true(ledger_read(&ledger, rig->path, &rig->err));
	const struct object *it = model_object(&ledger.state.model, "prod", "s", secret);
	if (it)
		str_format(&text, "%s %s v%d%s", it->is_unresolved ? "?" : it->id,
			it->fingerprint ? it->fingerprint : "none", (int)it->version,
			it->is_unsure ? " unsure" : "");
	ledger_close(&ledger);
	assert_string_equal(it ? str_text(&text) : "-", expected);
}

/* ---- batches ---- */

/* So many secrets at once count as one under way. */
static void a_batch_is_one_under_way(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "a", false, 150);
	create_in(rig, "b", false, 101);
	create_in(rig, "c", false, 3);
	rig->parallelism = 2;
	run(rig);
	assert_int_equal(rig->starts, 5);
	static const size_t batches[] = {100, 50, 100, 1, 3};
	for (size_t i = 0; i < ARRAY_SIZE(batches); i++)
		assert_int_equal(rig->batches[i], batches[i]);
	assert_int_equal(rig->most_tasks, 2);
	assert_int_equal(rig->result.done.add, 254);
	assert_int_equal(rig->result.started, 254);
	expect_found(rig, 257, 0, 0);
}

/* Each of a batch has its own end. */
static void a_batch_with_all_outcomes(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "s", false, 6);
	rig->script[2].kind = OUTCOME_FAILED;
	rig->script[4].kind = OUTCOME_UNKNOWN;
	run(rig);
	assert_int_equal(rig->starts, 1);
	assert_int_equal(rig->result.done.add, 4);
	assert_int_equal(rig->result.failed, 2);
	assert_int_equal(rig->result.not_started, 0);
	expect(rig, "N000", "new-1 new v1");
	expect(rig, "N001", "-");
	expect(rig, "N003", "? new v1");
	expect(rig, "N005", "new-6 new v1");
}

/* ---- what waits for its store ---- */

static void secrets_come_after_their_store_is_durable(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "a", true, 120);
	create_in(rig, "b", true, 2);
	create_in(rig, "c", true, 0);
	rig->parallelism = 1;
	run(rig); /* counts who comes early */
	assert_int_equal(rig->starts, 3 + 3);
	expect_found(rig, 125, 0, 0);
}

static void a_store_that_fails(void **state)
{
	struct rig *rig = *state;

	for (int kind = OUTCOME_FAILED; kind <= OUTCOME_UNKNOWN; kind++)
		rig->script[create_in(rig, kind == OUTCOME_FAILED ? "f" : "u", true, 110)].kind =
			(enum outcome_kind)kind;
	create_in(rig, "w", true, 1);
	run(rig);
	assert_int_equal(rig->result.failed, 2);
	assert_int_equal(rig->result.not_started, 220);
	assert_int_equal(rig->result.done.add, 2);
	expect_found(rig, 2, 1, 0); /* only the store itself may be there */
}

/* ---- interrupts ---- */

/* Between a store and what is in it: that was not asked for. */
static void interrupted_between(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "s", true, 150);
	rig->interrupt_at = 1;
	run(rig);
	assert_true(rig->result.was_interrupted);
	assert_int_equal(rig->result.not_started, 150);
	expect_found(rig, 1, 0, 0);
}

/* In the midst of a batch: all of it is waited for, and what comes after it is not begun. */
static void interrupted_in_a_batch(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "s", false, 250);
	rig->parallelism = 1;
	rig->interrupt_at = 30;
	run(rig);
	assert_int_equal(rig->ended, 100);
	assert_int_equal(rig->result.done.add, 100);
	assert_int_equal(rig->result.not_started, 150);
	expect_found(rig, 101, 0, 0);
}

/* At once: what was under way may have been done, the rest of the batch. */
static void left_in_a_batch(void **state)
{
	struct rig *rig = *state;

	create_in(rig, "s", false, 250);
	rig->parallelism = 1;
	rig->leave_at = 120;
	run(rig);
	assert_int_equal(rig->result.unknown, 80);
	assert_int_equal(rig->result.not_started, 50);
	assert_true(rig->result.is_in_journal);
	expect_found(rig, 121, 80, 0);
}

/* ---- renames ---- */

/* OLD to NEW; `changes`: with another value. */
static void rename_with(struct rig *rig, unsigned changes, struct script script)
{
	size_t store = act(rig, ours(rig, "s", NULL), object(rig, "s", NULL, NULL));
	size_t index = act(rig, ours(rig, "s", "OLD"), object(rig, "s", "NEW", NULL));
	struct action *action = &rig->plan.actions[index];

	((struct object *)(uintptr_t)action->after)->version = 2;
	action->changes = changes;
	rig->script[index] = script;
	assert_int_equal(store + 1, index);
}

static void renamed(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, 0, (struct script){OUTCOME_DONE, false});
	run(rig);
	assert_int_equal(rig->result.done.change, 1);
	assert_int_equal(rig->result.done.add + rig->result.done.destroy, 0);
	expect(rig, "NEW", "new-1 new v2");
	expect(rig, "OLD", "-");
}

static void rename_failed(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, 0, (struct script){OUTCOME_FAILED, false});
	run(rig);
	expect(rig, "NEW", "-");
	expect(rig, "OLD", "old-s-OLD old v1");
}

static void rename_half_done(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, FIELD_VALUE, (struct script){OUTCOME_FAILED, true});
	run(rig);
	expect(rig, "NEW", "new-1 new v2 unsure");
	expect(rig, "OLD", "old-s-OLD old v1");
}

/* The duplicate may be there, and has the old value. */
static void rename_unknown(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, 0, (struct script){OUTCOME_UNKNOWN, false});
	run(rig);
	expect(rig, "NEW", "? new v1");
	expect(rig, "OLD", "old-s-OLD old v1");
}

static void rename_with_value_unknown(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, FIELD_VALUE, (struct script){OUTCOME_UNKNOWN, false});
	run(rig);
	expect(rig, "NEW", "? none v1 unsure");
	expect(rig, "OLD", "old-s-OLD old v1");
}

static void rename_unverified_unknown(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, 0, (struct script){OUTCOME_UNKNOWN, false});
	rig->plan.actions[1].is_unverified = true;
	run(rig);
	expect(rig, "NEW", "? none v1");
}

static void rename_not_started(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, FIELD_VALUE, (struct script){OUTCOME_DONE, false});
	rig->interrupted = 1;
	run(rig);
	assert_int_equal(rig->result.not_started, 1);
	expect(rig, "NEW", "-");
	expect(rig, "OLD", "old-s-OLD old v1");
}

/* The old names' intents stand behind those of the steps and of the refreshes. */
static void renames_among_others(void **state)
{
	struct rig *rig = *state;

	rename_with(rig, 0, (struct script){OUTCOME_DONE, false});
	const struct object *z = ours(rig, "s", "Z"), *y = ours(rig, "s", "Y");
	const struct object *gone = ours(rig, "s", "GONE");
	act(rig, ours(rig, "s", "OLD2"), object(rig, "s", "NEW2", NULL));
	act(rig, z, NULL);
	plan_add_refresh(&rig->plan, gone, NULL);
	struct object *later = arena_alloc(&rig->plan.arena, sizeof(*later));
	*later = *y;
	later->fingerprint = "learned";
	plan_add_refresh(&rig->plan, y, later);
	run(rig);
	expect(rig, "NEW", "new-1 new v2");
	expect(rig, "NEW2", "new-2 new v1");
	expect(rig, "OLD", "-");
	expect(rig, "OLD2", "-");
	expect(rig, "Z", "-");
	expect(rig, "GONE", "-");
	expect(rig, "Y", "old-s-Y learned v1");
}

static void add_renames(struct rig *rig, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *to = numbered(rig, i);
		act(rig, ours(rig, "s", arena_format(&rig->plan.arena, "OLD-%zu", i)),
			object(rig, "s", to, NULL));
	}
}

/* What has not come to its turn has not started: nothing was sent of it, and it takes no time. */
static void interrupted_between_renames(void **state)
{
	struct rig *rig = *state;

	add_renames(rig, 8);
	rig->interrupt_at = 2;
	run(rig);
	assert_int_equal(rig->most_tasks, 1);
	assert_int_equal(rig->result.started, 2);
	assert_int_equal(rig->result.done.change, 2);
	assert_int_equal(rig->result.failed, 0);
	assert_int_equal(rig->result.not_started, 6);
	expect(rig, "N001", "new-1 new v1");
	expect(rig, "OLD-1", "-");
	expect(rig, "N002", "-");
	expect(rig, "OLD-2", "old-s-OLD-2 old v1");
}

/* A rename that fails, or whose end nobody saw, lets the next ones come, and what is created. */
static void creations_after_renames(void **state)
{
	struct rig *rig = *state;

	add_renames(rig, 3);
	for (size_t i = 0; i < 4; i++)
		create(rig, "s", arena_format(&rig->plan.arena, "X%zu", i));
	rig->script[0].kind = OUTCOME_UNKNOWN;
	rig->script[2].kind = OUTCOME_FAILED;
	run(rig);
	assert_int_equal(rig->starts, 4);
	assert_int_equal(rig->most_tasks, 1);
	assert_int_equal(rig->batches[3], 4);
	assert_int_equal(rig->result.done.add, 4);
	assert_int_equal(rig->result.done.change, 1);
	assert_int_equal(rig->result.failed, 2);
	assert_int_equal(rig->result.not_started, 0);
}

/* ---- updates and adoptions ---- */

static void update_with(struct rig *rig, enum outcome_kind kind)
{
	size_t index = act(rig, ours(rig, "s", "A"), object(rig, "s", "A", NULL));

	rig->plan.actions[index].changes = FIELD_COMMENT;
	rig->script[index].kind = kind;
	run(rig);
}

static void updated(void **state)
{
	update_with(*state, OUTCOME_DONE);
	expect(*state, "A", "new-0 new v1");
}

static void update_failed(void **state)
{
	update_with(*state, OUTCOME_FAILED);
	expect(*state, "A", "old-s-A old v1");
}

static void update_unknown(void **state)
{
	update_with(*state, OUTCOME_UNKNOWN);
	expect(*state, "A", "old-s-A old v1 unsure");
}

static void update_not_started(void **state)
{
	struct rig *rig = *state;

	rig->interrupted = 1;
	update_with(rig, OUTCOME_DONE);
	expect(rig, "A", "old-s-A old v1");
}

/* What was to be adopted and written is ours then, whatever it holds. */
static void adoption_unknown(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < 2; i++) {
		const char *name = i ? "B" : "A";
		struct object *live =
			(struct object *)(uintptr_t)object(rig, "s", name, i ? "live-B" : "live-A");
		live->fingerprint = NULL;
		live->version = 0;
		size_t index = act(rig, live, object(rig, "s", name, NULL));
		rig->plan.actions[index].changes = i ? 0 : FIELD_VALUE;
		rig->script[index].kind = OUTCOME_UNKNOWN;
	}
	run(rig);
	expect(rig, "A", "live-A none v0 unsure");
	expect(rig, "B", "-"); /* no request: it surely was not adopted */
}

/* A store that goes, with what goes with it: of unknown end, that is not known either. */
static void a_store_that_may_be_gone(void **state)
{
	struct rig *rig = *state;
	size_t store = act(rig, ours(rig, "s", NULL), NULL);
	size_t inside = act(rig, ours(rig, "s", "A"), NULL);

	let_wait(rig, inside, store);
	rig->plan.actions[inside].goes_with_store = true;
	rig->script[store].kind = OUTCOME_UNKNOWN;
	run(rig);
	assert_int_equal(rig->result.not_started, 1);
	expect(rig, NULL, "old-s- none v0 unsure");
	expect(rig, "A", "old-s-A old v1 unsure");
}

static void a_store_that_goes(void **state)
{
	struct rig *rig = *state;
	size_t store = act(rig, ours(rig, "s", NULL), NULL);
	size_t inside = act(rig, ours(rig, "s", "A"), NULL);

	let_wait(rig, inside, store);
	rig->plan.actions[inside].goes_with_store = true;
	run(rig);
	assert_int_equal(rig->result.done.destroy, 2);
	expect_found(rig, 0, 0, 0);
}

/* fault D2 */
/* Nothing more is started: but what went with its store is gone, and that is known. */
static void interrupted_when_its_store_has_gone(void **state)
{
	struct rig *rig = *state;
	size_t store = act(rig, ours(rig, "s", NULL), NULL);
	size_t inside = act(rig, ours(rig, "s", "A"), NULL);

	let_wait(rig, inside, store);
	rig->plan.actions[inside].goes_with_store = true;
	rig->interrupt_at = 1;
	run(rig);
	assert_int_equal(rig->result.done.destroy, 2);
	assert_int_equal(rig->result.not_started, 0);
	expect_found(rig, 0, 0, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_is_one_under_way),
		TEST(a_batch_with_all_outcomes),
		TEST(secrets_come_after_their_store_is_durable),
		TEST(a_store_that_fails),
		TEST(interrupted_between),
		TEST(interrupted_in_a_batch),
		TEST(left_in_a_batch),
		TEST(renamed),
		TEST(rename_failed),
		TEST(rename_half_done),
		TEST(rename_unknown),
		TEST(rename_with_value_unknown),
		TEST(rename_unverified_unknown),
		TEST(rename_not_started),
		TEST(renames_among_others),
		TEST(interrupted_between_renames),
		TEST(creations_after_renames),
		TEST(updated),
		TEST(update_failed),
		TEST(update_unknown),
		TEST(update_not_started),
		TEST(adoption_unknown),
		TEST(a_store_that_may_be_gone),
		TEST(a_store_that_goes),
		TEST(interrupted_when_its_store_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
