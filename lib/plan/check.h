/*
 * Proves a plan's rows from their three sides, apart from the code that made them: what the
 * executor relies on is true, or nothing is executed. Pure.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "base/error.h"
#include "model/plan.h"

/*
 * No address twice; each action fits what is desired, recorded and live; what cfprov does not
 * manage is neither changed nor destroyed, and nothing protected is destroyed; the counts are those
 * of the rows. An error here is a defect of cfprov.
 */
bool check_plan(const struct plan *plan, struct error *err) MUST_CHECK;

#endif
