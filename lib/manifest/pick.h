/*
 * -account: a run for some of the manifest's accounts. What is not picked is as if the manifest
 * did not know it. Nothing is read or asked here.
 */
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
 * Reduces *desired to the accounts that a pattern matches, and what belongs in them. A pattern
 * that matches no account is an error: it was mistyped. Then *desired stays as it is.
 */
bool pick_accounts(const struct pick *pick, struct model *desired, struct error *err) MUST_CHECK;

#endif
