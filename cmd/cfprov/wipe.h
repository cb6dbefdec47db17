/*
 * Wipes what may have held a token or a value and has no owner, once, right before the end. Freed
 * memory is wiped as it is freed (base/mem).
 */
#ifndef CFPROV_WIPE_H
#define CFPROV_WIPE_H

/* Wipes the environment and the unused part of the stack. */
void wipe_leftovers(void);

#endif
