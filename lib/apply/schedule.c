#include "apply/schedule.h"

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

/* One thing less that the task waits for. */
static void let(struct schedule *s, size_t task)
{
	if (--s->tasks[task].missing == 0)
		add_ready(s, task);
}

/* ---- turns ---- */

static void stand_in_line(struct schedule *s, struct queue *queue, size_t task)
{
	if (queue->first)
		s->tasks[queue->last - 1].next_in_turn = task + 1;
	else
		queue->first = task + 1;
	queue->last = task + 1;
}

/* To the next rename that has not ended; behind the last one, to all that is created. */
static void pass_on(struct schedule *s, struct turn *turn)
{
	struct queue *renames = &turn->renames;

	while (renames->first && s->tasks[renames->first - 1].has_ended)
		renames->first = s->tasks[renames->first - 1].next_in_turn;
	if (renames->first) {
		let(s, renames->first - 1);
		return;
	}
	for (size_t i = turn->creations.first; i; i = s->tasks[i - 1].next_in_turn)
		let(s, i - 1);
}

/* ---- what has ended ---- */

void schedule_end(struct schedule *s, struct task *task)
{
	struct turn *turn = task->turn ? &s->turns[task->turn - 1] : NULL;

	s->open_goers -= is_goer(s, task);
	task->has_ended = true;
	if (turn && turn->renames.first && task == &s->tasks[turn->renames.first - 1])
		pass_on(s, turn);
}

void schedule_free_waiters(struct schedule *s, struct task *task)
{
	for (size_t i = task->waiters; i; i = s->tasks[i - 1].next_waiter)
		let(s, i - 1);
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

/* Where a task that renames or creates waits for the renames before it. */
static void take_turn(struct schedule *s, const struct action *action, size_t index)
{
	bool is_rename = action_kind(action) == ACTION_RENAME;
	struct task *task = &s->tasks[index];

	if (!s->is_taking_turns || !(is_rename || is_new_secret(action)))
		return;
	struct turn *turn = &s->turns[s->turn_count - 1];
	struct queue *queue = is_rename ? &turn->renames : &turn->creations;
	task->turn = s->turn_count;
	task->missing += !is_rename || queue->first;
	stand_in_line(s, queue, index);
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
	take_turn(s, action, index);
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

/* ---- in which order ---- */

/* In what is done in one store. */
enum { RANK_STORE, RANK_NEW_SECRETS, RANK_REST, RANKS };

static int rank_of(const struct action *action)
{
	if (action_object(action)->kind == OBJECT_STORE)
		return RANK_STORE;
	return is_new_secret(action) ? RANK_NEW_SECRETS : RANK_REST;
}

/* The actions of an account, or of a store in it, stand together. Gives the end of them. */
static size_t end_of(const struct plan *plan, size_t from, bool of_store)
{
	const struct object *first = action_object(&plan->actions[from]);

	for (; from < plan->action_count; from++) {
		const struct object *object = action_object(&plan->actions[from]);
		if (strcmp(object->account, first->account) != 0 ||
			(of_store && strcmp(object->store, first->store) != 0))
			break;
	}
	return from;
}

/* Adds the steps of one store that go, or that do not. Gives the end of its actions. */
static size_t add_store(struct schedule *s, size_t from, bool that_go, size_t batch)
{
	const struct plan *plan = s->plan;
	size_t to = end_of(plan, from, true);

	for (int rank = 0; rank < RANKS; rank++)
		for (size_t i = from; i < to; i++) {
			const struct action *action = &plan->actions[i];
			if (rank_of(action) == rank && action_kind(action) != ACTION_NONE &&
				goes(plan, action) == that_go)
				add_step(s, i, batch);
		}
	return to;
}

static bool renames_any(const struct plan *plan, size_t from, size_t to)
{
	for (; from < to; from++)
		if (action_kind(&plan->actions[from]) == ACTION_RENAME)
			return true;
	return false;
}

static void add_turn(struct schedule *s)
{
	s->turns = mem_room(s->turns, s->turn_count, &s->turn_room, sizeof(*s->turns));
	s->turns[s->turn_count++] = (struct turn){0};
}

/* Adds the steps of all that goes, or of all that does not. */
static void add_steps(struct schedule *s, bool that_go, size_t batch)
{
	for (size_t i = 0; i < s->plan->action_count;) {
		size_t end = end_of(s->plan, i, false);
		s->is_taking_turns = !that_go && renames_any(s->plan, i, end);
		if (s->is_taking_turns)
			add_turn(s);
		while (i < end)
			i = add_store(s, i, that_go, batch);
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
	free(s->turns);
	*s = (struct schedule){0};
}
