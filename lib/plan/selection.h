/*
 * Which objects -target, -exclude and -replace mean. Pure.
 */
#ifndef PLAN_SELECTION_H
#define PLAN_SELECTION_H

#include "plan/planning.h"

/*
 * True if -target and -exclude leave the object in; if -replace names it. Any name counts that
 * `moved` gives it: by one name alone, half of a rename would be carried out.
 */
bool selection_has(const struct planner_input *input, const struct object *object);
bool selection_replaces(const struct planner_input *input, const struct object *object);

/* Adds an error for each pattern that matches nothing, or only what other options leave out. */
void selection_check(struct planning *p);

#endif
