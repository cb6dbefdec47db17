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
 * False if the state means another account, or has an object at the address. A secret's store must
 * be recorded, and be the one that the id names.
 */
bool import_is_free(const struct import_input *input, struct error *err) MUST_CHECK;

/* Lends the id of the object that is meant; NULL: it is named by its name. */
const char *import_sought_id(const struct import_input *input) MUST_CHECK;

/*
 * Finds the object that is meant, and fills *ret_object with what to record at the address. Its
 * texts are lent by the models. False if it does not exist, has another name than the address, is
 * one of several of that name, or is recorded elsewhere. A secret is recorded as one whose value
 * cfprov has never written.
 */
bool import_find(
	const struct import_input *input, struct object *ret_object, struct error *err) MUST_CHECK;

#endif
