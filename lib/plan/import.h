/*
 * cfprov import: which existing object is meant, and may the state take it? Pure.
 *
 *     import_read_id    needs neither state nor Cloudflare, so that a mistake costs no request
 *     import_is_free    with the state
 *     import_find       with what exists
 */
#ifndef PLAN_IMPORT_H
#define PLAN_IMPORT_H

#include "base/error.h"
#include "model/model.h"

struct import_input {
	const struct account *account;       /* of the manifest */
	const struct object *desired;        /* what the manifest declares there */
	const struct model *recorded, *live; /* sorted; live has the account */
	/* By import_read_id: ids, or names in their place; `secret` NULL of a store. */
	const char *store, *secret;
};

/*
 * Splits ACCOUNT/STORE or ACCOUNT/STORE/SECRET. Refused: a form that is not the address's, and
 * another account than the address's. The parts are in the arena.
 */
bool import_read_id(struct import_input *input, const char *id, struct arena *arena,
	struct error *err) MUST_CHECK;

/*
 * May anything come to this address: does the state mean the same account, and is the address free?
 * A secret's store must be recorded, and be the one that the id says.
 */
bool import_is_free(const struct import_input *input, struct error *err) MUST_CHECK;

/* Lends the id of what is meant; NULL: it is named by its name. */
const char *import_sought_id(const struct import_input *input) MUST_CHECK;

/*
 * Finds what is meant, and fills *ret_object: what to record at the address, adopted. Its texts
 * are lent by the models. Refused: what does not exist, has another name than the address says, has
 * a name that several have, or is recorded elsewhere. A secret is recorded as one whose value
 * cfprov has never written.
 */
bool import_find(
	const struct import_input *input, struct object *ret_object, struct error *err) MUST_CHECK;

#endif
