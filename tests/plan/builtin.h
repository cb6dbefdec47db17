/* Tests that need no file: that bad cases are refused, and some too large for a file. */
#ifndef TESTS_PLAN_BUILTIN_H
#define TESTS_PLAN_BUILTIN_H

void builtin_refuses_bad_cases(void);
void builtin_plans_many(void);
void builtin_plans_crowds(void);

#endif
