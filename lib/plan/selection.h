/*
 * Which objects -target, -exclude and -replace mean. Pure.
 */
#ifndef PLAN_SELECTION_H
#define PLAN_SELECTION_H

#include "plan/planning.h"

/*
 * Do the options leave this object in, or ask for its being replaced? By any name that `moved`
 * gives it: with one of them alone, half of a rename would be done.
 */
bool selection_has(const struct planner_input *input, const struct object *object);
bool selection_replaces(const struct planner_input *input, const struct object *object);

/* Adds an error for each pattern that means nothing, or means what others leave out. */
void selection_check(struct planning *p);

#endif
