/*
 * The executor carries out a plan: it starts the rows that are ready (apply/schedule), makes
 * results durable in groups, and emits events. It knows nothing of requests: it hands a task to a
 * runner, which later says what became of each row. A task is one row, or several that share a
 * request: new secrets of one store. What the state learns needs no runner.
 *
 *     idle ──ready──► under way ──► done    ──► in the group ──► durable, event
 *                            └────► failed   (nothing was made)      "
 *                            └────► unknown  (its intent remains)  event
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
	/* Of the state: PUT or DROP if done; KEEP if it failed, or what was done of it. The runner
	 * lends the object to the end */
	struct change change;
	struct error err;
	struct outcome *next; /* for the runner */
};

/* So many new secrets of one store start together, at most. */
enum { EXECUTOR_BATCH = 100 };

/* Turns rows into requests. One of the five edges where a test may put a fake. */
struct runner {
	/*
	 * Starts rows that belong together; returns at once. Several are creations of secrets in
	 * one store. Each has an outcome of its own. Borrows the array, keeps the rows.
	 */
	void (*start)(struct runner *runner, const struct row **rows, size_t count);
	/* The user wants to stop: whatever was not sent yet must fail. */
	void (*stop)(struct runner *runner);
	/* Gives an outcome (outcome_free), or NULL after timeout_ms. */
	struct outcome *(*next)(struct runner *runner, int64_t timeout_ms);
	/* Operations that only wait for another look at what was requested: they need no slot. */
	size_t paused;
	/* Lends the object of the one that may take longest. If some are paused; else may be NULL.
	 */
	const struct object *(*longest)(struct runner *runner, int64_t *ret_ms);
};

struct executor_input {
	const struct plan *plan;     /* checked */
	const struct model *desired; /* for the accounts' ids */
	struct runner *runner;
	struct ledger *ledger;         /* open to write */
	const struct event_sink *sink; /* may be NULL */
	size_t parallelism;
	/* The user's requests to stop. 1: start nothing more; 2: leave at once. May be NULL */
	const volatile sig_atomic_t *interrupted;
};

struct executor_result {
	struct plan_counts done;
	size_t started;     /* handed to the runner */
	size_t failed;      /* failed or of unknown outcome */
	size_t not_started; /* because of an interrupt, or of a failure before them */
	size_t unknown;     /* under way at the second interrupt */
	bool was_interrupted;
	bool is_in_state;   /* all that was done is there */
	bool is_in_journal; /* what was done is there, not in the state: the next run resumes */
};

/*
 * Runs the plan and closes the ledger's run. False only if the state or the journal can't be
 * written; failed rows are in *ret_result, and were emitted as events. On a second interrupt the
 * journal is left for the next run.
 */
bool executor_run(const struct executor_input *input, struct executor_result *ret_result,
	struct error *err) MUST_CHECK;

/* Its change is KEEP of the row's object. */
struct outcome *outcome_new(const struct row *row, enum outcome_kind kind) MUST_CHECK;
void outcome_free(struct outcome *outcome);

#endif
