/*
 * What exists in the accounts: paged lists become the live model, all accounts side by side. Never
 * one request per store.
 *
 * A list may lag behind what was written. So whatever `recorded` knows by its id, and a list of
 * live_read or live_read_inside lacks, is asked for by that id before it counts as gone: see
 * live/confirm. What is found so is in the model as if it had been listed, even beside another
 * object of the same name.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "live/listing.h"

struct live_stores {
	const struct object **items; /* with ids; borrowed */
	size_t count;
};

/*
 * Reads the stores of all accounts into *ret_live (model_release), sorted. False if any account
 * failed or the reading was interrupted; the errors are in *errors, and *ret_live has the accounts
 * that were read all the same.
 */
bool live_read(const struct live_input *input, struct model *ret_live,
	struct error_list *errors) MUST_CHECK;

/*
 * Adds the secrets inside these stores, which exist, to the model, in place of those that it has of
 * them, and sorts it again. A store that has been deleted meanwhile has nothing in it. One id in
 * two stores is an error, unless it is gone when they are read once more. False if a store could
 * not be looked into, or the reading was interrupted; the errors are in *errors, one for each
 * account, and those accounts are no longer in *live.
 */
bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors) MUST_CHECK;

#endif
