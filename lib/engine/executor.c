#include "engine/executor.h"

#include "base/clock.h"

#include <stdlib.h>

/*
 * Durability may cost a fifth of the time: after a write that took t, the next waits 4 t, unless
 * something waits for it; but results are not held back longer than a person notices.
 */
enum { SYNC_SHARE = 4, SYNC_LONGEST_PAUSE_US = 100000, WAIT_MS = 1000 };

/* What takes long is said again and again. */
enum { SLOW_US = 10000000 };

struct task {
	size_t action;  /* index in the plan */
	size_t missing; /* dependencies that have not succeeded yet */
	int64_t started_us;
	int64_t times_slow; /* it was said that it takes long */
	bool is_over;
};

struct run {
	const struct executor_input *input;
	struct task *tasks; /* one for each action that is to be done; index = intent */
	size_t task_count;
	size_t *task_of; /* action -> task + 1; 0: nothing to do */
	size_t goers;    /* the first so many tasks destroy or forget */
	size_t next;     /* tasks before this one were started */
	size_t under_way, ended;
	struct outcome **group; /* done, not yet durable */
	size_t group_count, group_room;
	int64_t last_sync_us, sync_cost_us, last_look_us;
	bool can_record;   /* the journal takes results */
	struct error *err; /* the first failure to write */
	struct executor_result result;
};

struct outcome *outcome_new(size_t index, enum outcome_kind kind)
{
	struct outcome *outcome = mem_alloc(sizeof(*outcome));

	outcome->index = index;
	outcome->kind = kind;
	outcome->change = CHANGE_KEEP;
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	if (!outcome)
		return;
	arena_release(&outcome->arena);
	error_release(&outcome->err);
	free(outcome);
}

static int interrupts(const struct run *run)
{
	return run->input->interrupted ? *run->input->interrupted : 0;
}

static const struct action *action_of(const struct run *run, size_t index)
{
	return &run->input->plan->actions[index];
}

/* ---- what is said ---- */

static void say(struct run *run, enum event_type type, const struct outcome *outcome)
{
	const struct action *action = action_of(run, outcome->index);
	const struct task *task = &run->tasks[run->task_of[outcome->index] - 1];

	event_emit(run->input->sink,
		&(struct event){.type = type,
			.action = action,
			.object = outcome->change == CHANGE_PUT ? &outcome->object
								: action_object(action),
			.err = outcome->err.message ? &outcome->err : NULL,
			.elapsed_us = clock_monotonic_us() - task->started_us});
}

static void say_progress(struct run *run, enum event_type type)
{
	event_emit(run->input->sink,
		&(struct event){.type = type,
			.progress = {.done = run->ended - run->result.failed,
				.failed = run->result.failed,
				.under_way = run->under_way,
				.left = run->task_count - run->ended - run->under_way}});
}

/* Once a second at most: looks for what has been under way for another ten. */
static void say_slow(struct run *run)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us - run->last_look_us < SLOW_US / 10)
		return;
	run->last_look_us = now_us;
	for (size_t i = 0; i < run->next; i++) {
		struct task *task = &run->tasks[i];
		const struct action *action = action_of(run, task->action);
		int64_t elapsed_us = now_us - task->started_us;
		if (task->is_over || elapsed_us / SLOW_US <= task->times_slow)
			continue;
		task->times_slow = elapsed_us / SLOW_US;
		event_emit(run->input->sink, &(struct event){.type = EVENT_ACTION_SLOW,
						     .action = action,
						     .object = action_object(action),
						     .elapsed_us = elapsed_us});
	}
}

/* ---- results ---- */

static void count_done(struct run *run, const struct outcome *outcome)
{
	struct plan_counts one = action_counts(action_of(run, outcome->index));

	plan_counts_add(&run->result.done, &one);
}

/* Without a journal the results stay in memory until the state is written; nothing new starts. */
static void journal_failed(struct run *run, struct error *err)
{
	run->can_record = false;
	if (run->err->message)
		error_release(err);
	else
		error_move(run->err, err);
}

static struct result result_of(const struct run *run, const struct outcome *outcome)
{
	const struct object *object = outcome->change == CHANGE_PUT
					      ? &outcome->object
					      : action_object(action_of(run, outcome->index));

	return (struct result){run->task_of[outcome->index] - 1, {outcome->change, object}};
}

static void record(struct run *run, const struct result *results, size_t count)
{
	struct error err = {0};

	if (count && !ledger_record(run->input->ledger, results, count, &err))
		journal_failed(run, &err);
}

static void tell_group(struct run *run)
{
	for (size_t i = 0; i < run->group_count; i++) {
		struct outcome *outcome = run->group[i];
		bool is_done = outcome->kind == OUTCOME_DONE;
		say(run, is_done ? EVENT_ACTION_COMPLETE : EVENT_ACTION_FAILED, outcome);
		outcome_free(outcome);
	}
	run->group_count = 0;
	say_progress(run, EVENT_PROGRESS);
}

/*
 * Makes the group durable, then says so. If the journal fails, the group waits for the state to be
 * written instead, at the end.
 */
static void flush(struct run *run)
{
	struct result *results = mem_alloc(run->group_count * sizeof(*results));
	int64_t before_us = clock_monotonic_us();

	for (size_t i = 0; i < run->group_count; i++)
		results[i] = result_of(run, run->group[i]);
	record(run, results, run->group_count);
	free(results);
	run->last_sync_us = clock_monotonic_us();
	run->sync_cost_us = run->last_sync_us - before_us;
	if (run->can_record)
		tell_group(run);
}

/*
 * What was never started surely does not exist. Without a result it would count as unresolved,
 * and who makes it later would see it taken for ours.
 */
static void record_not_started(struct run *run)
{
	size_t count = run->task_count - run->next;
	struct result *results = mem_alloc(count * sizeof(*results));

	for (size_t i = 0; i < count; i++) {
		size_t task = run->next + i;
		const struct action *action = action_of(run, run->tasks[task].action);
		results[i] = (struct result){task, {CHANGE_KEEP, action_object(action)}};
	}
	record(run, results, count);
	free(results);
}

/* How long the group may still wait for company; 0: it must be written now. */
static int64_t pause_left_us(const struct run *run)
{
	int64_t pause_us = run->sync_cost_us * SYNC_SHARE;
	int64_t since_us = clock_monotonic_us() - run->last_sync_us;

	if (pause_us > SYNC_LONGEST_PAUSE_US)
		pause_us = SYNC_LONGEST_PAUSE_US;
	return run->under_way == 0 || since_us >= pause_us ? 0 : pause_us - since_us;
}

/* Is there a group to be written now? */
static bool has_news(const struct run *run)
{
	return run->group_count && run->can_record;
}

static void take(struct run *run, struct outcome *outcome)
{
	run->under_way--;
	run->ended++;
	run->tasks[run->task_of[outcome->index] - 1].is_over = true;
	if (outcome->kind == OUTCOME_DONE)
		count_done(run, outcome);
	else
		run->result.failed++;
	if (outcome->kind == OUTCOME_UNKNOWN) { /* its intent stands in the journal: unresolved */
		say(run, EVENT_ACTION_FAILED, outcome);
		outcome_free(outcome);
		return;
	}
	run->group =
		mem_room(run->group, run->group_count, &run->group_room, sizeof(struct outcome *));
	run->group[run->group_count++] = outcome;
}

/* ---- the run ---- */

/* What comes waits until all that goes has ended. */
static bool may_start(const struct run *run)
{
	return run->next < run->task_count && run->under_way < run->input->parallelism &&
	       run->can_record && interrupts(run) == 0 &&
	       (run->next != run->goers || run->ended == run->goers);
}

static void start_ready(struct run *run)
{
	while (may_start(run)) {
		struct task *task = &run->tasks[run->next++];
		const struct action *action = action_of(run, task->action);
		task->started_us = clock_monotonic_us();
		run->under_way++;
		event_emit(run->input->sink, &(struct event){.type = EVENT_ACTION_START,
						     .action = action,
						     .object = action_object(action)});
		run->input->runner->start(run->input->runner, action, task->action);
	}
}

static bool is_finished(const struct run *run)
{
	bool starts_more = run->next < run->task_count && run->can_record && interrupts(run) == 0;

	return interrupts(run) > 1 || (run->under_way == 0 && !starts_more);
}

static void loop(struct run *run)
{
	start_ready(run);
	say_progress(run, EVENT_PROGRESS); /* the first results may take long */
	while (!is_finished(run)) {
		if (interrupts(run) && !run->result.was_interrupted) {
			run->result.was_interrupted = true;
			say_progress(run, EVENT_INTERRUPT);
			run->input->runner->stop(run->input->runner);
		}
		start_ready(run);
		int64_t wait_ms = has_news(run) ? (pause_left_us(run) + 999) / 1000 : WAIT_MS;
		struct outcome *outcome = run->input->runner->next(run->input->runner, wait_ms);
		if (outcome)
			take(run, outcome);
		say_slow(run);
		if (has_news(run) && pause_left_us(run) == 0)
			flush(run);
	}
	flush(run);
	record_not_started(run);
	run->result.was_interrupted |= interrupts(run) > 0;
	run->result.unknown = run->under_way;
	run->result.is_in_journal = run->under_way > 0;
	run->result.started = run->next;
	run->result.not_started = run->task_count - run->next;
}

/* Folds the run into the state, unless it is left for the next one. */
static void finish(struct run *run)
{
	struct error err = {0};
	bool has_journal = run->can_record, is_left = run->result.is_in_journal;

	if (!is_left && !ledger_finish(run->input->ledger, &err))
		journal_failed(run, &err);
	run->result.is_in_state = !is_left && !run->input->ledger->is_ahead_of_file;
	run->result.is_in_journal = has_journal && !run->result.is_in_state;
}

static bool goes(const struct action *action)
{
	enum action_kind kind = action_kind(action);

	return kind == ACTION_DESTROY || kind == ACTION_FORGET;
}

/* Adds a task for each action that goes, or that does not. */
static void add_tasks(struct run *run, bool that_go, struct intent *intents)
{
	const struct plan *plan = run->input->plan;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		enum action_kind kind = action_kind(action);
		if (kind == ACTION_NONE || goes(action) != that_go)
			continue;
		bool makes = kind == ACTION_CREATE || kind == ACTION_REPLACE;
		intents[run->task_count] = (struct intent){
			makes ? INTENT_CREATE : INTENT_RECORD, action_object(action)};
		run->tasks[run->task_count] = (struct task){.action = i};
		run->task_of[i] = ++run->task_count;
	}
}

/* The plan's refreshes need no request: they are the first group of results. */
static void record_refreshes(struct run *run)
{
	const struct plan *plan = run->input->plan;
	struct result *results = mem_alloc(plan->refresh_count * sizeof(*results));

	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		results[i] = (struct result){run->task_count + i,
			{refresh->after ? CHANGE_PUT : CHANGE_DROP,
				refresh->after ? refresh->after : refresh->before}};
	}
	record(run, results, plan->refresh_count);
	free(results);
}

static bool begin(struct run *run)
{
	const struct plan *plan = run->input->plan;
	size_t most = plan->action_count + plan->refresh_count;
	struct intent *intents = mem_alloc(most * sizeof(*intents));

	run->tasks = mem_alloc(plan->action_count * sizeof(*run->tasks));
	run->task_of = mem_alloc(plan->action_count * sizeof(*run->task_of));
	add_tasks(run, true, intents);
	run->goers = run->task_count;
	add_tasks(run, false, intents);
	for (size_t i = 0; i < plan->refresh_count; i++)
		intents[run->task_count + i] =
			(struct intent){INTENT_RECORD, plan->refreshes[i].before};
	size_t count = run->task_count + plan->refresh_count;
	run->can_record = count == 0 || ledger_begin(run->input->ledger, run->input->desired,
						intents, count, run->err);
	free(intents);
	bool is_good = run->can_record;
	if (is_good)
		record_refreshes(run); /* if that fails, nothing is started */
	return is_good;
}

static void release(struct run *run)
{
	for (size_t i = 0; i < run->group_count; i++)
		outcome_free(run->group[i]);
	free(run->group);
	free(run->tasks);
	free(run->task_of);
}

bool executor_run(
	const struct executor_input *input, struct executor_result *ret_result, struct error *err)
{
	struct error failure CLEANUP(error_release) = {0};
	struct run run = {.input = input, .err = &failure};
	bool is_good = begin(&run);

	if (is_good && run.task_count + input->plan->refresh_count > 0) {
		loop(&run);
		finish(&run);
		if (run.group_count)
			tell_group(&run);
		is_good = !failure.message;
	}
	*ret_result = run.result;
	release(&run);
	if (!is_good)
		error_move(err, &failure);
	return is_good;
}
