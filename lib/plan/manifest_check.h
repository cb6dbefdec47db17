/*
 * Whether a saved plan uses only accounts and sources that the manifest names. What the plan does
 * with them is the plan's own matter. Pure.
 */
#ifndef PLAN_MANIFEST_CHECK_H
#define PLAN_MANIFEST_CHECK_H

#include "base/error.h"
#include "model/plan.h"

/*
 * Compares the accounts of the plan (`desired`), where their tokens come from, and the sources of
 * the values that its rows send with those of the manifest. Adds an error for each difference.
 */
bool manifest_check(const struct model *desired, const struct plan *plan,
	const struct model *manifest, struct error_list *errors) MUST_CHECK;

#endif
