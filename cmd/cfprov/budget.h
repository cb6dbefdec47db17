/* What the rate limit means for a plan, announced before it is applied. */
#ifndef CFPROV_BUDGET_H
#define CFPROV_BUDGET_H

#include "session.h"

/* Emits EVENT_LONG_RUN for each credential whose budget is too small for the whole plan. */
void budget_announce(const struct session *session);

#endif
