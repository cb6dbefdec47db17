/*
 * The executor carries out a plan: it starts the rows that are ready (apply/schedule), makes
 * results durable in groups, and emits events. It knows nothing of requests: it hands a task to a
 * runner, which reports an outcome for each row. A task is one row, or several that share a
 * request: new secrets of one store. What the state learns needs no runner.
 *
 *     idle ──ready──► started ──► done    ──► in the group ──► durable, event
 *                          └────► failed   (it did not happen)     "
 *                          └────► unknown  (its intent remains)  event
 */
#ifndef APPLY_EXECUTOR_H
#define APPLY_EXECUTOR_H

#include "model/event.h"
#include "state/ledger.h"

#include <signal.h>

enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_FAILED,  /* err; it did not happen */
	OUTCOME_UNKNOWN, /* err; it may have been done, and its intent says so */
};

struct outcome {
	enum outcome_kind kind;
	const struct row *row;
	/* Of the state: PUT or DROP if done; if it failed, KEEP, or PUT or DROP of the part that
	 * was done. The runner lends the object until it is freed */
	struct change change;
	struct error err;
	struct outcome *next; /* for the runner's use */
};

/* The most new secrets of one store that start together. */
enum { EXECUTOR_BATCH = 100 };

/* Turns rows into requests. One of the five edges where a test may put a fake. */
struct runner {
	/*
	 * Starts the rows of a task, each of which gets an outcome; returns at once. Borrows the
	 * array, keeps the rows.
	 */
	void (*start)(struct runner *runner, const struct row **rows, size_t count);
	/* The user wants to stop: requests that were not sent yet must fail. */
	void (*stop)(struct runner *runner);
	/* Gives an outcome (outcome_free). NULL: none yet, at the latest after timeout_ms. */
	struct outcome *(*next)(struct runner *runner, int64_t timeout_ms);
	/* Operations that only wait for their next look: they need no slot. */
	size_t paused;
	/* Lends the object of the operation that may wait longest for its looks, and sets for how
	 * much longer. NULL, and 0 ms: none waits. */
	const struct object *(*longest)(struct runner *runner, int64_t *ret_ms);
};

struct executor_input {
	const struct plan *plan;     /* checked */
	const struct model *desired; /* for the accounts' ids */
	struct runner *runner;
	struct ledger *ledger;         /* open to write */
	const struct event_sink *sink; /* may be NULL */
	size_t parallelism;
	/* How often the user asked to stop. 1: start nothing more; 2: leave at once. May be NULL */
	const volatile sig_atomic_t *interrupted;
};

struct executor_result {
	struct plan_counts done;
	size_t started;     /* handed to the runner */
	size_t failed;      /* failed or of unknown outcome */
	size_t not_started; /* because of an interrupt or an earlier failure */
	size_t unknown;     /* in progress at the second interrupt */
	bool was_interrupted;
	bool is_in_state;   /* the state has all results */
	bool is_in_journal; /* only the journal has them: the next run resumes */
};

/*
 * Runs the plan and closes the ledger's run. False only if the state or the journal can't be
 * written; failed rows are in *ret_result, and were emitted as events. On a second interrupt the
 * journal is left for the next run.
 */
bool executor_run(const struct executor_input *input, struct executor_result *ret_result,
	struct error *err) MUST_CHECK;

/* Gives an outcome (outcome_free) whose change is KEEP of the row's object. */
struct outcome *outcome_new(const struct row *row, enum outcome_kind kind) MUST_CHECK;
void outcome_free(struct outcome *outcome);

#endif
