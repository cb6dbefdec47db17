/* Inside manifest/: `moved` and `removed`, what becomes of what the state holds. */
#ifndef MANIFEST_CHANGES_H
#define MANIFEST_CHANGES_H

#include "manifest/reading.h"

/* Reads both into the model, whose accounts and objects are there, sorted. */
void changes_read(struct reading *r);

#endif
