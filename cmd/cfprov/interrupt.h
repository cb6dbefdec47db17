/*
 * Ctrl-C and its kin: the first wish to stop lets what is under way end, the second leaves at
 * once. The library is given the count and a file descriptor that wakes its waiting.
 */
#ifndef CFPROV_INTERRUPT_H
#define CFPROV_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* Counts SIGINT, SIGTERM and SIGHUP since interrupt_start. */
extern volatile sig_atomic_t interrupt_count;

/* Begins to catch the signals. Gives the descriptor to wait on, or -1. */
int interrupt_start(void);

/*
 * Waits for standard input to have something, or its end; false: interrupted. A signal just before
 * a blocking read would else go unnoticed. `wake` is what interrupt_start gave.
 */
bool interrupt_wait_input(int wake);

#endif
