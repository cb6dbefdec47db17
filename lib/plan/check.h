/*
 * Proves a plan's invariants, apart from the code that made it: what the executor relies on is
 * true, or nothing is executed. Pure.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include "base/error.h"
#include "model/plan.h"

/*
 * No address twice; before and after are the same object; what is there has an id; nothing is given
 * up that cfprov does not manage, or destroyed that is protected; the counts are those of the
 * actions. An error here is a defect of cfprov.
 */
bool check_plan(const struct plan *plan, struct error *err) MUST_CHECK;

#endif
