/*
 * Checks that an approved or saved plan still fits what exists now, by planning again and comparing
 * the rows. Pure.
 */
#ifndef PLAN_VERIFY_H
#define PLAN_VERIFY_H

#include "plan/planner.h"

/*
 * Plans again from `now`. What the plan creates must not exist. What it adopts, changes, renames,
 * replaces or forgets must exist unchanged. What it destroys may be gone, but must not have another
 * id or contain unmanaged secrets that the plan does not name. The live model of `now` must have
 * the secrets of all stores that the plan changes. False if anything differs: one error for each.
 */
bool verify_plan(const struct plan *plan, const struct planner_input *now,
	struct error_list *errors) MUST_CHECK;

/*
 * True of a live secret, in a store that the plan destroys, which the plan does not know: it
 * neither destroys the secret nor names it as unmanaged.
 */
bool verify_is_new(
	const struct plan *plan, const struct row *store, const struct object *inside) MUST_CHECK;

#endif
