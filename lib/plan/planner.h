/*
 * The planner: desired, recorded and live become a plan. Pure: no clock, no disk, no network, no
 * secret; the same models and options in, the same plan out, byte for byte.
 *
 *     desired  recorded  live          the action
 *     yes      no        no            create
 *     yes      no        yes           adopt (needs consent)
 *     yes      yes       same id       none; replace, if asked for
 *     yes      yes       no            create, with the reason; drift
 *     yes      yes       another id    adopt, with the reason (needs consent); drift
 *     yes      any       twice         an error that names the ids
 *     no       yes       same id       destroy, or forget (on_remove, removed)
 *     no       yes       no            none: it is out of the state already; drift
 *     no       yes       another id    none: that one is a stranger; drift
 *     no       no        any           not cfprov's business
 *
 * An adoption that would give one id two addresses in the state is an error, too, and so are the
 * end of what prevent_destroy protects, and an account with recorded objects that the manifest
 * does not know any more, unless `removed` says to forget them all (plan/removed).
 */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include "plan/planning.h"

/* Fills *ret_plan (plan_release). False if there are errors: then there is no plan. */
bool planner_plan(const struct planner_input *input, struct plan *ret_plan,
	struct error_list *errors) MUST_CHECK;

#endif
