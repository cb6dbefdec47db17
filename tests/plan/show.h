/* What came of a case, as text: the language of the `--- plan` and `--- errors` of cases. */
#ifndef TESTS_PLAN_SHOW_H
#define TESTS_PLAN_SHOW_H

#include "base/error.h"
#include "model/plan.h"

void show_plan(struct str *out, const struct plan *plan);
void show_action(struct str *out, const struct action *action);
void show_error(struct str *out, const struct error *err);

/* "WORD       ADDRESS" */
void show_address(struct str *out, const char *word, const struct object *object);

#endif
