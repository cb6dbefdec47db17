/*
 * The planner: desired, recorded and live become the rows of a plan. Pure: no clock, no disk, no
 * network, no secret; the same input gives the same rows, byte for byte.
 *
 *     desired  recorded  live          action
 *     yes      no        no            create
 *     yes      no        yes           adopt (needs approval)
 *     yes      yes       same id       none or update; replace with -replace
 *     yes      yes       no            create, with the reason; drift
 *     yes      yes       another id    adopt, with the reason (needs approval); drift
 *     yes      any       twice         an error that names the ids
 *     no       yes       same id       destroy, or forget (on_remove, removed)
 *     no       yes       no            none; dropped from the state; drift
 *     no       yes       another id    none; dropped from the state: not ours; drift
 *     no       no        any           no row
 *
 * A secret that `moved` renames is duplicated under its new name, then the old one is destroyed.
 * Errors: an adoption that would give one id two addresses in the state; destroying what
 * prevent_destroy protects; recorded objects in an account that is not in the manifest, unless
 * `removed` says to forget them all (plan/removed).
 */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include "plan/planning.h"

/* Gives *ret_plan (plan_release). False if there are errors: then there is no plan. */
bool planner_plan(const struct planner_input *input, struct plan *ret_plan,
	struct error_list *errors) MUST_CHECK;

#endif
