/* What the rate limit means for a plan, said before it is carried out. */
#ifndef CFPROV_BUDGET_H
#define CFPROV_BUDGET_H

#include "session.h"

/* Says (EVENT_LONG_RUN) for each credential whose budget does not suffice for the whole plan. */
void budget_say(const struct session *session);

#endif
