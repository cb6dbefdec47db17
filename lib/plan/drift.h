/* What changed outside of cfprov, row by row, for showing a plan. Pure. */
#ifndef PLAN_DRIFT_H
#define PLAN_DRIFT_H

#include "model/plan.h"

/* How a recorded object has changed. */
struct drift {
	const struct object *recorded;
	bool is_gone, is_another; /* deleted; recreated with another id */
	struct object now;        /* not set if it is gone */
	unsigned fields;          /* FIELD_* */
	bool is_left;             /* its value changed, and the plan does not overwrite that */
};

/* The row's drift, as the planner found it. False: none. */
bool drift_reported(
	const struct plan_options *options, const struct row *row, struct drift *ret_drift);

/*
 * Changes that do not count as drift but are learned by the state. False: none, or what is learned
 * comes from the manifest.
 */
bool drift_learned(const struct row *row, struct drift *ret_drift);

#endif
