/*
 * Does what exists now still fit a plan that was approved or saved? It is planned again, and the
 * rows are compared. Pure.
 */
#ifndef PLAN_VERIFY_H
#define PLAN_VERIFY_H

#include "plan/planner.h"

/*
 * Plans again from `now` and compares what the plan does: what is created must not exist; what is
 * adopted, changed, renamed, replaced or forgotten must exist as it did. What is destroyed may be
 * gone, but must not be another object, nor hold unmanaged secrets that the plan does not name. The
 * live model of `now` has the secrets of the stores that the plan changes. False if anything
 * differs; each difference is an error.
 */
bool verify_plan(const struct plan *plan, const struct planner_input *now,
	struct error_list *errors) MUST_CHECK;

/*
 * True if the plan neither destroys this live secret, whose store it destroys, nor names it as
 * unmanaged.
 */
bool verify_is_new(
	const struct plan *plan, const struct row *store, const struct object *inside) MUST_CHECK;

#endif
