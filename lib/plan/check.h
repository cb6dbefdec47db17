/*
 * Checks a plan's rows against their three sides, independently of the code that made them. What
 * the executor relies on holds, or nothing is executed. Pure.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "base/error.h"
#include "model/plan.h"

/*
 * True if no address appears twice, each action fits what is desired, recorded and live, nothing
 * unmanaged is changed or destroyed, nothing protected is destroyed, and the counts are right. An
 * error is a bug in cfprov: planner_plan makes no such plan of whatever state or saved plan was
 * read.
 */
bool check_plan(const struct plan *plan, struct error *err) MUST_CHECK;

#endif
