#include "apply/executor.h"

#include "apply/schedule.h"
#include "base/clock.h"
#include "plan/record.h"

#include <stdlib.h>

/*
 * Durability may cost a fifth of the time: after a write that took t, the next one waits 4 t,
 * unless a task waits for it. Results are not held back longer than people notice; on a fast disk
 * it pays to wait for a few more.
 */
enum {
	SYNC_SHARE = 4,
	SYNC_SHORTEST_PAUSE_US = 20000,
	SYNC_LONGEST_PAUSE_US = 100000,
	WAIT_MS = 1000
};

/* EVENT_ACTION_SLOW is emitted whenever a task has taken that much longer. */
enum { SLOW_US = 10000000 };

struct run {
	const struct executor_input *input;
	struct schedule schedule;
	size_t under_way;       /* tasks */
	size_t started, ended;  /* rows */
	struct outcome **group; /* not yet durable */
	size_t group_count, group_room;
	size_t recorded; /* of the group, those that the ledger has, though perhaps not the disk */
	bool is_awaited; /* a task waits for a result in the group */
	int64_t last_sync_us, sync_cost_us, last_look_us;
	size_t waits_said;  /* paused operations at the last EVENT_WAITING */
	bool can_record;    /* the journal takes results */
	bool is_fenced;     /* the lock was broken: nothing more is requested */
	struct error err;   /* the first failure to write */
	struct arena arena; /* of the intents' objects */
	struct executor_result result;
};

/* The object that events name: with its id if the action removes it. */
static const struct object *subject(const struct row *row)
{
	bool is_removed = row->action == ACTION_DESTROY || row->action == ACTION_FORGET;

	return is_removed ? row->recorded : row_object(row);
}

struct outcome *outcome_new(const struct row *row, enum outcome_kind kind)
{
	struct outcome *outcome = mem_alloc(sizeof(*outcome));

	outcome->row = row;
	outcome->kind = kind;
	outcome->change = (struct change){CHANGE_KEEP, subject(row)};
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	if (!outcome)
		return;
	error_release(&outcome->err);
	mem_free(outcome);
}

static int interrupts(const struct run *run)
{
	return run->input->interrupted ? *run->input->interrupted : 0;
}

/* ---- events ---- */

static void emit_outcome(struct run *run, const struct outcome *outcome)
{
	const struct task *task = schedule_task(&run->schedule, outcome->row);
	bool is_done = outcome->kind == OUTCOME_DONE;

	event_emit(run->input->sink,
		&(struct event){.type = is_done ? EVENT_ACTION_COMPLETE : EVENT_ACTION_FAILED,
			.row = outcome->row,
			.object = outcome->change.object,
			.err = outcome->err.message ? &outcome->err : NULL,
			.elapsed_us = clock_monotonic_us() - task->started_us});
}

static void emit_row(
	struct run *run, enum event_type type, const struct row *row, int64_t elapsed_us)
{
	event_emit(run->input->sink, &(struct event){.type = type,
					     .row = row,
					     .object = subject(row),
					     .elapsed_us = elapsed_us});
}

static void emit_progress(struct run *run, enum event_type type)
{
	event_emit(run->input->sink, &(struct event){.type = type,
					     .progress = {.done = run->ended - run->result.failed,
						     .failed = run->result.failed,
						     .under_way = run->started - run->ended,
						     .requests = run->under_way,
						     .left = run->schedule.count - run->started}});
}

/* Looks for slow tasks, once a second at most. */
static void emit_slow(struct run *run)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us - run->last_look_us < SLOW_US / 10)
		return;
	run->last_look_us = now_us;
	for (size_t i = 0; i < run->schedule.task_count; i++) {
		struct task *task = &run->schedule.tasks[i];
		int64_t elapsed_us = now_us - task->started_us;
		if (!task->left || elapsed_us / SLOW_US <= task->times_slow)
			continue;
		task->times_slow = elapsed_us / SLOW_US;
		for (size_t k = 0; k < task->count; k++)
			if (schedule_step(&run->schedule, task->rows[k])->state == STEP_STARTED)
				emit_row(run, EVENT_ACTION_SLOW, task->rows[k], elapsed_us);
	}
}

/* ---- results ---- */

/* Without a journal the results stay in memory until the state is written; nothing new starts. */
static void journal_failed(struct run *run, struct error *err)
{
	run->can_record = false;
	if (run->err.message)
		error_release(err);
	else
		error_move(&run->err, err);
}

static void record(struct run *run, const struct result *results, size_t count)
{
	struct error err = {0};

	if (count && !ledger_record(run->input->ledger, results, count, &err))
		journal_failed(run, &err);
}

/*
 * While requests are in progress, the journal gets the time: the next run's patience starts there.
 * False: nothing may be started any longer.
 */
static bool keep_alive(struct run *run)
{
	struct error err = {0};

	if (!run->can_record || run->is_fenced)
		return false;
	if (ledger_keep_alive(run->input->ledger, &err))
		return true;
	if (err.code == ERROR_CONFLICT) {
		run->is_fenced = true;
		error_move(&run->err, &err);
	} else {
		journal_failed(run, &err);
	}
	return false;
}

/* The group is durable: emits its results, and frees the tasks that wait for them. */
static void end_group(struct run *run)
{
	for (size_t i = 0; i < run->group_count; i++) {
		struct outcome *outcome = run->group[i];
		struct str text CLEANUP(str_release) = {0};
		emit_outcome(run, outcome);
		if (outcome->change.kind ==
			CHANGE_PUT) /* once for each field that was stored otherwise */
			record_add_warning(&text, outcome->row, outcome->change.object);
		if (text.length)
			event_say(run->input->sink, EVENT_WARNING, str_text(&text));
		if (outcome->kind == OUTCOME_DONE)
			schedule_free_waiters(&run->schedule, outcome->row);
		outcome_free(outcome);
	}
	run->group_count = run->recorded = 0;
	run->is_awaited = false;
	emit_progress(run, EVENT_PROGRESS);
}

/* Makes the group durable. If the journal fails, the state has it at the end. */
static void flush(struct run *run)
{
	struct result *results = mem_alloc(run->group_count * sizeof(*results));
	int64_t before_us = clock_monotonic_us();

	for (size_t i = run->recorded; i < run->group_count; i++)
		results[i] =
			(struct result){schedule_step(&run->schedule, run->group[i]->row)->intent,
				run->group[i]->change};
	record(run, results + run->recorded, run->group_count - run->recorded);
	run->recorded = run->group_count;
	mem_free(results);
	run->last_sync_us = clock_monotonic_us();
	run->sync_cost_us = run->last_sync_us - before_us;
	if (run->can_record)
		end_group(run);
}

static void count_done(struct run *run, const struct row *row)
{
	struct plan_counts one = row_counts(row);

	run->ended++;
	plan_counts_add(&run->result.done, &one);
}

/*
 * Rows that were never started changed nothing. Without a result, a creation would count as
 * unresolved, and an object that someone else creates later would be taken for ours. A secret that
 * is destroyed with its store shares the store's outcome; if that is unknown, it has none.
 */
static void record_not_started(struct run *run)
{
	const struct plan *plan = run->input->plan;
	struct result *results = mem_alloc(run->schedule.count * sizeof(*results));
	const struct step *store = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		const struct step *step = &run->schedule.steps[i];
		bool has_action = row->action != ACTION_NONE;
		if (row_object(row)->kind == OBJECT_STORE)
			store = has_action ? step : NULL;
		if (!has_action || step->state != STEP_IDLE)
			continue;
		enum step_state state =
			(row->notes & ROW_WITH_STORE) && store ? store->state : STEP_IDLE;
		if (state == STEP_STARTED || state == STEP_UNKNOWN)
			continue;
		results[count++] = (struct result){step->intent,
			{state == STEP_GONE ? CHANGE_DROP : CHANGE_KEEP, subject(row)}};
		if (state == STEP_GONE &&
			row->action == ACTION_DESTROY) { /* which needs no request */
			run->started++;
			count_done(run, row);
			emit_row(run, EVENT_ACTION_COMPLETE, row, 0);
		}
	}
	record(run, results, count);
	mem_free(results);
	emit_progress(run, EVENT_PROGRESS);
}

/* How long the group may still wait for more results; 0: it must be written now. */
static int64_t pause_left_us(const struct run *run)
{
	int64_t pause_us = run->sync_cost_us * SYNC_SHARE;
	int64_t since_us = clock_monotonic_us() - run->last_sync_us;
	/* Could more tasks start if the group were durable? */
	bool is_urgent = run->is_awaited && run->under_way < run->input->parallelism &&
			 !schedule_has_next(&run->schedule);

	if (pause_us < SYNC_SHORTEST_PAUSE_US)
		pause_us = SYNC_SHORTEST_PAUSE_US;
	if (pause_us > SYNC_LONGEST_PAUSE_US)
		pause_us = SYNC_LONGEST_PAUSE_US;
	if (run->under_way == 0 || is_urgent || since_us >= pause_us)
		return 0;
	return pause_us - since_us;
}

static bool has_group(const struct run *run)
{
	return run->group_count && run->can_record;
}

static void take(struct run *run, struct outcome *outcome)
{
	struct task *task = schedule_task(&run->schedule, outcome->row);
	bool is_done = outcome->kind == OUTCOME_DONE;

	schedule_step(&run->schedule, outcome->row)->state =
		is_done || outcome->change.kind == CHANGE_DROP ? STEP_GONE
		: outcome->kind == OUTCOME_UNKNOWN             ? STEP_UNKNOWN
							       : STEP_FAILED;
	if (is_done) {
		count_done(run, outcome->row);
		run->is_awaited |= schedule_is_awaited(&run->schedule, outcome->row);
	} else {
		run->ended++;
		run->result.failed++;
	}
	if (--task->left == 0) {
		run->under_way--;
		schedule_end(&run->schedule, task, !is_done);
	}
	/* The journal has its intent; only a duplicate's id is more than that. */
	if (outcome->kind == OUTCOME_UNKNOWN && outcome->change.kind != CHANGE_PUT) {
		emit_outcome(run, outcome);
		outcome_free(outcome);
		return;
	}
	run->group =
		mem_room(run->group, run->group_count, &run->group_room, sizeof(struct outcome *));
	run->group[run->group_count++] = outcome;
}

/* ---- the run ---- */

static bool may_start(const struct run *run)
{
	return run->can_record && !run->is_fenced && interrupts(run) == 0 &&
	       schedule_has_next(&run->schedule) &&
	       run->under_way < run->input->parallelism + run->input->runner->paused;
}

/* Once all operations in progress only wait for a look, and again when there are more of them. */
static void emit_waiting(struct run *run)
{
	struct runner *runner = run->input->runner;
	int64_t longest_ms = 0;

	if (run->group_count || !runner->paused || runner->paused < run->under_way ||
		runner->paused <= run->waits_said)
		return;
	run->waits_said = runner->paused;
	const struct object *object = runner->longest(runner, &longest_ms);
	event_waiting(run->input->sink, object, runner->paused, longest_ms);
}

static void start_next(struct run *run)
{
	if (!keep_alive(run))
		return;
	struct task *task = schedule_next(&run->schedule);
	task->started_us = clock_monotonic_us();
	task->left = task->count;
	run->under_way++;
	run->started += task->count;
	for (size_t i = 0; i < task->count; i++) {
		schedule_step(&run->schedule, task->rows[i])->state = STEP_STARTED;
		emit_row(run, EVENT_ACTION_START, task->rows[i], 0);
	}
	run->input->runner->start(run->input->runner, task->rows, task->count);
}

static void loop(struct run *run)
{
	struct runner *runner = run->input->runner;

	while (may_start(run))
		start_next(run);
	emit_progress(run, EVENT_PROGRESS); /* the first results may take a while */
	while (interrupts(run) < 2 &&
		(run->under_way || may_start(run) || (has_group(run) && run->is_awaited))) {
		if (interrupts(run) && !run->result.was_interrupted) {
			run->result.was_interrupted = true;
			emit_progress(run, EVENT_INTERRUPT);
			runner->stop(runner);
		}
		while (may_start(run))
			start_next(run);
		if (run->under_way)
			(void)keep_alive(run);
		emit_waiting(run);
		int64_t wait_ms = has_group(run) ? (pause_left_us(run) + 999) / 1000 : WAIT_MS;
		struct outcome *outcome = runner->next(runner, wait_ms);
		if (outcome)
			take(run, outcome);
		emit_slow(run);
		if (has_group(run) && pause_left_us(run) == 0)
			flush(run);
	}
	flush(run);
	record_not_started(run);
	run->result.was_interrupted |= interrupts(run) > 0;
	run->result.unknown = run->started - run->ended;
	run->result.started = run->started;
	run->result.not_started = run->schedule.count - run->started;
}

/* ---- the beginning ---- */

/* False: there is nothing to do, or the intents could not be made durable. */
static bool begin(struct run *run)
{
	const struct plan *plan = run->input->plan;
	struct change *intents = mem_alloc(plan->row_count * sizeof(*intents));
	struct result *learned = mem_alloc(plan->row_count * sizeof(*learned));
	size_t count = 0, learned_count = 0;

	schedule_init(&run->schedule, plan, EXECUTOR_BATCH);
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (row->action == ACTION_NONE && !row->learns)
			continue;
		if (row->learns)
			learned[learned_count++] = (struct result){
				count, {row->learned ? CHANGE_PUT : CHANGE_DROP,
					       row->learned ? row->learned : row->recorded}};
		run->schedule.steps[i].intent = count;
		intents[count++] = record_intent(row, &run->arena);
	}
	bool has_begun = run->can_record =
		count &&
		ledger_begin(run->input->ledger, run->input->desired, intents, count, &run->err);
	/* What the state learns needs no request. If that fails, nothing is started. */
	if (has_begun)
		record(run, learned, learned_count);
	mem_free(intents);
	mem_free(learned);
	return has_begun;
}

bool executor_run(
	const struct executor_input *input, struct executor_result *ret_result, struct error *err)
{
	struct run run = {.input = input};

	if (begin(&run)) {
		struct error not_written = {0};
		loop(&run);
		bool has_journal = run.can_record, is_left = run.under_way > 0;
		if (!is_left && !ledger_finish(input->ledger, &not_written))
			journal_failed(&run, &not_written);
		run.result.is_in_state = !is_left && !input->ledger->is_ahead;
		run.result.is_in_journal = has_journal && !run.result.is_in_state;
		if (run.group_count)
			end_group(&run);
	}
	*ret_result = run.result;
	mem_free(run.group);
	schedule_release(&run.schedule);
	arena_release(&run.arena);
	if (!run.err.message)
		return true;
	error_move(err, &run.err);
	return false;
}
