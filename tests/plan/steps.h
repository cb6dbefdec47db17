/*
 * Counts what the code under test compares and copies, so that work that grows as the square of its
 * input is seen without a clock. The linker puts these functions in the places of the C library's
 * (--wrap: STEPS in the Makefile). What the compiler does itself is not counted.
 */
#ifndef TESTS_PLAN_STEPS_H
#define TESTS_PLAN_STEPS_H

#include <stddef.h>

struct steps {
	size_t texts;    /* compared: strcmp, strncmp, memcmp */
	size_t patterns; /* matched: fnmatch */
	size_t bytes;    /* copied, or searched for something: memcpy, strlen, strchr, strstr */
};

/* What was done since the last call. */
struct steps steps_take(void);

#endif
