/* Does the state mean the accounts that the manifest means? Pure. */
#ifndef PLAN_ACCOUNT_CHECK_H
#define PLAN_ACCOUNT_CHECK_H

#include "base/error.h"
#include "model/model.h"

/*
 * The state and the manifest must agree on what an alias means: not another account under this
 * alias, nor something recorded in this account under another one. An alias under which nothing is
 * recorded is free. *err says what to do.
 */
bool account_check(
	const struct model *recorded, const struct account *account, struct error *err) MUST_CHECK;

/* How many objects are recorded under the alias, and how many of them have no id yet. */
void account_check_count(
	const struct model *recorded, const char *alias, size_t *ret_count, size_t *ret_unresolved);

#endif
