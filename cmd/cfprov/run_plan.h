/* What apply, destroy and refresh share: plan, ask for approval, execute, print the outcome. */
#ifndef CFPROV_RUN_PLAN_H
#define CFPROV_RUN_PLAN_H

#include "cli.h"

/* `operation` is what the lock says: "apply". Gives the exit status. */
int run_plan(const struct cli *cli, const char *operation);

#endif
