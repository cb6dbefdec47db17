/*
 * Inside the executor: which rows of a plan start together, in what order, and which are ready.
 * Pure: the executor says what became of them.
 *
 * Removals run first, then everything else, store by store: the store's own row, its new secrets in
 * batches, the rest, and the old names of renamed secrets. A secret waits for its store's row, if
 * that has an action, and an old name for its duplicate. If the awaited row fails, what waits for
 * it never starts.
 */
#ifndef APPLY_SCHEDULE_H
#define APPLY_SCHEDULE_H

#include "model/plan.h"

#include <stdint.h>

/* What became of a row that has an action. */
enum step_state {
	STEP_IDLE,
	STEP_STARTED,
	STEP_FAILED,  /* what existed before still exists */
	STEP_UNKNOWN, /* nobody saw the outcome */
	STEP_GONE,    /* it is done, or failed after what existed before was destroyed */
};

/* Of each row, by its index. */
struct step {
	size_t intent, task;
	enum step_state state;
};

/* Rows that start together. */
struct task {
	const struct row **rows;
	size_t count;
	size_t waiters; /* of a store: the number of tasks right after it that wait for it */
	size_t left;    /* rows under way */
	int64_t started_us, times_slow;
};

struct schedule {
	const struct plan *plan;
	struct step *steps;
	const struct row **rows; /* those with an action, in the order of tasks */
	size_t count;
	struct task *tasks; /* removals first */
	size_t task_count, removal_count;
	size_t open_removals; /* those that may still run */
	size_t *ready;        /* tasks, a queue */
	size_t ready_from, ready_count;
};

/* `batch`: the most new secrets of one store that make one task. */
void schedule_init(struct schedule *schedule, const struct plan *plan, size_t batch);
void schedule_release(struct schedule *schedule);

struct step *schedule_step(const struct schedule *schedule, const struct row *row);
struct task *schedule_task(const struct schedule *schedule, const struct row *row);

/* True if a task may start now; schedule_next lends it. */
bool schedule_has_next(const struct schedule *schedule) MUST_CHECK;
struct task *schedule_next(struct schedule *schedule) MUST_CHECK;

/* True if another task waits for this row. */
bool schedule_is_awaited(const struct schedule *schedule, const struct row *row) MUST_CHECK;

/* All rows of the task have ended. If it failed, what waits for it never starts. */
void schedule_end(struct schedule *schedule, const struct task *task, bool has_failed);

/* The row is done and durable: what waits for it is ready. */
void schedule_free_waiters(struct schedule *schedule, const struct row *row);

#endif
