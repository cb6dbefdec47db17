/* The simulator's own routes under /_cfsim/, for tests: no credentials, no envelope. */
#ifndef CFSIM_CONTROL_H
#define CFSIM_CONTROL_H

#include "sim.h"

void control_answer(struct sim *sim, struct request *request, struct answer *answer);

#endif
