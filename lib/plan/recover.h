/*
 * What became of objects that were requested and not answered. They did not exist when their run
 * was planned, or were to be destroyed first. So the name decides: that run made the one that has
 * it now, unless it has the id of the one to destroy. What has not appeared is absent once the
 * patience is over (cloudflare/patience); until then live_read_unresolved looks for it. Pure.
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
	/* What has not appeared, and may yet: */
	size_t awaited;
	const struct object *first;  /* lent by `recorded` */
	int64_t next_ms, longest_ms; /* until the next look is due; until all are over */
};

/*
 * One change for each unresolved object in an account that was read: PUT as record_recovered says,
 * or DROP if it is absent for good. An object that exists twice, or whose alias means another
 * account now, stays unresolved: the planner reports that. The arena must outlive the changes.
 */
void recover_changes(
	const struct recover_input *input, struct arena *arena, struct recovered *ret_recovered);

void recovered_release(struct recovered *recovered);

#endif
