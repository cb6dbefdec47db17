/*
 * Ctrl-C and the like: the first one lets requests in progress finish, the second exits at once.
 * The library gets the count, and a descriptor that wakes it up.
 */
#ifndef CFPROV_INTERRUPT_H
#define CFPROV_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* Counts SIGINT, SIGTERM and SIGHUP since interrupt_start. */
extern volatile sig_atomic_t interrupt_count;

/* Catches the signals from now on. Gives the descriptor to wait on, or -1. */
int interrupt_start(void);

/*
 * Waits until standard input has something or ends; false: interrupted. A plain read would miss a
 * signal that comes right before it. `wake` is what interrupt_start gave.
 */
bool interrupt_wait_input(int wake);

#endif
