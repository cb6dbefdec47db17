/* file size: one fake runner, for all that a run may meet */
#include "apply/executor.h"

#include "local.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* ---- a run with a fake runner ---- */

struct rig {
	struct runner runner; /* first: what the executor holds */
	struct folder folder;
	struct ledger ledger;
	struct model desired, live;
	struct plan plan;
	struct error err;
	struct executor_result result;
	const char *path;
	volatile sig_atomic_t interrupted;

	/* what the runner does */
	size_t parallelism;
	enum outcome_kind (*outcome)(size_t index);
	bool failures_have_destroyed; /* a replacement that fails leaves nothing */
	bool unknowns_have_made;      /* such as a duplicate whose value may not be written */
	bool answers_newest;          /* the last started ends first */
	size_t interrupt_at;          /* after so many have ended; 0: never */
	bool interrupts_twice;
	void (*on_ended)(struct rig *rig), (*on_started)(struct rig *rig);
	const struct backend_kind *kind; /* NULL: a local file */

	size_t replaced; /* rows that replace */

	/* what was seen */
	size_t *started;
	size_t started_count, under_way_from, most_under_way, ended, stops;
	size_t starts_said, completes_said, fails_said, interrupts_said, not_durable,
		asked_after_stop, came_early;
	struct event_progress last_progress;
};

static enum outcome_kind all_done(size_t index)
{
	(void)index;
	return OUTCOME_DONE;
}

static enum outcome_kind in_turn(size_t index)
{
	static const enum outcome_kind kinds[] = {OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_UNKNOWN};

	return kinds[index % 3];
}

static bool is_removal(const struct row *row)
{
	return row->action == ACTION_DESTROY || row->action == ACTION_FORGET;
}

static size_t removals(const struct rig *rig)
{
	return rig->plan.counts.forget + rig->plan.counts.destroy - rig->replaced;
}

/* Those under way stand in `started` from under_way_from on. */
static void on_start(struct runner *runner, const struct row **rows, size_t count)
{
	struct rig *rig = (struct rig *)(void *)runner;
	size_t index = (size_t)(rows[0] - rig->plan.rows);

	assert_int_equal(count, 1); /* stores are started one by one */
	assert_true(index < rig->plan.row_count);
	assert_int_not_equal(rows[0]->action, ACTION_NONE);
	rig->came_early += !is_removal(rows[0]) && rig->ended < removals(rig);
	rig->asked_after_stop += rig->interrupted > 0;
	rig->started[rig->started_count++] = index;
	size_t under_way = rig->started_count - rig->under_way_from;
	if (under_way > rig->most_under_way)
		rig->most_under_way = under_way;
	if (rig->on_started)
		rig->on_started(rig);
}

static void on_stop(struct runner *runner)
{
	struct rig *rig = (struct rig *)(void *)runner;

	rig->stops++;
}

static struct outcome *outcome_of(struct rig *rig, size_t index)
{
	const struct row *row = &rig->plan.rows[index];
	struct outcome *outcome = outcome_new(row, rig->outcome(index));
	const struct object *object = row_object(row);

	bool has_made = outcome->kind == OUTCOME_DONE ||
			(outcome->kind == OUTCOME_UNKNOWN && rig->unknowns_have_made);
	if (outcome->kind != OUTCOME_DONE)
		error_set(&outcome->err, "it did not work");
	if (outcome->kind == OUTCOME_FAILED && rig->failures_have_destroyed)
		outcome->change.kind = CHANGE_DROP;
	if (!has_made)
		return outcome;
	if (is_removal(row)) {
		outcome->change.kind = CHANGE_DROP;
		return outcome;
	}
	outcome->change.kind = CHANGE_PUT;
	struct arena *arena = &rig->folder.paths; /* lives as long as the rig */
	struct object *made = arena_alloc(arena, sizeof(*made));
	*made = (struct object){.kind = OBJECT_STORE,
		.account = object->account,
		.store = object->store,
		.id = arena_format(arena, "id-%s", object->store),
		.origin = row->action == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED};
	outcome->change.object = made;
	return outcome;
}

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct rig *rig = (struct rig *)(void *)runner;

	assert_true(timeout_ms >= 0);
	if (rig->under_way_from == rig->started_count)
		return NULL;
	size_t *first = &rig->started[rig->under_way_from++];
	size_t *chosen = rig->answers_newest ? &rig->started[rig->started_count - 1] : first;
	size_t index = *chosen;
	*chosen = *first;
	*first = index;
	rig->ended++;
	if (rig->ended == rig->interrupt_at)
		rig->interrupted = rig->interrupts_twice ? 2 : 1;
	if (rig->on_ended)
		rig->on_ended(rig);
	return outcome_of(rig, index);
}

/* What is said to be complete must stand in the journal already, on the disk. */
static bool is_in_journal(struct rig *rig, const struct object *object)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct journal journal CLEANUP(journal_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	bool found = false;

	folder_read(&rig->folder, "state.json.journal", &bytes);
	if (!journal_decode("journal", &bytes, NULL, &journal, &err))
		return false;
	for (size_t i = 0; i < journal.count && !found; i++)
		found = journal.changes[i].object->id &&
			strcmp(journal.changes[i].object->id, object->id) == 0 &&
			strcmp(journal.changes[i].object->store, object->store) == 0;
	return found;
}

/* The same, or at least in the state: after a journal that could not be written. */
static bool is_in_state(struct rig *rig, const struct object *object)
{
	struct str bytes CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};

	folder_read(&rig->folder, "state.json", &bytes);
	str_format(&id, "\"%s\"", object->id);
	return strstr(str_text(&bytes), str_text(&id));
}

/* Who opens the files now does not find it. */
static bool is_dropped(struct rig *rig, const struct object *object)
{
	struct ledger ledger;
	struct error err CLEANUP(error_release) = {0};

	if (!local_read(&ledger, rig->path, &err))
		return false;
	bool is_dropped =
		!model_object(&ledger.state.model, object->account, object->store, object->secret);
	ledger_close(&ledger);
	return is_dropped;
}

static void on_event(void *context, const struct event *event)
{
	struct rig *rig = context;

	rig->starts_said += event->type == EVENT_ACTION_START;
	rig->completes_said += event->type == EVENT_ACTION_COMPLETE;
	rig->fails_said += event->type == EVENT_ACTION_FAILED;
	rig->interrupts_said += event->type == EVENT_INTERRUPT;
	if (event->type == EVENT_PROGRESS)
		rig->last_progress = event->progress;
	if (event->type == EVENT_ACTION_FAILED)
		assert_string_equal(event->err->message, "it did not work");
	/* To read it each time costs its square: only in runs that are short. */
	if (event->type == EVENT_ACTION_COMPLETE && is_removal(event->row))
		rig->not_durable += !is_dropped(rig, event->object);
	else if (event->type == EVENT_ACTION_COMPLETE && rig->plan.row_count <= 500)
		rig->not_durable +=
			!is_in_journal(rig, event->object) && !is_in_state(rig, event->object);
}

/* ---- life ---- */

static int setup(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));

	folder_make(&rig->folder);
	rig->path = folder_file(&rig->folder, "state.json");
	rig->runner = (struct runner){.start = on_start, .stop = on_stop, .next = on_next};
	rig->parallelism = 10;
	rig->outcome = all_done;
	rig->ledger = (struct ledger){0};
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	ledger_close(&rig->ledger);
	model_release(&rig->desired);
	model_release(&rig->live);
	plan_release(&rig->plan);
	error_release(&rig->err);
	folder_remove(&rig->folder);
	arena_release(&rig->folder.paths);
	mem_free(rig->started);
	mem_free(rig);
	return 0;
}

/* A plan for so many stores; each fifth is adopted, each seventh is there already. */
static void make_plan(struct rig *rig, size_t count, bool only_creates)
{
	char name[32];

	model_add_account(&rig->desired, "prod", "acc1");
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "s%06zu", i);
		model_add_object(&rig->desired, "prod", name, NULL);
		struct object *live = model_add_object(&rig->live, "prod", name, NULL);
		live->id = arena_format(&rig->live.arena, "id-%s", name);
		live->origin = i % 7 == 6 ? ORIGIN_CREATED : ORIGIN_NONE;
	}
	for (size_t i = 0; i < count; i++) {
		bool exists = !only_creates && i % 7 == 6, is_found = !only_creates && i % 5 == 4;
		struct row *row = plan_add(&rig->plan);
		row->desired = &rig->desired.objects[i];
		row->action = exists ? ACTION_NONE : is_found ? ACTION_ADOPT : ACTION_CREATE;
		row->recorded = exists ? &rig->live.objects[i] : NULL;
		row->live = exists || is_found ? &rig->live.objects[i] : NULL;
	}
	plan_count(&rig->plan);
	rig->started = mem_alloc(count * sizeof(*rig->started));
}

/* Without a check, for a process of its own. */
static bool execute(struct rig *rig)
{
	struct ledger_options options = local_options(rig->path, "apply");
	struct event_sink sink = {on_event, rig};
	struct executor_input input = {.plan = &rig->plan,
		.desired = &rig->desired,
		.runner = &rig->runner,
		.ledger = &rig->ledger,
		.sink = &sink,
		.parallelism = rig->parallelism,
		.interrupted = &rig->interrupted};

	options.backend.kind = rig->kind;
	if (!ledger_open(&rig->ledger, &options, &rig->err))
		return false;
	bool is_good = executor_run(&input, &rig->result, &rig->err);
	ledger_close(&rig->ledger);
	return is_good;
}

static bool run(struct rig *rig)
{
	bool is_good = execute(rig);

	assert_int_equal(is_good, rig->err.message == NULL);
	assert_true(rig->most_under_way <= rig->parallelism);
	assert_int_equal(rig->starts_said, rig->started_count);
	assert_int_equal(rig->not_durable, 0);
	return is_good;
}

struct recorded {
	size_t known, unresolved;
};

/* What the files say now. */
static struct recorded recorded(struct rig *rig)
{
	struct ledger ledger;
	struct recorded recorded = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!local_read(&ledger, rig->path, &err))
		fail_msg("can't read: %s", err.message);
	for (size_t i = 0; i < ledger.state.model.object_count; i++) {
		const struct object *object = &ledger.state.model.objects[i];
		struct str id CLEANUP(str_release) = {0};
		str_format(&id, "id-%s", object->store);
		if (object->id)
			assert_string_equal(object->id, str_text(&id));
		recorded.known += object->id != NULL;
		recorded.unresolved += object_is_unresolved(object);
	}
	ledger_close(&ledger);
	return recorded;
}

static void expect_recorded(struct rig *rig, size_t known, size_t unresolved)
{
	struct recorded found = recorded(rig);

	assert_int_equal(found.known, known);
	assert_int_equal(found.unresolved, unresolved);
}

static size_t done(const struct rig *rig)
{
	return rig->result.done.add + rig->result.done.import;
}

/* ---- runs that end ---- */

static void everything_works(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 100, false);
	size_t to_do = rig->plan.counts.add + rig->plan.counts.import;
	assert_true(rig->plan.counts.import > 10 && to_do < 100);
	assert_true(run(rig));
	assert_memory_equal(&rig->result.done, &rig->plan.counts, sizeof(rig->result.done));
	assert_int_equal(rig->result.failed + rig->result.not_started, 0);
	assert_false(rig->result.was_interrupted);
	assert_int_equal(rig->started_count, to_do);
	assert_int_equal(rig->completes_said, to_do);
	assert_int_equal(rig->most_under_way, 10);
	assert_int_equal(rig->last_progress.done, to_do);
	assert_int_equal(rig->last_progress.left + rig->last_progress.under_way, 0);
	expect_recorded(rig, to_do, 0);
	assert_int_equal(folder_count(&rig->folder), 1); /* neither journal nor lock is left */
	for (size_t i = 1; i < rig->started_count; i++)
		assert_true(rig->started[i - 1] < rig->started[i]); /* in the plan's order */
}

static void nothing_to_do(void **state)
{
	struct rig *rig = *state;

	assert_true(run(rig));
	assert_int_equal(done(rig), 0);
	assert_int_equal(folder_count(&rig->folder), 0);
}

static void all_kinds_of_outcome(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 300, true);
	rig->outcome = in_turn;
	assert_true(run(rig));
	assert_int_equal(rig->result.done.add, 100);
	assert_int_equal(rig->result.failed, 200); /* failed, or of unknown outcome */
	assert_int_equal(rig->result.not_started, 0);
	assert_int_equal(rig->completes_said, 100);
	assert_int_equal(rig->fails_said, 200);
	assert_int_equal(rig->last_progress.failed, 200);
	expect_recorded(rig, 100, 100);
}

static void out_of_order(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 300, true);
	rig->outcome = in_turn;
	rig->answers_newest = true;
	assert_true(run(rig));
	expect_recorded(rig, 100, 100);
	assert_int_equal(rig->result.done.add, 100);
}

static void parallelism_is_kept(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 50, true);
	rig->parallelism = 1;
	assert_true(run(rig));
	assert_int_equal(rig->most_under_way, 1);
	assert_int_equal(rig->result.done.add, 50);
}

static void more_parallel_than_rows(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 50, true);
	rig->parallelism = SIZE_MAX;
	assert_true(run(rig));
	assert_int_equal(rig->most_under_way, 50);
	expect_recorded(rig, 50, 0);
}

static void many_rows(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 10000, true);
	rig->outcome = in_turn;
	rig->answers_newest = true;
	rig->parallelism = 100;
	assert_true(run(rig));
	assert_int_equal(rig->completes_said, 3334);
	expect_recorded(rig, 3334, 3333);
}

/* ---- interrupts ---- */

static void interrupted_before_it_starts(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 20, true);
	rig->interrupted = 1;
	assert_true(run(rig));
	assert_int_equal(rig->started_count, 0);
	assert_int_equal(rig->result.not_started, 20);
	assert_true(rig->result.was_interrupted);
	expect_recorded(rig, 0, 0);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
}

/* What was not started surely does not exist: nobody may take it for ours later. */
static void interrupted_once(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 100, true);
	rig->interrupt_at = 20;
	assert_true(run(rig));
	assert_true(rig->result.was_interrupted);
	assert_int_equal(rig->interrupts_said, 1);
	assert_int_equal(rig->stops, 1);
	assert_int_equal(rig->asked_after_stop, 0);
	assert_int_equal(rig->ended, rig->started_count); /* those under way were waited for */
	assert_true(rig->ended >= 20 && rig->ended < 20 + 10);
	assert_int_equal(rig->result.done.add, rig->ended);
	assert_int_equal(rig->result.not_started, 100 - rig->ended);
	assert_int_equal(rig->completes_said, rig->ended);
	expect_recorded(rig, rig->ended, 0);
	assert_int_equal(folder_count(&rig->folder), 1);
}

static void interrupted_twice(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 100, true);
	rig->interrupt_at = 20;
	rig->interrupts_twice = true;
	assert_true(run(rig));
	assert_true(rig->result.was_interrupted);
	assert_int_equal(rig->ended, 20); /* nobody is waited for */
	assert_int_equal(rig->asked_after_stop, 0);
	size_t under_way = rig->started_count - 20;
	assert_true(under_way > 0);
	assert_int_equal(rig->result.not_started, 100 - rig->started_count);
	assert_true(folder_has(&rig->folder, "state.json.journal"));
	assert_false(folder_has(&rig->folder, "state.json"));
	assert_int_equal(rig->completes_said, 20);
	/* What was under way may have been done. */
	expect_recorded(rig, 20, under_way);
}

/* ---- a disk that is full ---- */

/* Runs in a process that may write files of so many bytes only; what `check` says of the end. */
static void run_limited(struct rig *rig, rlim_t bytes, int (*check)(struct rig *rig, bool is_good))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		bool is_good = execute(rig);
		_exit(check(rig, is_good));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Not even the intents can be written: then nothing is done. */
static int nothing_was_started(struct rig *rig, bool is_good)
{
	if (is_good || rig->started_count || rig->result.started)
		return 1;
	return strstr(rig->err.message, "state.json.journal") ? 0 : 2;
}

static void no_room_for_intents(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 200, true);
	run_limited(rig, 4096, nothing_was_started);
	expect_recorded(rig, 0, 0);
	assert_false(folder_has(&rig->folder, "state.json"));
}

/* Room for the intents and some results; then nothing more is started, and the state has all. */
static int state_has_all(struct rig *rig, bool is_good)
{
	if (is_good || !strstr(rig->err.message, "can't write"))
		return 1;
	if (rig->started_count > 150 || rig->started_count != rig->ended)
		return 2;
	if (rig->result.done.add != rig->ended || rig->result.not_started != 200 - rig->ended)
		return 3;
	if (rig->not_durable)
		return 4;
	if (rig->result.started != rig->ended || !rig->result.is_in_state ||
		rig->result.is_in_journal || !strstr(rig->err.message, "the journal could not"))
		return 5;
	return rig->completes_said == rig->ended ? 0 : 6;
}

static void no_room_for_results(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 200, true);
	rig->parallelism = 1; /* so that each result is written by itself */
	run_limited(rig, 16000, state_has_all);
	struct recorded found = recorded(rig);
	assert_true(found.known > 0 && found.known < 150);
	assert_int_equal(found.unresolved, 0);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
}

/* From now on the journal takes nothing, and its next sign of life is due. */
static void fill_disk(struct rig *rig)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0 && dup2(full, rig->ledger.parts[0].log.fd) >= 0);
	close(full);
	rig->ledger.parts[0].alive_at_ms = INT64_MIN / 2;
}

static void no_room_for_signs_of_life(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 20, true);
	rig->on_started = fill_disk;
	assert_false(run(rig));
	/* Nothing is started that the journal can't say. */
	assert_int_equal(rig->started_count, 1);
	assert_int_equal(rig->result.not_started, 19);
	expect_recorded(rig, 1, 0);
}

static enum outcome_kind all_unknown(size_t index)
{
	(void)index;
	return OUTCOME_UNKNOWN;
}

/* What an action made is recorded, though it is unknown what became of the rest of the action. */
static void unknown_with_an_id(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 5, true);
	rig->outcome = all_unknown;
	rig->unknowns_have_made = true;
	assert_true(run(rig));
	assert_int_equal(rig->result.failed, 5);
	assert_int_equal(rig->fails_said, 5);
	expect_recorded(rig, 5, 0);
}

static bool lock_shared(struct backend *backend, const struct backend_lock *lock,
	const char **ret_id, struct str *ret_info, struct error *err)
{
	(void)backend;
	(void)lock;
	(void)ret_info;
	(void)err;
	*ret_id = "6f1c2f0e-0000-4000-8000-123456789abc";
	return true;
}

static bool was_broken;

static bool still_ours(struct backend *backend, struct error *err)
{
	(void)backend;
	return !was_broken || error_set_code(err, ERROR_CONFLICT, "somebody broke the lock");
}

/* A backend whose lock somebody may break; `kind` is the rig's. */
static void use_breakable(struct rig *rig, struct backend_kind *kind)
{
	*kind = backend_local;
	kind->lock = lock_shared;
	kind->still_ours = still_ours;
	was_broken = false;
	rig->kind = kind;
}

/* The lock is broken after three requests, and it is time to look after it. */
static void break_lock(struct rig *rig)
{
	was_broken = rig->started_count >= 3;
	rig->ledger.parts[0].alive_at_ms = rig->ledger.parts[0].fence_at_ms = INT64_MIN / 2;
}

/* What is in progress ends, and the state has it; nothing more is started. */
static void lock_is_broken(void **state)
{
	struct rig *rig = *state;
	struct backend_kind kind;

	use_breakable(rig, &kind);
	make_plan(rig, 20, true);
	rig->on_started = break_lock;
	assert_false(run(rig));
	expect_text(rig->err.message, "somebody broke the lock");
	assert_int_equal(rig->started_count, 3);
	assert_int_equal(rig->result.not_started, 17);
	assert_true(rig->result.is_in_state);
	expect_recorded(rig, 3, 0);
}

static void break_lock_late(struct rig *rig)
{
	was_broken = true;
	rig->ledger.parts[0].alive_at_ms = rig->ledger.parts[0].fence_at_ms = INT64_MIN / 2;
}

/* The lock is looked after while requests are in progress, though nothing is left to be started. */
static void lock_is_broken_late(void **state)
{
	struct rig *rig = *state;
	struct backend_kind kind;

	use_breakable(rig, &kind);
	make_plan(rig, 3, true);
	rig->on_ended = break_lock_late;
	assert_false(run(rig));
	expect_text(rig->err.message, "somebody broke the lock");
	assert_int_equal(rig->completes_said, 3);
	expect_recorded(rig, 3, 0);
}

static bool refuse_state(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	(void)backend;
	(void)serial;
	(void)bytes;
	return error_set_code(err, ERROR_CONFLICT, "the lock was broken");
}

/* The state can't be written either: the journal is the only place that has the ids. */
static void lock_is_broken_for_good(void **state)
{
	struct rig *rig = *state;
	struct backend_kind kind;

	use_breakable(rig, &kind);
	kind.append = refuse_state;
	make_plan(rig, 20, true);
	rig->on_started = break_lock;
	assert_false(run(rig));
	expect_text(rig->err.message, "somebody broke the lock");
	assert_int_equal(rig->completes_said, 3);
	assert_false(rig->result.is_in_state);
	assert_true(rig->result.is_in_journal);
	expect_recorded(rig, 3, 0);
}

/* The folder goes: neither journal nor state can be had, and the ids are still said. */
static void remove_folder(struct rig *rig)
{
	if (rig->ended == 20)
		folder_remove(&rig->folder);
}

static void folder_vanishes(void **state)
{
	struct rig *rig = *state;

	make_plan(rig, 600, true); /* so many that what is said is not looked for on the disk */
	rig->on_ended = remove_folder;
	assert_false(run(rig));
	expect_text(rig->err.message, ".state.json.tmp");
	assert_int_equal(rig->completes_said, rig->ended);
	assert_int_equal(rig->result.done.add, rig->ended);
}

/* ---- removals, and everything else ---- */

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

static const enum action kinds[] = {ACTION_CREATE, ACTION_DESTROY, ACTION_REPLACE, ACTION_FORGET,
	ACTION_ADOPT, ACTION_NONE, ACTION_DESTROY};

static enum action kind_of(size_t index)
{
	return kinds[index % ARRAY_SIZE(kinds)];
}

static void add_object(struct rig *rig, size_t index)
{
	enum action kind = kind_of(index);
	char name[32];

	snprintf(name, sizeof(name), "s%06zu", index);
	model_add_object(&rig->desired, "prod", name, NULL);
	struct object *live = model_add_object(&rig->live, "prod", name, NULL);
	live->id = arena_format(&rig->live.arena, "old-%s", name);
	live->origin = kind == ACTION_ADOPT ? ORIGIN_NONE : ORIGIN_ADOPTED;
}

/* The state in which the run begins: all that lives but what is to be adopted or created. */
static void write_state(struct rig *rig, size_t count)
{
	struct state state CLEANUP(state_release) = {.serial = 1, .lineage = LINEAGE};
	struct str bytes CLEANUP(str_release) = {0};

	model_add_account(&state.model, "prod", "acc1");
	for (size_t i = 0; i < count; i++)
		if (kind_of(i) != ACTION_CREATE && kind_of(i) != ACTION_ADOPT)
			model_add_copy(&state.model, &rig->live.objects[i]);
	state_encode(&state, &bytes);
	folder_write(&rig->folder, "state.json", str_text(&bytes));
}

/* A plan with all actions, one after the other, and the state that it was made from. */
static void make_mixed_plan(struct rig *rig, size_t count)
{
	model_add_account(&rig->desired, "prod", "acc1");
	for (size_t i = 0; i < count; i++)
		add_object(rig, i);
	for (size_t i = 0; i < count; i++) {
		enum action kind = kind_of(i);
		const struct object *live = kind == ACTION_CREATE ? NULL : &rig->live.objects[i];
		struct row *row = plan_add(&rig->plan);
		*row = (struct row){.action = kind,
			.live = live,
			.recorded = kind == ACTION_ADOPT ? NULL : live};
		if (!is_removal(row))
			row->desired = &rig->desired.objects[i];
		rig->replaced += kind == ACTION_REPLACE;
	}
	plan_count(&rig->plan);
	rig->started = mem_alloc(count * sizeof(*rig->started));
	write_state(rig, count);
}

/* How an object stands in the files: "-" not at all, "?" unresolved, "old" or "id". */
static const char *standing(const struct ledger *ledger, const struct rig *rig, size_t index)
{
	const struct object *object =
		model_object(&ledger->state.model, "prod", rig->desired.objects[index].store, NULL);

	if (!object)
		return "-";
	if (!object->id)
		return "?";
	return strncmp(object->id, "old-", 4) == 0 ? "old" : "id";
}

/* How it should stand after that outcome. */
static const char *standing_after(const struct rig *rig, size_t index, enum outcome_kind outcome)
{
	enum action kind = kind_of(index);
	bool makes = kind == ACTION_CREATE || kind == ACTION_REPLACE;

	if (outcome == OUTCOME_UNKNOWN && makes)
		return "?";
	if (outcome == OUTCOME_FAILED && rig->failures_have_destroyed && kind != ACTION_NONE)
		return "-";
	if (kind == ACTION_NONE || outcome != OUTCOME_DONE)
		return kind == ACTION_CREATE || kind == ACTION_ADOPT ? "-" : "old";
	return kind == ACTION_DESTROY || kind == ACTION_FORGET ? "-" : "id";
}

/* Not started at all: as it stood before. */
static const char *standing_before(size_t index)
{
	return kind_of(index) == ACTION_CREATE || kind_of(index) == ACTION_ADOPT ? "-" : "old";
}

static bool was_started(const struct rig *rig, size_t index, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rig->started[i] == index)
			return true;
	return false;
}

/* Each object stands as its outcome says; what was not started, as before. */
static void expect_standings(struct rig *rig)
{
	struct ledger ledger;

	assert_true(local_read(&ledger, rig->path, &rig->err));
	for (size_t i = 0; i < rig->plan.row_count; i++) {
		const char *wanted = was_started(rig, i, rig->started_count)
					     ? standing_after(rig, i, rig->outcome(i))
					     : standing_before(i);
		assert_string_equal(standing(&ledger, rig, i), wanted);
	}
	ledger_close(&ledger);
}

static void all_kinds_work(void **state)
{
	struct rig *rig = *state;

	make_mixed_plan(rig, 70);
	assert_true(run(rig));
	assert_memory_equal(&rig->result.done, &rig->plan.counts, sizeof(rig->result.done));
	assert_int_equal(rig->result.failed + rig->result.not_started, 0);
	assert_int_equal(rig->started_count, 60);
	assert_int_equal(rig->completes_said, 60);
	assert_int_equal(rig->came_early, 0);
	assert_int_equal(rig->last_progress.done, 60);
	expect_standings(rig);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
}

/* Also if some of them fail, and in whatever order they end. */
static void removals_end_before_anything_else(void **state)
{
	static const size_t parallelisms[] = {1, 2, 3, 10, 29, 30, 31, 1000};

	for (size_t i = 0; i < ARRAY_SIZE(parallelisms) * 4; i++) {
		struct rig *rig = *state;
		rig->parallelism = parallelisms[i / 4];
		rig->answers_newest = i % 2;
		rig->outcome = in_turn;
		rig->failures_have_destroyed = i / 2 % 2;
		make_mixed_plan(rig, 70);
		assert_int_equal(removals(rig), 30);
		assert_true(run(rig));
		assert_int_equal(rig->came_early, 0);
		assert_int_equal(rig->started_count, 60);
		for (size_t j = 0; j < 60; j++)
			assert_int_equal(is_removal(&rig->plan.rows[rig->started[j]]), j < 30);
		assert_int_equal(rig->completes_said + rig->fails_said, 60);
		expect_standings(rig);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static enum outcome_kind all_fail(size_t index)
{
	(void)index;
	return OUTCOME_FAILED;
}

static void all_kinds_fail(void **state)
{
	struct rig *rig = *state;

	make_mixed_plan(rig, 70);
	rig->outcome = all_fail;
	assert_true(run(rig));
	assert_int_equal(rig->result.failed, 60);
	assert_int_equal(rig->started_count, 60);
	assert_int_equal(rig->came_early, 0);
	expect_standings(rig);
}

/* Stopped after the removals: the rest is not started, and is not unresolved. */
static void interrupted_between(void **state)
{
	struct rig *rig = *state;

	make_mixed_plan(rig, 70);
	rig->interrupt_at = 30;
	assert_true(run(rig));
	assert_true(rig->result.was_interrupted);
	assert_int_equal(rig->started_count, 30);
	assert_int_equal(rig->result.not_started, 30);
	assert_int_equal(rig->result.done.destroy + rig->result.done.forget, 30);
	assert_int_equal(rig->result.done.add + rig->result.done.import, 0);
	expect_standings(rig);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
}

/* What was under way may have gone or not: it stays recorded, and the next plan sees. */
static void interrupted_twice_while_removing(void **state)
{
	struct rig *rig = *state;
	struct ledger ledger;

	make_mixed_plan(rig, 70);
	rig->interrupt_at = 10;
	rig->interrupts_twice = true;
	assert_true(run(rig));
	assert_int_equal(rig->ended, 10);
	assert_true(rig->started_count > 10 && rig->started_count < 30);
	assert_true(folder_has(&rig->folder, "state.json.journal"));
	assert_true(local_read(&ledger, rig->path, &rig->err));
	for (size_t i = 0; i < rig->plan.row_count; i++)
		assert_string_equal(standing(&ledger, rig, i),
			was_started(rig, i, 10) ? "-" : standing_before(i));
	ledger_close(&ledger);
}

/* No room for the result of what goes: nothing comes any more, and the state knows what went. */
static int nothing_came(struct rig *rig, bool is_good)
{
	if (is_good || rig->came_early || rig->started_count != rig->ended)
		return 1;
	for (size_t i = 0; i < rig->started_count; i++)
		if (!is_removal(&rig->plan.rows[rig->started[i]]))
			return 2;
	return rig->completes_said == rig->ended ? 0 : 3;
}

/* So that not all results come in the time for which they wait for company. */
static void doze(struct rig *rig)
{
	(void)rig;
	nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static void no_room_while_removing(void **state)
{
	struct rig *rig = *state;

	make_mixed_plan(rig, 700);
	rig->parallelism = 1;
	rig->on_ended = doze;
	run_limited(rig, 50000, nothing_came);
	struct ledger ledger;
	size_t left = 0;
	assert_true(local_read(&ledger, rig->path, &rig->err));
	for (size_t i = 0; i < rig->plan.row_count; i++) {
		const char *found = standing(&ledger, rig, i);
		if (is_removal(&rig->plan.rows[i]))
			left += strcmp(found, "old") == 0;
		else
			assert_string_equal(found, standing_before(i));
	}
	ledger_close(&ledger);
	assert_true(left > 0 && left < 300);
}

/* ---- what the state learns without a request ---- */

/* The first of the live stores were modified, the second is gone. */
static void add_learning_rows(struct rig *rig, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct object *learned = arena_alloc(&rig->plan.arena, sizeof(*learned));
		*learned = rig->live.objects[i];
		learned->modified = "2026-01-01T00:00:00Z";
		*plan_add(&rig->plan) = (struct row){.recorded = &rig->live.objects[i],
			.learns = true,
			.learned = i % 2 ? NULL : learned};
	}
}

static void expect_learned(struct rig *rig, size_t count)
{
	struct ledger ledger;

	assert_true(local_read(&ledger, rig->path, &rig->err));
	for (size_t i = 0; i < count; i++) {
		const struct object *object =
			model_object(&ledger.state.model, "prod", rig->live.objects[i].store, NULL);
		if (i % 2) {
			assert_null(object);
			continue;
		}
		assert_string_equal(object->modified, "2026-01-01T00:00:00Z");
		assert_string_equal(object->id, rig->live.objects[i].id);
	}
	ledger_close(&ledger);
}

/* A plan without actions, of so many recorded stores. */
static void make_learning_plan(struct rig *rig, size_t count)
{
	struct state recorded CLEANUP(state_release) = {.serial = 1, .lineage = LINEAGE};
	struct str bytes CLEANUP(str_release) = {0};
	char name[32];

	model_add_account(&rig->desired, "prod", "acc1");
	model_add_account(&recorded.model, "prod", "acc1");
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "r%06zu", i);
		struct object *live = model_add_object(&rig->live, "prod", name, NULL);
		live->id = arena_format(&rig->live.arena, "id-%s", name);
		live->origin = ORIGIN_CREATED;
		model_add_copy(&recorded.model, live);
	}
	state_encode(&recorded, &bytes);
	folder_write(&rig->folder, "state.json", str_text(&bytes));
	add_learning_rows(rig, count);
	rig->started = mem_alloc(sizeof(*rig->started));
}

static void learning_needs_no_runner(void **state)
{
	struct rig *rig = *state;

	make_learning_plan(rig, 50);
	assert_true(run(rig));
	assert_int_equal(rig->started_count, 0);
	assert_int_equal(rig->starts_said + rig->completes_said + rig->fails_said, 0);
	assert_int_equal(rig->result.not_started, 0);
	expect_learned(rig, 50);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
}

/* They are the first results: an interrupt leaves them. */
static void learned_first(void **state)
{
	struct rig *rig = *state;

	make_learning_plan(rig, 50);
	struct object created = {.account = "prod", .store = "s"};
	*plan_add(&rig->plan) = (struct row){.desired = &created, .action = ACTION_CREATE};
	rig->interrupted = 1;
	assert_true(run(rig));
	assert_int_equal(rig->started_count, 0);
	assert_int_equal(rig->result.not_started, 1);
	expect_learned(rig, 50);
}

static void leave_at_once(struct rig *rig)
{
	rig->interrupted = 2;
}

/* Killed at once, or left at once: they stand in the journal, and the next run has them. */
static void learned_is_durable(void **state)
{
	struct rig *rig = *state;

	make_learning_plan(rig, 50);
	struct object created = {.account = "prod", .store = "s000000"};
	*plan_add(&rig->plan) = (struct row){.desired = &created, .action = ACTION_CREATE};
	struct event_sink sink = {0};
	struct executor_input input = {.plan = &rig->plan,
		.desired = &rig->desired,
		.runner = &rig->runner,
		.ledger = &rig->ledger,
		.sink = &sink,
		.parallelism = 1,
		.interrupted = &rig->interrupted};
	struct ledger_options options = local_options(rig->path, "apply");
	assert_true(ledger_open(&rig->ledger, &options, &rig->err));
	rig->on_started = leave_at_once;
	assert_true(executor_run(&input, &rig->result, &rig->err));
	ledger_close(&rig->ledger);
	assert_true(folder_has(&rig->folder, "state.json.journal"));
	expect_learned(rig, 50);
}

/* No room for them in the journal: nothing is started, and nothing becomes unresolved by that. */
static int nothing_at_all(struct rig *rig, bool is_good)
{
	return !is_good && !rig->started_count && rig->result.not_started == 1 ? 0 : 1;
}

static void no_room_to_learn(void **state)
{
	struct rig *rig = *state;

	make_learning_plan(rig, 500);
	struct object created = {.account = "prod", .store = "s"};
	*plan_add(&rig->plan) = (struct row){.desired = &created, .action = ACTION_CREATE};
	run_limited(rig, 38000, nothing_at_all);
	struct ledger ledger;
	assert_true(local_read(&ledger, rig->path, &rig->err));
	assert_int_equal(ledger.state.model.object_count, 250);
	ledger_close(&ledger);
	assert_false(folder_has(&rig->folder, "state.json.journal"));
	expect_learned(rig, 500);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_works),
		TEST(nothing_to_do),
		TEST(all_kinds_of_outcome),
		TEST(out_of_order),
		TEST(parallelism_is_kept),
		TEST(more_parallel_than_rows),
		TEST(many_rows),
		TEST(interrupted_before_it_starts),
		TEST(interrupted_once),
		TEST(interrupted_twice),
		TEST(no_room_for_intents),
		TEST(no_room_for_results),
		TEST(no_room_for_signs_of_life),
		TEST(unknown_with_an_id),
		TEST(lock_is_broken),
		TEST(lock_is_broken_late),
		TEST(lock_is_broken_for_good),
		TEST(folder_vanishes),
		TEST(all_kinds_work),
		TEST(removals_end_before_anything_else),
		TEST(all_kinds_fail),
		TEST(interrupted_between),
		TEST(interrupted_twice_while_removing),
		TEST(no_room_while_removing),
		TEST(learning_needs_no_runner),
		TEST(learned_first),
		TEST(learned_is_durable),
		TEST(no_room_to_learn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
