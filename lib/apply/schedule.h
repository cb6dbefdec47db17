/*
 * Inside the executor: which rows of a plan start together, in what order, and which are ready.
 * Pure: the executor reports how they end.
 *
 * Removals run first, then everything else, store by store: the store's own row, its new secrets in
 * batches, the rest, and the old names of renamed secrets. A secret waits for its store's row if
 * that has an action, and an old name waits for its duplicate. If the awaited row fails, the
 * waiting ones never start.
 */
#ifndef APPLY_SCHEDULE_H
#define APPLY_SCHEDULE_H

#include "model/plan.h"

#include <stdint.h>

/* How far a row with an action has come. */
enum step_state {
	STEP_IDLE,
	STEP_STARTED,
	STEP_FAILED,  /* the object is as it was before */
	STEP_UNKNOWN, /* nobody saw the outcome */
	STEP_GONE,    /* done, or failed after the object was destroyed */
};

/* One for each row, at its index. */
struct step {
	size_t intent, task;
	enum step_state state;
};

/* Rows that start together. */
struct task {
	const struct row **rows;
	size_t count;
	size_t waiters; /* of a store's row: how many of the next tasks wait for it */
	size_t left;    /* rows that have not ended */
	int64_t started_us, times_slow;
};

struct schedule {
	const struct plan *plan;
	struct step *steps;
	const struct row **rows; /* those with an action, in the order of tasks */
	size_t count;
	struct task *tasks; /* removals first */
	size_t task_count, removal_count;
	size_t open_removals; /* that may still run */
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

/* All rows of the task have ended. If one failed, the waiting tasks never start. */
void schedule_end(struct schedule *schedule, const struct task *task, bool has_failed);

/* The row is done and durable: tasks that wait for it are ready. */
void schedule_free_waiters(struct schedule *schedule, const struct row *row);

#endif
