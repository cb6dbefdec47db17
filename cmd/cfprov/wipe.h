/*
 * Wipes what may have held a token or a value and nobody owns any more. Freed memory is wiped as it
 * is freed, without being asked (see wipe.c); this is for the rest, once, right before the end.
 */
#ifndef CFPROV_WIPE_H
#define CFPROV_WIPE_H

/* Wipes the environment and the part of the stack that is not in use. */
void wipe_leftovers(void);

#endif
