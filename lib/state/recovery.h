/*
 * What the journal of an interrupted run adds to a state, through the fold. Pure.
 *
 * Where machines share a state (then the journal has the ID of a lock), it may have changed
 * meanwhile, because somebody broke that lock. What the journal has learned still counts, unless
 * the state has learned more about the same address: it was made from the same intents, by name.
 */
#ifndef STATE_RECOVERY_H
#define STATE_RECOVERY_H

#include "state/journal.h"

enum recovery {
	RECOVERY_NOTHING, /* the state has all of it */
	RECOVERY_FOLDED,
	RECOVERY_FOREIGN, /* it belongs to another lineage */
	RECOVERY_OLDER,   /* it belongs to an older state */
	RECOVERY_NEWER,   /* it belongs to a newer state */
	RECOVERY_INVALID, /* see *err */
};

/* Folds the journal into the state if that is the result. `now_ms`: since 1970. */
enum recovery recovery_fold(
	struct state *state, const struct journal *journal, int64_t now_ms, struct error *err);

/*
 * The same for intents without results, of a run whose journal is out of reach. `serial` is that of
 * the state without what was folded into it just now. What is older is in the state, unless whoever
 * wrote it did not see these intents (backend_intent.is_unseen), as without the lock: then what the
 * state does not have, or only without an id, is still open.
 */
struct recovery_base {
	int64_t serial;
	bool is_unseen;
};
enum recovery recovery_fold_intents(struct state *state, const struct journal *intents,
	struct recovery_base base, int64_t now_ms, struct error *err);

#endif
