/* Do the state and the manifest mean the same accounts? Pure. */
#ifndef PLAN_ACCOUNT_CHECK_H
#define PLAN_ACCOUNT_CHECK_H

#include "base/error.h"
#include "model/model.h"

/*
 * False if the state has another account under this alias, or objects of this account under another
 * alias. An alias without recorded objects is free. *err says what to do.
 */
bool account_check(
	const struct model *recorded, const struct account *account, struct error *err) MUST_CHECK;

/* How many objects are recorded under the alias, and how many of them have no id yet. */
void account_check_count(
	const struct model *recorded, const char *alias, size_t *ret_count, size_t *ret_unresolved);

#endif
