/* The executor with secrets: what becomes of batches, renames, and secrets that go with a store. */
#include "apply/executor.h"

#include "local.h"
#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

/* What comes of a row, by its name: done unless it is said here. */
struct script {
	const char *name;
	enum outcome_kind kind;
	enum change_kind change;
};

struct rig {
	struct runner runner; /* first: what the executor holds */
	struct folder folder;
	struct ledger ledger;
	struct state before;
	struct model desired;
	struct plan plan;
	const struct script *script;
	struct executor_result result;
	struct error err;
	volatile sig_atomic_t interrupted;
	size_t interrupt_at, leave_at; /* after so many have ended; 0: never */
	const struct row *queue[32];
	size_t from, count;
	struct str started; /* names, with `+` between those of one task */
};

static const char *name_of(const struct row *row)
{
	const struct object *object = row_object(row);

	return object->secret ? object->secret : object->store;
}

static void on_start(struct runner *runner, const struct row **rows, size_t count)
{
	struct rig *rig = (struct rig *)(void *)runner;

	for (size_t i = 0; i < count; i++) {
		str_format(&rig->started, "%s%s", i ? "+" : " ", name_of(rows[i]));
		rig->queue[rig->count++] = rows[i];
	}
}

static void on_stop(struct runner *runner)
{
	(void)runner;
}

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct rig *rig = (struct rig *)(void *)runner;

	(void)timeout_ms;
	if (rig->from == rig->count)
		return NULL;
	const struct row *row = rig->queue[rig->from++];
	const struct script *script = rig->script;
	while (script && script->name && strcmp(script->name, name_of(row)) != 0)
		script++;
	bool is_done = !script || !script->name;
	struct outcome *outcome = outcome_new(row, is_done ? OUTCOME_DONE : script->kind);
	outcome->change.kind = !is_done ? script->change : row->desired ? CHANGE_PUT : CHANGE_DROP;
	if (!is_done)
		error_set(&outcome->err, "it did not work");
	if (outcome->change.kind == CHANGE_PUT) {
		struct object *made = arena_alloc(&rig->folder.paths, sizeof(*made));
		*made = *row->desired;
		made->id = arena_format(&rig->folder.paths, "%s2", name_of(row));
		made->origin = ORIGIN_CREATED;
		outcome->change.object = made;
	}
	if (rig->from == rig->interrupt_at)
		rig->interrupted = 1;
	if (rig->from == rig->leave_at)
		rig->interrupted = 2;
	return outcome;
}

/* ---- life ---- */

static void set_up(struct rig *rig)
{
	*rig = (struct rig){.runner = {.start = on_start, .stop = on_stop, .next = on_next},
		.before = {.serial = 1, .lineage = LINEAGE}};
	folder_make(&rig->folder);
	model_add_account(&rig->before.model, "prod", "acc");
	model_add_account(&rig->desired, "prod", "acc");
}

static const struct object *make(struct rig *rig, const char *secret)
{
	static const struct value_source value = {.kind = VALUE_ENV, .name = "X"};
	struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));

	*object = (struct object){.kind = secret ? OBJECT_SECRET : OBJECT_STORE,
		.account = "prod",
		.store = "keys",
		.secret = secret,
		.scopes = secret ? "workers" : NULL,
		.value = secret ? &value : NULL,
		.version = secret != NULL};
	return object;
}

/* A row whose object is recorded, unless it is created; secret NULL: the store. */
static struct row *add(struct rig *rig, enum action action, const char *secret, unsigned notes)
{
	const struct object *desired = make(rig, secret);
	struct row *row = plan_add(&rig->plan);

	*row = (struct row){.action = action, .notes = notes};
	if (action != ACTION_DESTROY)
		row->desired = desired;
	if (action == ACTION_CREATE)
		return row;
	struct object *recorded = arena_alloc(&rig->plan.arena, sizeof(*recorded));
	*recorded = *desired;
	recorded->id = secret ? secret : "keys";
	recorded->origin = ORIGIN_CREATED;
	row->recorded = row->live = recorded;
	model_add_copy(&rig->before.model, recorded);
	return row;
}

/* Runs the plan; then compares what was started, and each object: NAME, or NAME:ID if it has one.
 */
static void expect_run(struct rig *rig, const char *started, const char *state)
{
	const char *path = folder_file(&rig->folder, "state.json");
	struct ledger_options options = local_options(path, "apply");
	struct str bytes CLEANUP(str_release) = {0}, found CLEANUP(str_release) = {0};
	struct executor_input input = {.plan = &rig->plan,
		.desired = &rig->desired,
		.runner = &rig->runner,
		.ledger = &rig->ledger,
		.parallelism = 4,
		.interrupted = &rig->interrupted};
	struct ledger after;

	model_sort(&rig->before.model);
	state_encode(&rig->before, &bytes);
	folder_write(&rig->folder, "state.json", str_text(&bytes));
	assert_true(ledger_open(&rig->ledger, &options, &rig->err));
	assert_true(executor_run(&input, &rig->result, &rig->err));
	ledger_close(&rig->ledger);
	assert_string_equal(str_text(&rig->started), started);
	assert_true(local_read(&after, path, &rig->err));
	for (size_t i = 0; i < after.state.model.object_count; i++) {
		const struct object *object = &after.state.model.objects[i];
		str_format(&found, " %s%s%s", object->secret ? object->secret : object->store,
			object->id ? ":" : "", object->id ? object->id : "");
	}
	assert_string_equal(str_text(&found), state);
	ledger_close(&after);
	plan_release(&rig->plan);
	state_release(&rig->before);
	model_release(&rig->desired);
	str_release(&rig->started);
	folder_remove(&rig->folder);
	arena_release(&rig->folder.paths);
}

#define SCRIPT(...) ((const struct script[]){__VA_ARGS__, {0}})

/* ---- tests ---- */

static void batches(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add(&rig, ACTION_NONE, NULL, 0);
	for (const char *const *name = (const char *const[]){"A", "B", "C", NULL}; *name; name++)
		add(&rig, ACTION_CREATE, *name, 0);
	rig.script =
		SCRIPT({"B", OUTCOME_FAILED, CHANGE_KEEP}, {"C", OUTCOME_UNKNOWN, CHANGE_KEEP});
	expect_run(&rig, " A+B+C", " keys:keys A:A2 C");
	assert_int_equal(rig.result.failed, 2);
}

static void a_store_that_fails(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add(&rig, ACTION_CREATE, NULL, 0);
	add(&rig, ACTION_CREATE, "A", 0);
	expect_run(&rig, " keys A", " keys:keys2 A:A2");
	set_up(&rig);
	add(&rig, ACTION_CREATE, NULL, 0);
	add(&rig, ACTION_CREATE, "A", 0);
	rig.script = SCRIPT({"keys", OUTCOME_FAILED, CHANGE_KEEP});
	expect_run(&rig, " keys", "");
	assert_int_equal(rig.result.not_started, 1);
	/* Nobody knows of the store; of its secret, that it was not sent. */
	set_up(&rig);
	add(&rig, ACTION_CREATE, NULL, 0);
	add(&rig, ACTION_CREATE, "A", 0);
	rig.script = SCRIPT({"keys", OUTCOME_UNKNOWN, CHANGE_KEEP});
	expect_run(&rig, " keys", " keys");
}

static void add_rename(struct rig *rig)
{
	set_up(rig);
	add(rig, ACTION_NONE, NULL, 0);
	add(rig, ACTION_CREATE, "NEW", 0);
	add(rig, ACTION_DESTROY, "OLD", 0);
	rig->plan.rows[1].copies = rig->plan.rows[2].recorded;
	rig->plan.rows[1].live = rig->plan.rows[2].live;
	rig->plan.rows[2].renamed_to = rig->plan.rows[1].desired;
}

static void a_rename(void **state)
{
	struct rig rig;

	(void)state;
	add_rename(&rig);
	expect_run(&rig, " NEW OLD", " keys:keys NEW:NEW2");
	assert_int_equal(rig.result.done.change, 1);
	assert_int_equal(rig.result.done.add + rig.result.done.destroy, 0);
	/* Without a duplicate the old name stays. */
	add_rename(&rig);
	rig.script = SCRIPT({"NEW", OUTCOME_FAILED, CHANGE_KEEP});
	expect_run(&rig, " NEW", " keys:keys OLD:OLD");
	add_rename(&rig);
	rig.script = SCRIPT({"NEW", OUTCOME_UNKNOWN, CHANGE_KEEP});
	expect_run(&rig, " NEW", " keys:keys NEW OLD:OLD");
	/* The duplicate exists, but failed halfway. */
	add_rename(&rig);
	rig.script = SCRIPT({"NEW", OUTCOME_FAILED, CHANGE_PUT});
	expect_run(&rig, " NEW", " keys:keys NEW:NEW2 OLD:OLD");
	add_rename(&rig);
	rig.script = SCRIPT({"OLD", OUTCOME_FAILED, CHANGE_KEEP});
	expect_run(&rig, " NEW OLD", " keys:keys NEW:NEW2 OLD:OLD");
	assert_int_equal(rig.result.failed, 1);
	add_rename(&rig);
	rig.interrupt_at = 1;
	expect_run(&rig, " NEW", " keys:keys NEW:NEW2 OLD:OLD");
}

static void add_destroyed_store(struct rig *rig)
{
	set_up(rig);
	add(rig, ACTION_DESTROY, NULL, 0);
	add(rig, ACTION_DESTROY, "A", ROW_WITH_STORE);
}

/* fault D2 */
/* What is destroyed with its store shares its outcome, whether or not it was started. */
static void with_its_store(void **state)
{
	struct rig rig;

	(void)state;
	add_destroyed_store(&rig);
	expect_run(&rig, " keys A", "");
	assert_int_equal(rig.result.done.destroy, 2);
	add_destroyed_store(&rig);
	rig.interrupt_at = 1;
	expect_run(&rig, " keys", "");
	assert_int_equal(rig.result.done.destroy, 2);
	assert_int_equal(rig.result.not_started, 0);
	add_destroyed_store(&rig);
	rig.script = SCRIPT({"keys", OUTCOME_FAILED, CHANGE_KEEP});
	expect_run(&rig, " keys", " keys:keys A:A");
	assert_int_equal(rig.result.not_started, 1);
	/* What waits for the removals does not wait for those that never start. */
	add_destroyed_store(&rig);
	struct row *row = add(&rig, ACTION_CREATE, NULL, 0);
	struct object *other = arena_alloc(&rig.plan.arena, sizeof(*other));
	*other = *row->desired;
	other->store = "other";
	row->desired = other;
	rig.script = SCRIPT({"keys", OUTCOME_FAILED, CHANGE_KEEP});
	expect_run(&rig, " keys other", " keys:keys A:A other:other2");
	/* A store that is replaced, and fails after it was destroyed. */
	set_up(&rig);
	add(&rig, ACTION_REPLACE, NULL, 0);
	add(&rig, ACTION_REPLACE, "A", ROW_WITH_STORE);
	rig.script = SCRIPT({"keys", OUTCOME_FAILED, CHANGE_DROP});
	expect_run(&rig, " keys", "");
	/* Nobody knows: it may be either. */
	set_up(&rig);
	add(&rig, ACTION_REPLACE, NULL, 0);
	add(&rig, ACTION_REPLACE, "A", ROW_WITH_STORE);
	rig.script = SCRIPT({"keys", OUTCOME_UNKNOWN, CHANGE_KEEP});
	expect_run(&rig, " keys", " keys A");
}

static void changes(void **state)
{
	static const struct {
		enum action action;
		enum outcome_kind kind;
		const char *state;
	} cases[] = {
		{ACTION_UPDATE, OUTCOME_DONE, " keys:keys A:A2"},
		{ACTION_UPDATE, OUTCOME_FAILED, " keys:keys A:A"},
		{ACTION_UPDATE, OUTCOME_UNKNOWN, " keys:keys A:A"},
		{ACTION_REPLACE, OUTCOME_FAILED, " keys:keys A:A"},
		{ACTION_REPLACE, OUTCOME_UNKNOWN, " keys:keys A"},
		{ACTION_DESTROY, OUTCOME_UNKNOWN, " keys:keys A:A"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig rig;
		set_up(&rig);
		add(&rig, ACTION_NONE, NULL, 0);
		add(&rig, cases[i].action, "A", 0);
		rig.script = cases[i].kind ? SCRIPT({"A", cases[i].kind, CHANGE_KEEP}) : NULL;
		expect_run(&rig, " A", cases[i].state);
	}
}

/* The second interrupt: the journal has what is under way, and what was never sent. */
static void left_at_once(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add(&rig, ACTION_NONE, NULL, 0);
	add(&rig, ACTION_CREATE, "A", 0);
	add(&rig, ACTION_CREATE, "B", 0);
	add(&rig, ACTION_UPDATE, "C", 0);
	rig.leave_at = 1;
	expect_run(&rig, " A+B C", " keys:keys A:A2 B C:C");
	assert_int_equal(rig.result.unknown, 2);
	assert_true(rig.result.is_in_journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(a_store_that_fails),
		cmocka_unit_test(a_rename),
		cmocka_unit_test(with_its_store),
		cmocka_unit_test(changes),
		cmocka_unit_test(left_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
