/*
 * Settles objects whose creation was requested and never answered. When that run was planned, they
 * did not exist, or were to be destroyed first, perhaps with their store. So an object of the name
 * that exists now was created by that run, unless it has the id of the one to destroy. What has not
 * appeared counts as absent once the patience is over (cloudflare/patience); until then
 * live_read_unresolved looks for it. Pure.
 */
#ifndef PLAN_RECOVER_H
#define PLAN_RECOVER_H

#include "model/model.h"
#include "state/state.h"

struct recover_input {
	const struct model *recorded, *live;
	int64_t read_ms;  /* when `live` was first read: since 1970, by the wall clock */
	int64_t since_ms; /* how long after that the last look began, by the monotonic clock */
	int64_t patience_ms;
};

/* Release with recovered_release. */
struct recovered {
	struct change *changes;
	size_t count;
	/* Objects that have not appeared but still may: */
	size_t awaited;
	const struct object *first;  /* lent by `recorded` */
	int64_t next_ms, longest_ms; /* until the next look is due; until all patience is over */
};

/*
 * Gives one change for each unresolved object in an account that was read: what record_recovered
 * makes, or DROP if it counts as absent. An object that exists twice, or whose
 * alias means another account now, stays unresolved: the planner reports it. The arena must outlive
 * the changes.
 */
void recover_changes(
	const struct recover_input *input, struct arena *arena, struct recovered *ret_recovered);

void recovered_release(struct recovered *recovered);

#endif
