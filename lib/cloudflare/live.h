/*
 * What exists in the accounts: paged lists become the live model, all accounts side by side, never
 * one request per store. Lists may lag behind writes: what `recorded` knows by its id, and a list
 * lacks, is requested by id before it counts as gone (cloudflare/confirm).
 */
#ifndef CLOUDFLARE_LIVE_H
#define CLOUDFLARE_LIVE_H

#include "cloudflare/listing.h"

struct live_stores {
	const struct object **items; /* with ids; borrowed */
	size_t count;
};

/*
 * Reads the stores of all accounts into *ret_live (model_release), sorted. False if any account
 * failed or the reading was interrupted: *errors says why, and *ret_live has the other accounts.
 */
bool live_read(const struct live_input *input, struct model *ret_live,
	struct error_list *errors) MUST_CHECK;

/*
 * Replaces the secrets that the sorted model has in these stores, which exist. A store that was
 * deleted meanwhile is empty. One id in two stores is an error, if a second reading shows it again.
 * False as above; an account with a store that could not be read is no longer in *live.
 */
bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors) MUST_CHECK;

/*
 * Lists again the accounts and stores of what is recorded as unresolved and not in the sorted
 * model, and adds what has appeared. Accounts that the model does not have are left out. False as
 * above.
 */
bool live_read_unresolved(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors) MUST_CHECK;

#endif
