/*
 * Inside the planner: what was changed outside of cfprov, and what the state learns of that.
 */
#ifndef PLAN_DRIFT_H
#define PLAN_DRIFT_H

#include "plan/planning.h"

/*
 * Lends what is there now of a secret that was recorded: as it was seen, or as the state has it if
 * what was seen is older than our own last write. A store is lent as it is.
 */
const struct object *drift_current(
	struct planning *p, const struct object *recorded, const struct object *live);

/*
 * What the state should say of an object that lives and that no action is about, if that is
 * something new. `desired` NULL: nobody says what it is to be; with -refresh-only, that only tells
 * whether a value that somebody else wrote may stay.
 */
void drift_learn(struct planning *p, const struct object *recorded, const struct object *live,
	const struct object *desired);

/* Adds to the plan what of it was changed outside that somebody wants to hear of. */
void drift_tell(struct planning *p, const struct trio *trio);

#endif
