/*
 * The planner: desired, recorded and live become a plan. Pure: no clock, no disk, no network, no
 * secret; the same models and options in, the same plan out, byte for byte.
 *
 *     desired  recorded  live          the action
 *     yes      no        no            create
 *     yes      no        yes           adopt (needs consent)
 *     yes      yes       same id       none
 *     yes      yes       no            create, with the reason
 *     yes      yes       another id    adopt, with the reason (needs consent)
 *     yes      any       twice         an error that names the ids
 *     no       yes       any           none, but named in plan.unclaimed
 *     no       no        any           not cfprov's business
 *
 * The accounts are those that are desired: of others nothing is planned and nothing named. An
 * error, too: an alias that the state knows as another account, an account in which something is
 * recorded under another alias, and a store to adopt whose id is another's.
 */
#ifndef ENGINE_PLANNER_H
#define ENGINE_PLANNER_H

#include "base/error.h"
#include "model/plan.h"

struct planner_input {
	/* Each sorted; they must outlive the plan. recorded has nothing unresolved any more. */
	const struct model *desired, *recorded, *live;
	bool adopt_all; /* consent to every adoption */
};

/* Fills *ret_plan (plan_release). False if there are errors: then there is no plan. */
bool planner_plan(const struct planner_input *input, struct plan *ret_plan,
	struct error_list *errors) MUST_CHECK;

#endif
