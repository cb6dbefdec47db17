#include "engine/executor.h"

#include "base/clock.h"
#include "engine/record.h"
#include "engine/schedule.h"

#include <stdlib.h>

/*
 * Durability may cost a fifth of the time: after a write that took t, the next waits 4 t, unless
 * something waits for it; but results are not held back longer than a person notices, and on a
 * fast disk some company is worth waiting for.
 */
enum {
	SYNC_SHARE = 4,
	SYNC_SHORTEST_PAUSE_US = 5000,
	SYNC_LONGEST_PAUSE_US = 100000,
	WAIT_MS = 1000
};

/* What takes long is said again and again. */
enum { SLOW_US = 10000000 };

struct run {
	const struct executor_input *input;
	struct schedule schedule;
	size_t under_way;       /* tasks */
	size_t started, ended;  /* steps */
	struct outcome **group; /* done, not yet durable */
	size_t group_count, group_room;
	bool is_awaited; /* something waits for what is in the group */
	int64_t last_sync_us, sync_cost_us, last_look_us;
	size_t waits_said;  /* operations of which it was said that they are waited for */
	bool can_record;    /* the journal takes results */
	struct error *err;  /* the first failure to write */
	struct arena arena; /* of intents' objects */
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

static struct step *step_of(struct run *run, const struct outcome *outcome)
{
	return &run->schedule.steps[run->schedule.step_of[outcome->index] - 1];
}

static struct task *task_of(struct run *run, const struct outcome *outcome)
{
	return &run->schedule.tasks[step_of(run, outcome)->task];
}

/* ---- what is said ---- */

static void say(struct run *run, enum event_type type, const struct outcome *outcome)
{
	const struct action *action = action_of(run, outcome->index);

	event_emit(run->input->sink,
		&(struct event){.type = type,
			.action = action,
			.object = outcome->change == CHANGE_PUT ? &outcome->object
								: action_object(action),
			.err = outcome->err.message ? &outcome->err : NULL,
			.elapsed_us = clock_monotonic_us() - task_of(run, outcome)->started_us});
}

static void say_progress(struct run *run, enum event_type type)
{
	event_emit(run->input->sink,
		&(struct event){.type = type,
			.progress = {.done = run->ended - run->result.failed,
				.failed = run->result.failed,
				.under_way = run->started - run->ended,
				.left = run->schedule.step_count - run->started}});
}

static void say_step_slow(struct run *run, const struct step *step, int64_t elapsed_us)
{
	const struct action *action = action_of(run, step->action);

	event_emit(run->input->sink, &(struct event){.type = EVENT_ACTION_SLOW,
					     .action = action,
					     .object = action_object(action),
					     .elapsed_us = elapsed_us});
}

/* Once a second at most: looks for what has been under way for another ten. */
static void say_slow(struct run *run)
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
			if (!run->schedule.steps[task->first + k].is_over)
				say_step_slow(
					run, &run->schedule.steps[task->first + k], elapsed_us);
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

static size_t add_result(struct run *run, const struct outcome *outcome, struct result *results)
{
	const struct action *action = action_of(run, outcome->index);
	const struct step *step = step_of(run, outcome);
	const struct object *object =
		outcome->change == CHANGE_PUT ? &outcome->object : action_object(action);

	results[0] = (struct result){
		run->schedule.step_of[outcome->index] - 1, {outcome->change, object}};
	if (action_kind(action) != ACTION_RENAME || outcome->kind != OUTCOME_DONE)
		return 1;
	results[1] = (struct result){step->former, {CHANGE_DROP, action->before}};
	return 2;
}

static void record(struct run *run, const struct result *results, size_t count)
{
	struct error err = {0};

	if (count && !ledger_record(run->input->ledger, results, count, &err))
		journal_failed(run, &err);
}

/*
 * The journal says every second until when requests were under way: who finds it after a crash has
 * to be patient from then on.
 */
static void keep_alive(struct run *run)
{
	struct error err = {0};

	if (run->can_record && run->under_way && !ledger_keep_alive(run->input->ledger, &err))
		journal_failed(run, &err);
}

/* What is durable lets go what waits for it. */
static void release_waiters(struct run *run, const struct outcome *outcome)
{
	struct task *task = task_of(run, outcome);

	if (outcome->kind != OUTCOME_DONE || task->left)
		return;
	schedule_free_waiters(&run->schedule, task);
}

/* What Cloudflare made of a comment or of scopes is said once: from now on it is known. */
static void warn_stored_otherwise(struct run *run, const struct outcome *outcome)
{
	struct str text CLEANUP(str_release) = {0};

	if (outcome->change != CHANGE_PUT)
		return;
	record_add_warning(&text, action_of(run, outcome->index), &outcome->object);
	if (text.length)
		event_say(run->input->sink, EVENT_WARNING, str_text(&text));
}

static void tell_group(struct run *run)
{
	for (size_t i = 0; i < run->group_count; i++) {
		struct outcome *outcome = run->group[i];
		bool is_done = outcome->kind == OUTCOME_DONE;
		say(run, is_done ? EVENT_ACTION_COMPLETE : EVENT_ACTION_FAILED, outcome);
		warn_stored_otherwise(run, outcome);
		release_waiters(run, outcome);
		outcome_free(outcome);
	}
	run->group_count = 0;
	run->is_awaited = false;
	say_progress(run, EVENT_PROGRESS);
}

/*
 * Makes the group durable, then says so. If the journal fails, the group waits for the state to be
 * written instead, at the end.
 */
static void flush(struct run *run)
{
	struct result *results = mem_alloc(2 * run->group_count * sizeof(*results));
	int64_t before_us = clock_monotonic_us();
	size_t count = 0;

	for (size_t i = 0; i < run->group_count; i++)
		count += add_result(run, run->group[i], &results[count]);
	record(run, results, count);
	free(results);
	run->last_sync_us = clock_monotonic_us();
	run->sync_cost_us = run->last_sync_us - before_us;
	if (run->can_record)
		tell_group(run);
}

/* What goes with its store needs no request: it is gone when that is. */
static void end_gone_with_store(struct run *run, const struct action *action)
{
	struct plan_counts one = action_counts(action);

	run->started++;
	run->ended++;
	plan_counts_add(&run->result.done, &one);
	event_emit(run->input->sink, &(struct event){.type = EVENT_ACTION_COMPLETE,
					     .action = action,
					     .object = action_object(action)});
}

/* What a step that was not started means; `store`: the step of its store, or NULL. */
static bool decide_not_started(
	struct run *run, const struct action *action, const struct step *store, struct change *ret)
{
	*ret = (struct change){CHANGE_KEEP, action_object(action)};
	if (!action->goes_with_store || !store)
		return true;
	if (store->has_gone)
		ret->kind = CHANGE_DROP;
	if (store->has_gone && action_kind(action) == ACTION_DESTROY)
		end_gone_with_store(run, action);
	bool is_open = run->schedule.tasks[store->task].has_started &&
		       (!store->is_over || store->is_unknown);
	return store->has_gone || !is_open;
}

/*
 * What was never started surely does not exist. Without a result it would count as unresolved,
 * and who makes it later would see it taken for ours. What was to be changed is as it was. What
 * goes with a store shares its fate.
 */
static void record_not_started(struct run *run)
{
	const struct plan *plan = run->input->plan;
	struct schedule *schedule = &run->schedule;
	struct result *results = mem_alloc(schedule->step_count * sizeof(*results));
	const struct step *store = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		size_t number = schedule->step_of[i];
		const struct step *step = number ? &schedule->steps[number - 1] : NULL;
		if (action_object(action)->kind == OBJECT_STORE)
			store = step;
		if (!step || schedule->tasks[step->task].has_started)
			continue;
		results[count].intent = number - 1;
		count += decide_not_started(run, action, store, &results[count].change);
	}
	record(run, results, count);
	free(results);
}

/* Could more be started if the group were durable? Then it should not wait for company. */
static bool is_in_a_hurry(const struct run *run)
{
	return run->is_awaited && run->under_way < run->input->parallelism &&
	       schedule_is_drained(&run->schedule);
}

/* How long the group may still wait for company; 0: it must be written now. */
static int64_t pause_left_us(const struct run *run)
{
	int64_t pause_us = run->sync_cost_us * SYNC_SHARE;
	int64_t since_us = clock_monotonic_us() - run->last_sync_us;

	if (pause_us < SYNC_SHORTEST_PAUSE_US)
		pause_us = SYNC_SHORTEST_PAUSE_US;
	if (pause_us > SYNC_LONGEST_PAUSE_US)
		pause_us = SYNC_LONGEST_PAUSE_US;
	if (run->under_way == 0 || is_in_a_hurry(run) || since_us >= pause_us)
		return 0;
	return pause_us - since_us;
}

/* Is there a group to be written now? */
static bool has_news(const struct run *run)
{
	return run->group_count && run->can_record;
}

static void take(struct run *run, struct outcome *outcome)
{
	struct task *task = task_of(run, outcome);
	struct step *step = step_of(run, outcome);

	step->is_over = true;
	step->is_unknown = outcome->kind == OUTCOME_UNKNOWN;
	step->has_gone = outcome->kind == OUTCOME_DONE || outcome->change == CHANGE_DROP;
	task->left--;
	run->ended++;
	if (outcome->kind == OUTCOME_DONE) {
		count_done(run, outcome);
	} else {
		run->result.failed++;
		schedule_skip_waiters(&run->schedule, task);
	}
	run->is_awaited |= task->waiters > 0;
	if (task->left == 0) {
		run->under_way--;
		schedule_end(&run->schedule, task);
	}
	if (outcome->kind == OUTCOME_UNKNOWN) { /* its intent stands in the journal */
		say(run, EVENT_ACTION_FAILED, outcome);
		outcome_free(outcome);
		return;
	}
	run->group =
		mem_room(run->group, run->group_count, &run->group_room, sizeof(struct outcome *));
	run->group[run->group_count++] = outcome;
}

/* ---- the run ---- */

static struct runner_pause pause_of(const struct run *run)
{
	struct runner *runner = run->input->runner;
	struct runner_pause pause = {0};

	if (runner->pause)
		runner->pause(runner, &pause);
	return pause;
}

static bool may_start(const struct run *run)
{
	return run->can_record && interrupts(run) == 0 && schedule_has_next(&run->schedule) &&
	       run->under_way < run->input->parallelism + pause_of(run).count;
}

/* Once all that is left is to look for what was requested, and again when there is more of it. */
static void say_waiting(struct run *run)
{
	struct runner_pause pause = pause_of(run);

	if (run->group_count || !pause.count || pause.count < run->under_way ||
		pause.count <= run->waits_said)
		return;
	run->waits_said = pause.count;
	event_waiting(run->input->sink, pause.object, pause.count, pause.longest_ms);
}

static void start(struct run *run, struct task *task)
{
	struct job *jobs = mem_alloc(task->count * sizeof(*jobs));

	task->has_started = true;
	task->started_us = clock_monotonic_us();
	task->left = task->count;
	run->under_way++;
	run->started += task->count;
	for (size_t i = 0; i < task->count; i++) {
		size_t index = run->schedule.steps[task->first + i].action;
		jobs[i] = (struct job){action_of(run, index), index};
		event_emit(run->input->sink, &(struct event){.type = EVENT_ACTION_START,
						     .action = jobs[i].action,
						     .object = action_object(jobs[i].action)});
	}
	keep_alive(run);
	run->input->runner->start(run->input->runner, jobs, task->count);
	free(jobs);
}

static void start_ready(struct run *run)
{
	while (may_start(run))
		start(run, schedule_next(&run->schedule));
}

static bool is_finished(const struct run *run)
{
	if (interrupts(run) > 1)
		return true;
	return run->under_way == 0 && !may_start(run) && !(has_news(run) && run->is_awaited);
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
		keep_alive(run);
		say_waiting(run);
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
	run->result.unknown = run->started - run->ended;
	run->result.is_in_journal = run->under_way > 0;
	run->result.started = run->started;
	run->result.not_started = run->schedule.step_count - run->started;
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

/* ---- the beginning ---- */

/* The plan's refreshes need no request: they are the first group of results. */
static void record_refreshes(struct run *run)
{
	const struct plan *plan = run->input->plan;
	struct result *results = mem_alloc(plan->refresh_count * sizeof(*results));

	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		results[i] = (struct result){run->schedule.step_count + i,
			{refresh->after ? CHANGE_PUT : CHANGE_DROP,
				refresh->after ? refresh->after : refresh->before}};
	}
	record(run, results, plan->refresh_count);
	free(results);
}

/* Behind the steps' intents: the refreshes, and the old names of what is renamed. */
static size_t add_more_intents(struct run *run, struct intent *intents)
{
	const struct plan *plan = run->input->plan;
	size_t count = run->schedule.step_count;

	for (size_t i = 0; i < plan->refresh_count; i++)
		intents[count++] = (struct intent){INTENT_RECORD, plan->refreshes[i].before, NULL};
	for (size_t i = 0; i < run->schedule.step_count; i++) {
		const struct action *action = schedule_action(&run->schedule, i);
		if (action_kind(action) != ACTION_RENAME)
			continue;
		run->schedule.steps[i].former = count;
		intents[count++] = (struct intent){INTENT_RECORD, action->before, NULL};
	}
	return count;
}

static bool begin(struct run *run)
{
	const struct plan *plan = run->input->plan;
	size_t most = 2 * plan->action_count + plan->refresh_count;
	struct intent *intents = mem_alloc(most * sizeof(*intents));

	schedule_init(&run->schedule, plan, EXECUTOR_BATCH);
	for (size_t i = 0; i < run->schedule.step_count; i++)
		intents[i] = record_intent(schedule_action(&run->schedule, i), &run->arena);
	size_t count = add_more_intents(run, intents);
	run->can_record = count == 0 || ledger_begin(run->input->ledger, run->input->desired,
						intents, count, run->err);
	free(intents);
	if (!run->can_record)
		return false;
	record_refreshes(run); /* if that fails, nothing is started */
	return true;
}

static void release(struct run *run)
{
	for (size_t i = 0; i < run->group_count; i++)
		outcome_free(run->group[i]);
	free(run->group);
	schedule_release(&run->schedule);
	arena_release(&run->arena);
}

bool executor_run(
	const struct executor_input *input, struct executor_result *ret_result, struct error *err)
{
	struct error failure CLEANUP(error_release) = {0};
	struct run run = {.input = input, .err = &failure};
	bool is_good = begin(&run);

	if (is_good && run.schedule.step_count + input->plan->refresh_count > 0) {
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
