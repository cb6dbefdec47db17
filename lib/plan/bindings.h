/* Which bindings of Workers a plan breaks: a part of the planner. */
#ifndef PLAN_BINDINGS_H
#define PLAN_BINDINGS_H

#include "plan/planning.h"

/*
 * Sets plan->broken, once all rows are there: the bindings whose secret, or its store, the plan
 * destroys or renames, or whose scope `workers` it takes away. A secret that is only recreated
 * keeps its name, and a store does not keep its id.
 */
void bindings_check(const struct planner_input *input, struct plan *plan);

#endif
