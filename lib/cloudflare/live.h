/*
 * What exists in the accounts: paged lists become the live model, all accounts side by side. Never
 * one request per store.
 *
 * Lists may lag behind writes. What `recorded` knows by its id, and a list of live_read or
 * live_read_inside lacks, is therefore requested by id before it counts as gone: see
 * cloudflare/confirm. What that finds is in the model as if it had been listed, even next to
 * another object of the same name.
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
 * Adds the secrets in these stores, which exist, to the model, in place of those that it already
 * has there, and sorts it again. A store that was deleted meanwhile is empty. One id in two stores
 * is an error, if a second reading shows it again. False if a store could not be read, or the
 * reading was interrupted: *errors has one error per account, and those accounts are no longer in
 * *live.
 */
bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors) MUST_CHECK;

#endif
