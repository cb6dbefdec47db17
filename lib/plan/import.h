/*
 * cfprov import: finds the existing object to import, and checks that the state can have it. Pure.
 * Calling sequence, so that a mistake costs as few requests as possible:
 *
 *     import_read_id    without the state
 *     import_is_free    with the state
 *     import_find       with the live model
 */
#ifndef PLAN_IMPORT_H
#define PLAN_IMPORT_H

#include "base/error.h"
#include "model/model.h"

struct import_input {
	const struct account *account;       /* of the manifest */
	const struct object *desired;        /* the manifest's object at the address */
	const struct model *recorded, *live; /* sorted; `live` has the account */
	/* Set by import_read_id: an id or a name each; `secret` is NULL for a store. */
	const char *store, *secret;
};

/*
 * Splits ACCOUNT/STORE or ACCOUNT/STORE/SECRET. False if the address has another form or another
 * account. The parts are in the arena.
 */
bool import_read_id(struct import_input *input, const char *id, struct arena *arena,
	struct error *err) MUST_CHECK;

/*
 * False if the state has another account under the alias, or an object at the address, or if the
 * secret's store is not recorded or is not the one that the id names.
 */
bool import_is_free(const struct import_input *input, struct error *err) MUST_CHECK;

/* Lends the id of the object to import; NULL: it is identified by its name. */
const char *import_sought_id(const struct import_input *input) MUST_CHECK;

/*
 * Fills *ret_object with what to record at the address; the models lend its texts. False if the
 * object does not exist, has another name than the address, shares its name with others, or is
 * recorded elsewhere. A secret is recorded as one whose value cfprov has not written.
 */
bool import_find(
	const struct import_input *input, struct object *ret_object, struct error *err) MUST_CHECK;

#endif
