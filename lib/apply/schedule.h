/*
 * Inside the executor: which actions of a plan are begun together, what they wait for, and what is
 * ready. Pure: who runs them says what became of them.
 *
 * First goes all that goes, then comes what comes. A task that waits for another one is ready when
 * that is released; it is never started if that one failed. Of a store comes first itself, then its
 * new secrets in batches, then the rest in the plan's order.
 *
 * Renames take turns, one in an account, for each needs a place of the quota more for a while. The
 * new secrets of that account come after the last of them, whatever became of it: they take the
 * places for good.
 */
#ifndef APPLY_SCHEDULE_H
#define APPLY_SCHEDULE_H

#include "model/plan.h"

#include <stdint.h>

/* An action that is to be done; its index is that of its intent. */
struct step {
	size_t action; /* index in the plan */
	size_t task;
	size_t former; /* of a rename: the intent of the old name */
	bool is_over;
	bool is_unknown; /* ... and nobody saw what came of it */
	bool has_gone;   /* what was there before is destroyed */
};

/* Steps that start together. What waits for a task hangs on it as a list. */
struct task {
	size_t first, count; /* steps */
	size_t missing;      /* tasks that it waits for, and that are not durable yet */
	size_t waiters, last_waiter, next_waiter; /* task + 1; 0: none */
	size_t turn;                              /* of its account, + 1; 0: it has none to take */
	size_t next_in_turn;                      /* task + 1; 0: none */
	size_t left;                              /* steps under way */
	int64_t started_us;
	int64_t times_slow; /* it was said that it takes long */
	bool has_started;
	bool has_ended; /* or will never start */
};

/* Tasks in a row, linked by next_in_turn: task + 1; 0: none. */
struct queue {
	size_t first, last;
};

/* An account with renames: the first of them has the turn. */
struct turn {
	struct queue renames, creations;
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
	struct turn *turns;
	size_t turn_count, turn_room;
	bool is_taking_turns; /* while tasks are added: the newest turn is of their account */
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

/* The task has ended, well or not: what waits for it waits on, the next one in turn does not. */
void schedule_end(struct schedule *schedule, struct task *task);

/* What waits for the task is ready; or will never start. */
void schedule_free_waiters(struct schedule *schedule, struct task *task);
void schedule_skip_waiters(struct schedule *schedule, struct task *task);

#endif
