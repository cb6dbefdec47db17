/*
 * What `removed` in the manifest means for what is recorded, and what becomes of accounts that the
 * manifest does not have any more. Pure.
 */
#ifndef PLAN_REMOVED_H
#define PLAN_REMOVED_H

#include "base/error.h"
#include "model/plan.h"

/* Lends what says how to part from the object, or NULL; what names it closest counts. */
const struct removal *removed_find(const struct model *desired, const struct object *object);

/*
 * Is the object to be forgotten although its account can't be reached, since the manifest does not
 * have that any more? Only a `removed` with destroy: false says so.
 */
bool removed_leaves(const struct model *desired, const struct object *object);

/*
 * An account that the manifest does not have any more can't be reached: all that is recorded in it
 * must be meant to be left alive. An error for each that is not; then false. `desired` is whole:
 * nothing was picked of it, and nothing left out.
 */
bool removed_check_accounts(const struct model *recorded, const struct model *desired,
	struct error_list *errors) MUST_CHECK;

/*
 * A `removed` that means nothing that is recorded has done its work, most likely; one whose name is
 * near to something recorded was mistyped. Of the account that is an error, else a warning of the
 * plan.
 */
void removed_find_mistakes(const struct model *recorded, const struct model *desired,
	struct plan *plan, struct error_list *errors);

#endif
