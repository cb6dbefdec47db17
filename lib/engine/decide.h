/*
 * Inside the planner: what is to become of one address, as the three models know it. The table in
 * engine/planner.h says what; this is how.
 */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/planning.h"

/* A store comes before what is in it. */
void decide(struct planning *p, const struct object *desired, const struct object *recorded);

/* Of what is recorded in an account that the manifest dropped: nobody looks whether it lives. */
void decide_leaving(struct planning *p, const struct object *recorded);

#endif
