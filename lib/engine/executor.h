/*
 * The executor carries out a plan. It decides what is ready and in what order, keeps so many
 * tasks under way, makes results durable in groups, and says what happens. It knows nothing of
 * requests: a task is handed to a runner, and some time later the runner says what came of it. A
 * task is one action, or several that can be done together: new secrets of one store.
 *
 * Removals run first, then everything else: an account may have room for one store only. What waits
 * for another action starts when that has succeeded and is durable; if it failed, what waits for it
 * is never started. The plan's refreshes are part of the run, and need no runner.
 *
 *     idle ──ready──► under way ──► done    ──► in the group ──► durable, said
 *                            └────► failed   (nothing was made)      "
 *                            └────► unknown  (left unresolved)       said
 */
#ifndef ENGINE_EXECUTOR_H
#define ENGINE_EXECUTOR_H

#include "model/event.h"
#include "recorded/ledger.h"

#include <signal.h>

enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_FAILED,  /* err; it did not happen */
	OUTCOME_UNKNOWN, /* err; it may have been done, and its intent says so */
};

struct outcome {
	enum outcome_kind kind;
	size_t index; /* of the action in the plan */
	/* What it means for the state: done, PUT or DROP; failed, KEEP (or else, see runner.h). A
	 * rename that is done also drops the old name. */
	enum change_kind change;
	struct object object; /* with PUT */
	struct error err;
	struct arena arena; /* the object's texts */
};

/* New secrets of one store that are begun together, at most. */
enum { EXECUTOR_BATCH = 100 };

/* An action and its index in the plan. */
struct job {
	const struct action *action;
	size_t index;
};

/* What was requested and not confirmed is looked for several times. That needs no slot, only time.
 */
struct runner_pause {
	size_t count;                /* operations that wait for a look */
	const struct object *object; /* of the one that may take longest */
	int64_t longest_ms;          /* so long at most */
};

/* Turns actions into requests. One of the five edges where a test may put a fake. */
struct runner {
	/*
	 * Begins jobs that belong together; returns at once. Several are creations of secrets in
	 * one store. Each has an outcome of its own. Borrows the row.
	 */
	void (*start)(struct runner *runner, const struct job *jobs, size_t count);
	/* The user wants to stop: what has not been sent yet is to fail. */
	void (*stop)(struct runner *runner);
	/* Gives one that has ended (outcome_free), or NULL after timeout_ms. */
	struct outcome *(*next)(struct runner *runner, int64_t timeout_ms);
	/* What waits for a look now. NULL: nothing ever does. */
	void (*pause)(struct runner *runner, struct runner_pause *ret_pause);
};

struct executor_input {
	const struct plan *plan;     /* checked */
	const struct model *desired; /* for the accounts' ids */
	struct runner *runner;
	struct ledger *ledger;         /* open to write */
	const struct event_sink *sink; /* may be NULL */
	size_t parallelism;
	/* Counts the user's wishes to stop: 1: start nothing more; 2: leave at once. May be NULL.
	 */
	const volatile sig_atomic_t *interrupted;
};

struct executor_result {
	struct plan_counts done;
	size_t started;     /* handed to the runner */
	size_t failed;      /* failed or of unknown outcome */
	size_t not_started; /* because of an interrupt, or of a failure before them */
	size_t unknown;     /* under way at a second interrupt, which waits for nothing */
	bool was_interrupted;
	bool is_in_state;   /* all that was done is there */
	bool is_in_journal; /* what was done is there, not in the state: the next run resumes */
};

/*
 * Runs the plan and closes the ledger's run. False only if the state or the journal can't be
 * written; failed actions are in *ret_result, and were said as events. On a second interrupt the
 * journal is left for the next run.
 */
bool executor_run(const struct executor_input *input, struct executor_result *ret_result,
	struct error *err) MUST_CHECK;

/* Its change is KEEP. */
struct outcome *outcome_new(size_t index, enum outcome_kind kind) MUST_CHECK;
void outcome_free(struct outcome *outcome);

#endif
