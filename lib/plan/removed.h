/* `removed` in the manifest, and recorded accounts that are not in the manifest. Pure. */
#ifndef PLAN_REMOVED_H
#define PLAN_REMOVED_H

#include "base/error.h"
#include "model/plan.h"

/* Lends the most specific entry for the object: its own, its store's or its account's; or NULL. */
const struct removal *removed_find(const struct model *desired, const struct object *object);

/*
 * True if the object's account is not in the manifest and an entry with `destroy: false` covers the
 * object: it is forgotten without the account being read.
 */
bool removed_forgets(const struct model *desired, const struct object *object);

/*
 * An account that is not in the manifest can't be read, so `removed` must forget everything
 * recorded in it. False if not: one error for each account. `desired` must be the whole manifest,
 * not limited by -account.
 */
bool removed_check_accounts(const struct model *recorded, const struct model *desired,
	struct error_list *errors) MUST_CHECK;

/*
 * Finds mistyped entries. An entry that matches nothing recorded has usually done its work; if it
 * resembles something recorded, it is a typing mistake: an error for an account, else a warning.
 */
void removed_find_mistakes(const struct model *recorded, const struct model *desired,
	struct plan *plan, struct error_list *errors);

#endif
