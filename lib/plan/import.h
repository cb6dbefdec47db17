/*
 * cfprov import: which of the things that live is meant, and may the state take it in? Pure.
 */
#ifndef PLAN_IMPORT_H
#define PLAN_IMPORT_H

#include "base/error.h"
#include "model/model.h"

struct import_input {
	const struct account *account; /* of the manifest */
	const struct object *desired;  /* what the manifest declares there */
	const char *id; /* ACCOUNT/STORE or ACCOUNT/STORE/SECRET: ids, or names in their place */
	const struct model *recorded, *live; /* sorted; live has the account */
};

/*
 * Has the id the form that the address asks for, and is its account the account's id or alias?
 * Needs neither state nor `live`, so that a mistake costs no request.
 */
bool import_check_id(const struct import_input *input, struct error *err) MUST_CHECK;

/*
 * May anything come to this address: does the state belong, and is the address free? A secret's
 * store must be recorded, and be the one that the id says.
 */
bool import_is_free(const struct import_input *input, struct error *err) MUST_CHECK;

/* Lends the id of what is meant, if the id names it so; NULL: it is named by its name. */
const char *import_sought_id(const struct import_input *input) MUST_CHECK;

/*
 * Finds what is meant, and fills *ret_object: what to record at the address, adopted. Its texts
 * are lent by the models. Refused: what does not live, has another name than the address says,
 * lives twice by that name, or is recorded elsewhere. A secret is recorded as one whose value
 * cfprov has never written.
 */
bool import_find(
	const struct import_input *input, struct object *ret_object, struct error *err) MUST_CHECK;

#endif
