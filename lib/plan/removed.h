/*
 * `removed` in the manifest, and accounts that are recorded and not in the manifest. Pure.
 */
#ifndef PLAN_REMOVED_H
#define PLAN_REMOVED_H

#include "base/error.h"
#include "model/plan.h"

/* Lends the closest entry for the object: its own, its store's or its account's; or NULL. */
const struct removal *removed_find(const struct model *desired, const struct object *object);

/*
 * True if the object is forgotten without its account being read, which is not in the manifest:
 * `removed` with `destroy: false` says so.
 */
bool removed_leaves(const struct model *desired, const struct object *object);

/*
 * An account that is not in the manifest can't be read, so everything recorded in it must be
 * forgotten by `removed`. Adds an error for each account where that is not so; then false.
 * `desired` must be whole, without -account.
 */
bool removed_check_accounts(const struct model *recorded, const struct model *desired,
	struct error_list *errors) MUST_CHECK;

/*
 * An entry that matches nothing recorded has most likely done its work; one that is similar to
 * something recorded was mistyped. A mistyped account is an error, anything else a warning.
 */
void removed_find_mistakes(const struct model *recorded, const struct model *desired,
	struct plan *plan, struct error_list *errors);

#endif
