/* Checks that aliases mean the same accounts in the state and in the manifest. Pure. */
#ifndef PLAN_ACCOUNT_CHECK_H
#define PLAN_ACCOUNT_CHECK_H

#include "base/error.h"
#include "model/model.h"

/*
 * False if the state has another account under this alias, or has this account's objects under
 * another alias. An alias without recorded objects is free. The hint says what to do.
 */
bool account_check(
	const struct model *recorded, const struct account *account, struct error *err) MUST_CHECK;

/* The number of objects recorded under the alias, and of unresolved ones among them. */
void account_check_count(
	const struct model *recorded, const char *alias, size_t *ret_count, size_t *ret_unresolved);

#endif
