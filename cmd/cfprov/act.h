/* What apply, destroy and refresh share: plan, get consent, execute, tell the end. */
#ifndef CFPROV_ACT_H
#define CFPROV_ACT_H

#include "planning.h"

/* `operation` is what the lock says: "apply". Gives the exit status. */
int act(const struct cli *cli, enum planning_mode mode, const char *operation);

#endif
