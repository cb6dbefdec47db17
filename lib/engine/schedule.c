#include "engine/schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct action *schedule_action(const struct schedule *s, size_t step)
{
	return &s->plan->actions[s->steps[step].action];
}

/* ---- what is ready ---- */

static bool is_goer(const struct schedule *s, const struct task *task)
{
	return task->first < s->goer_steps;
}

static void add_ready(struct schedule *s, size_t task)
{
	struct ready *ready = is_goer(s, &s->tasks[task]) ? &s->goers : &s->comers;

	ready->tasks[ready->count++] = task;
}

static bool is_empty(const struct ready *ready)
{
	return ready->from == ready->count;
}

bool schedule_is_drained(const struct schedule *s)
{
	return is_empty(&s->goers) && is_empty(&s->comers);
}

bool schedule_has_next(const struct schedule *s)
{
	return !is_empty(&s->goers) || (!is_empty(&s->comers) && s->open_goers == 0);
}

struct task *schedule_next(struct schedule *s)
{
	struct ready *ready = is_empty(&s->goers) ? &s->comers : &s->goers;

	return schedule_has_next(s) ? &s->tasks[ready->tasks[ready->from++]] : NULL;
}

void schedule_end(struct schedule *s, const struct task *task)
{
	s->open_goers -= is_goer(s, task);
}

void schedule_free_waiters(struct schedule *s, struct task *task)
{
	for (size_t i = task->waiters; i; i = s->tasks[i - 1].next_waiter)
		if (--s->tasks[i - 1].missing == 0)
			add_ready(s, i - 1);
	task->waiters = 0;
}

void schedule_skip_waiters(struct schedule *s, struct task *task)
{
	for (size_t i = task->waiters; i; i = s->tasks[i - 1].next_waiter)
		schedule_end(s, &s->tasks[i - 1]);
	task->waiters = 0;
}

/* ---- from the plan to tasks ---- */

/* What waits for something that comes, comes too: in a store that is replaced. */
static bool goes(const struct plan *plan, const struct action *action)
{
	enum action_kind kind = action_kind(action);

	if (kind != ACTION_DESTROY && kind != ACTION_FORGET)
		return false;
	for (size_t i = 0; i < action->wait_count; i++)
		if (!goes(plan, &plan->actions[action->waits_for[i]]))
			return false;
	return true;
}

/* Is it a new secret, and nothing else to be done for it? */
static bool is_new_secret(const struct action *action)
{
	enum action_kind kind = action_kind(action);

	return action->after && action->after->kind == OBJECT_SECRET &&
	       (kind == ACTION_CREATE || (kind == ACTION_REPLACE && action->goes_with_store));
}

/* Can the action be done together with the first one of the newest task? */
static bool joins(const struct schedule *s, const struct action *action, size_t batch)
{
	const struct task *task = s->task_count ? &s->tasks[s->task_count - 1] : NULL;

	if (!task || task->count == batch || !is_new_secret(action))
		return false;
	const struct action *first = schedule_action(s, task->first);
	return is_new_secret(first) && strcmp(first->after->account, action->after->account) == 0 &&
	       strcmp(first->after->store, action->after->store) == 0;
}

/* Hangs a new task on those that it waits for. They have steps, or are done already. */
static void hang(struct schedule *s, const struct action *action)
{
	size_t index = s->task_count - 1;
	struct task *task = &s->tasks[index];

	assert(action->wait_count <= 1); /* a secret waits for its store */
	for (size_t i = 0; i < action->wait_count; i++) {
		size_t step = s->step_of[action->waits_for[i]];
		if (!step)
			continue;
		struct task *awaited = &s->tasks[s->steps[step - 1].task];
		if (awaited->waiters)
			s->tasks[awaited->last_waiter - 1].next_waiter = index + 1;
		else
			awaited->waiters = index + 1;
		awaited->last_waiter = index + 1;
		task->missing++;
	}
	if (!task->missing)
		add_ready(s, index);
}

static void add_step(struct schedule *s, size_t index, size_t batch)
{
	const struct action *action = &s->plan->actions[index];
	bool is_joining = joins(s, action, batch);

	if (!is_joining)
		s->tasks[s->task_count++] = (struct task){.first = s->step_count};
	s->tasks[s->task_count - 1].count++;
	s->steps[s->step_count] = (struct step){.action = index, .task = s->task_count - 1};
	s->step_of[index] = ++s->step_count;
	if (!is_joining)
		hang(s, action);
}

/* Adds the steps of all that goes, or of all that does not. */
static void add_steps(struct schedule *s, bool that_go, size_t batch)
{
	const struct plan *plan = s->plan;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		if (action_kind(action) != ACTION_NONE && goes(plan, action) == that_go)
			add_step(s, i, batch);
	}
}

void schedule_init(struct schedule *s, const struct plan *plan, size_t batch)
{
	size_t most = plan->action_count;

	*s = (struct schedule){.plan = plan,
		.steps = mem_alloc(most * sizeof(*s->steps)),
		.step_of = mem_alloc(most * sizeof(*s->step_of)),
		.tasks = mem_alloc(most * sizeof(*s->tasks)),
		.goers.tasks = mem_alloc(most * sizeof(size_t)),
		.comers.tasks = mem_alloc(most * sizeof(size_t)),
		.goer_steps = most}; /* until all that goes is there */
	add_steps(s, true, batch);
	s->goer_steps = s->step_count;
	s->open_goers = s->task_count;
	add_steps(s, false, batch);
}

void schedule_release(struct schedule *s)
{
	free(s->steps);
	free(s->step_of);
	free(s->tasks);
	free(s->goers.tasks);
	free(s->comers.tasks);
	*s = (struct schedule){0};
}
