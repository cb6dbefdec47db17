/* -account: a run for some accounts of the manifest, as if it had no others. */
#ifndef MANIFEST_PICK_H
#define MANIFEST_PICK_H

#include "base/error.h"
#include "model/model.h"

struct pick {
	const char *file;            /* what errors call the manifest */
	const char *const *patterns; /* of aliases, as in the shell; none: all accounts */
	size_t count;
};

/*
 * Reduces *desired to the accounts that a pattern matches, and the objects in them. A pattern that
 * matches no account was mistyped: that is an error, and *desired stays as it is.
 */
bool pick_accounts(const struct pick *pick, struct model *desired, struct error *err) MUST_CHECK;

#endif
