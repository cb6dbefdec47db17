/*
 * Inside the executor: which actions of a plan are begun together, what they wait for, and what is
 * ready. Pure: who runs them says what became of them.
 *
 * First goes all that goes, then comes what comes. A task that waits for another one is ready when
 * that is released; it is never started if that one failed.
 */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include "model/plan.h"

#include <stdint.h>

/* An action that is to be done; its index is that of its intent. */
struct step {
	size_t action; /* index in the plan */
	size_t task;
	size_t former; /* of a rename: the intent of the old name */
	bool is_over;
};

/* Steps that start together. What waits for a task hangs on it as a list. */
struct task {
	size_t first, count; /* steps */
	size_t missing;      /* tasks that it waits for, and that are not durable yet */
	size_t waiters, last_waiter, next_waiter; /* task + 1; 0: none */
	size_t left;                              /* steps under way */
	int64_t started_us;
	int64_t times_slow; /* it was said that it takes long */
	bool has_started;
};

/* Tasks that may start, in the order in which they may. */
struct ready {
	size_t *tasks;
	size_t from, count;
};

struct schedule {
	const struct plan *plan;
	struct step *steps;
	size_t step_count;
	size_t *step_of; /* action -> step + 1; 0: nothing to do */
	struct task *tasks;
	size_t task_count;
	size_t goer_steps; /* the first so many steps destroy or forget */
	size_t open_goers; /* tasks of these that are not over */
	struct ready goers, comers;
};

/* `batch`: how many creations of secrets in one store make one task, at most. */
void schedule_init(struct schedule *schedule, const struct plan *plan, size_t batch);
void schedule_release(struct schedule *schedule);

/* Lends the action of a step. */
const struct action *schedule_action(const struct schedule *schedule, size_t step);

/* Is a task ready, and may it start now? schedule_next lends it. */
bool schedule_has_next(const struct schedule *schedule) MUST_CHECK;
struct task *schedule_next(struct schedule *schedule) MUST_CHECK;

/* Is any task in line, whether or not its time has come? */
bool schedule_is_drained(const struct schedule *schedule) MUST_CHECK;

/* The task has ended: what waits for it waits on. */
void schedule_end(struct schedule *schedule, const struct task *task);

/* What waits for the task is ready; or will never start. */
void schedule_free_waiters(struct schedule *schedule, struct task *task);
void schedule_skip_waiters(struct schedule *schedule, struct task *task);

#endif
