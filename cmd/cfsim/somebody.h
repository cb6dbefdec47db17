/* Somebody else who writes to the same account: the faults then_delete and then_create. */
#ifndef CFSIM_SOMEBODY_H
#define CFSIM_SOMEBODY_H

#include "call.h"

/* To be called when the call was answered: does what its fault says, in the place of its path. */
void somebody_acts(struct call *call, const struct fault *fault);

#endif
