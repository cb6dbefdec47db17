/* What came of a case, as text: the language of the `--- plan` and `--- errors` of cases. */
#ifndef TESTS_PLAN_SHOW_H
#define TESTS_PLAN_SHOW_H

#include "base/error.h"
#include "model/plan.h"

void show_plan(struct str *out, const struct plan *plan, bool refresh_only);
/* `store`: the row of the last store before it, or NULL. */
void show_row(struct str *out, const struct row *row, const struct row *store);
void show_error(struct str *out, const struct error *err);

/* "WORD       ADDRESS" */
void show_address(struct str *out, const char *word, const struct object *object);

#endif
