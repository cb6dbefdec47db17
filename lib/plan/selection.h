/* Which objects -target, -exclude and -replace select. Pure. */
#ifndef PLAN_SELECTION_H
#define PLAN_SELECTION_H

#include "plan/planning.h"

/*
 * True if -target and -exclude include the object; if -replace names it. All its names by `moved`
 * count: otherwise half of a rename could be selected.
 */
bool selection_has(const struct planner_input *input, const struct object *object);
bool selection_replaces(const struct planner_input *input, const struct object *object);

/* Adds an error for each pattern that matches nothing, or only what other options exclude. */
void selection_check(struct planning *p);

#endif
