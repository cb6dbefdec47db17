/* What apply, destroy and refresh share: plan, ask for approval, execute, say the outcome. */
#ifndef CFPROV_RUN_PLAN_H
#define CFPROV_RUN_PLAN_H

#include "planning.h"

/* `operation` is what the lock says: "apply". Gives the exit status. */
int run_plan(const struct cli *cli, enum planning_mode mode, const char *operation);

#endif
