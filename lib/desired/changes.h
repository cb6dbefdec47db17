/* Inside desired/: `moved` and `removed`, what becomes of what the state holds. */
#ifndef DESIRED_CHANGES_H
#define DESIRED_CHANGES_H

#include "desired/reading.h"

/* Reads both into the model, whose accounts and objects are there, sorted. */
void changes_read(struct reading *r);

#endif
