/* The simulator's own routes under /_cfsim/, for tests: no credentials, no envelope. */
#ifndef CFSIM_CONTROL_H
#define CFSIM_CONTROL_H

#include "sim.h"
#include "target.h"

void control_answer(struct sim *sim, struct request *request, const struct target *target,
	struct answer *answer);

#endif
