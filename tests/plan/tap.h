/* What the tests say: TAP. Notes explain a failure; they are lines, each ended. */
#ifndef TESTS_PLAN_TAP_H
#define TESTS_PLAN_TAP_H

#include "base/str.h"

void tap_tell(bool is_good, const char *name, const struct str *notes);

/* Adds what both texts have in front, then what only the one has (-) and only the other (+). */
void tap_add_difference(struct str *notes, const char *expected, const char *got);

/* Says the plan; gives the exit status. No test at all is a failure. */
int tap_finish(void);

#endif
