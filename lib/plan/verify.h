/*
 * Does what lives now still meet what a saved plan was computed against? Pure.
 */
#ifndef PLAN_VERIFY_H
#define PLAN_VERIFY_H

#include "base/error.h"
#include "model/plan.h"

/*
 * What is to be created must not live; what is to be adopted, replaced or forgotten must live with
 * its id; what is to be destroyed may be gone, but must not be another one, nor hold strangers
 * that the plan does not know. *live has the secrets inside the stores that are destroyed.
 * False if anything differs; each difference is an error.
 */
bool verify_plan(
	const struct plan *plan, const struct model *live, struct error_list *errors) MUST_CHECK;

/*
 * Lends the first of `count` live objects, all inside the store that the action destroys, that the
 * plan neither parts with nor names as a stranger; NULL: there is none.
 */
const struct object *verify_stranger(const struct plan *plan, const struct action *action,
	const struct object *inside, size_t count);

#endif
