/*
 * Inside the planner: what is to become of one address, as the three models know it. The table in
 * plan/planner.h says what; this is how.
 */
#ifndef PLAN_DECIDE_H
#define PLAN_DECIDE_H

#include "plan/planning.h"

/* A store comes before what is in it. */
void decide(struct planning *p, const struct object *desired, const struct object *recorded);

/* Of what is recorded in an account that the manifest dropped: nobody looks whether it lives. */
void decide_leaving(struct planning *p, const struct object *recorded);

#endif
