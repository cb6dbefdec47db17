/* What changed outside of cfprov, row by row, as a plan is shown. */
#ifndef PLAN_DRIFT_H
#define PLAN_DRIFT_H

#include "model/plan.h"

/* What a recorded object became. */
struct drift {
	const struct object *recorded;
	bool is_gone, is_another; /* another: it has another id now */
	struct object now;        /* unless it is gone */
	unsigned fields;          /* FIELD_* */
	bool is_left;             /* the plan does not overwrite the value */
};

/* The drift that the plan reports. False: the row has none. */
bool drift_reported(
	const struct plan_options *options, const struct row *row, struct drift *ret_drift);

/*
 * The drift that the plan does not report, and that the state learns. False: none, or what is
 * learned comes from the manifest.
 */
bool drift_learned(const struct row *row, struct drift *ret_drift);

#endif
