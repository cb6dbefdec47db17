/* Tests that need no file: that bad cases are refused, and one case too large for a file. */
#ifndef TESTS_PLAN_BUILTIN_H
#define TESTS_PLAN_BUILTIN_H

void builtin_refuses_bad_cases(void);
void builtin_plans_many(void);

#endif
