#include "apply/schedule.h"

#include <stdlib.h>
#include <string.h>

struct step *schedule_step(const struct schedule *s, const struct row *row)
{
	return &s->steps[row - s->plan->rows];
}

struct task *schedule_task(const struct schedule *s, const struct row *row)
{
	return &s->tasks[schedule_step(s, row)->task];
}

/* ---- ready tasks ---- */

/* Adds those of the tasks that wait for nothing. */
static void add_ready(struct schedule *s, size_t from, size_t to)
{
	for (; from < to; from += 1 + s->tasks[from].waiters)
		if (!s->tasks[from].rows[0]->renamed_to)
			s->ready[s->ready_count++] = from;
}

bool schedule_has_next(const struct schedule *s)
{
	return s->ready_from < s->ready_count;
}

struct task *schedule_next(struct schedule *s)
{
	return schedule_has_next(s) ? &s->tasks[s->ready[s->ready_from++]] : NULL;
}

/* ---- ended tasks ---- */

bool schedule_is_awaited(const struct schedule *s, const struct row *row)
{
	return row->copies || schedule_task(s, row)->waiters;
}

void schedule_end(struct schedule *s, const struct task *task, bool has_failed)
{
	if ((size_t)(task - s->tasks) >= s->removal_count)
		return;
	s->open_removals -= 1 + (has_failed ? task->waiters : 0);
	if (!s->open_removals)
		add_ready(s, s->removal_count, s->task_count);
}

void schedule_free_waiters(struct schedule *s, const struct row *row)
{
	size_t task = schedule_step(s, row)->task;
	const struct row *old_name = row->copies ? plan_find(s->plan, row->copies) : NULL;

	for (size_t i = 1; i <= s->tasks[task].waiters; i++)
		s->ready[s->ready_count++] = task + i;
	if (old_name && old_name->renamed_to)
		s->ready[s->ready_count++] = schedule_step(s, old_name)->task;
}

/* ---- from the plan to tasks ---- */

enum rank { RANK_STORE, RANK_NEW_SECRET, RANK_REST, RANK_OLD_NAME, RANKS };

static enum rank rank_of(const struct row *row)
{
	if (row_object(row)->kind == OBJECT_STORE)
		return RANK_STORE;
	if ((row->action == ACTION_CREATE && !row->copies) ||
		(row->action == ACTION_REPLACE && (row->notes & ROW_WITH_STORE)))
		return RANK_NEW_SECRET;
	return row->renamed_to ? RANK_OLD_NAME : RANK_REST;
}

static bool is_removed(const struct row *row)
{
	return row->action == ACTION_DESTROY || row->action == ACTION_FORGET;
}

/* Rows that wait for a duplicate, or for a store that is created or replaced, are no removals. */
static bool is_removal(const struct row *row, const struct row *store_or_null)
{
	return is_removed(row) && !row->renamed_to &&
	       (!store_or_null || store_or_null->action == ACTION_NONE ||
		       is_removed(store_or_null));
}

/* Adds a row to the last task if that is a batch of the same store, else as a task. */
static void add_row(struct schedule *s, const struct row *row, size_t first_task, size_t batch)
{
	struct task *last = s->task_count > first_task ? &s->tasks[s->task_count - 1] : NULL;
	bool joins = last && last->count < batch && rank_of(row) == RANK_NEW_SECRET &&
		     rank_of(last->rows[0]) == RANK_NEW_SECRET;

	if (!joins) {
		last = &s->tasks[s->task_count++];
		last->rows = &s->rows[s->count];
	}
	s->rows[s->count++] = row;
	last->count++;
	schedule_step(s, row)->task = s->task_count - 1;
}

/* Adds the tasks of the store whose rows are from..to: its removals, or the others. */
static void add_store(struct schedule *s, const struct row *from, const struct row *to,
	bool removes, size_t batch)
{
	const struct row *store = row_object(from)->kind == OBJECT_STORE ? from : NULL;
	size_t first = s->task_count;

	for (enum rank rank = RANK_STORE; rank < RANKS; rank++)
		for (const struct row *row = from; row < to; row++)
			if (row->action != ACTION_NONE && rank_of(row) == rank &&
				is_removal(row, store) == removes)
				add_row(s, row, first, batch);
	if (s->task_count > first && s->tasks[first].rows[0] == store)
		for (size_t i = first + 1; i < s->task_count; i++)
			s->tasks[first].waiters += !s->tasks[i].rows[0]->renamed_to;
}

static void add_stores(struct schedule *s, bool removes, size_t batch)
{
	const struct row *end = s->plan->row_count ? s->plan->rows + s->plan->row_count : NULL;

	for (const struct row *from = s->plan->rows, *to = from; from < end; from = to) {
		const struct object *store = row_object(from);
		do
			to++;
		while (to < end && strcmp(row_object(to)->account, store->account) == 0 &&
			strcmp(row_object(to)->store, store->store) == 0);
		add_store(s, from, to, removes, batch);
	}
}

void schedule_init(struct schedule *s, const struct plan *plan, size_t batch)
{
	size_t most = plan->row_count;

	*s = (struct schedule){.plan = plan,
		.steps = mem_alloc(most * sizeof(*s->steps)),
		.rows = mem_alloc(most * sizeof(const struct row *)),
		.tasks = mem_alloc(most * sizeof(*s->tasks)),
		.ready = mem_alloc(most * sizeof(*s->ready))};
	add_stores(s, true, batch);
	s->removal_count = s->open_removals = s->task_count;
	add_stores(s, false, batch);
	add_ready(s, 0, s->removal_count ? s->removal_count : s->task_count);
}

void schedule_release(struct schedule *s)
{
	mem_free(s->steps);
	mem_free((void *)s->rows);
	mem_free(s->tasks);
	mem_free(s->ready);
	*s = (struct schedule){0};
}
