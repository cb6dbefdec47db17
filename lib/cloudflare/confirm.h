/*
 * Inside cloudflare/: whether objects that the state knows by id, and a list lacks, are gone. Lists
 * lag behind writes, and so may GET by id.
 *
 * What is missing is requested by id, all side by side. What is found is added to the model. What
 * is not (only the API's own answer counts, or the status `deleted`) is requested again after
 * PATIENCE_PAUSE_MS, and then it is gone, unless our own last write to it is younger than the
 * patience: then it is requested at the ages of cloudflare/patience. Any other answer means that
 * its account can't be read. Beyond CONFIRM_BY_ID missing objects, the lists that lack them are
 * read again instead. Secrets of a store that is gone are not looked for.
 *
 * A list may also show what is already gone. So these are taken from the model and requested by id,
 * too: objects that share their name with another one (listed, or recorded with another id), and
 * those that would be adopted or taken for the work of an interrupted run. What we, or an
 * interrupted run, may have deleted counts as found only when the patience is over. A recorded
 * store is among these only if it is wanted now. Beyond CONFIRM_BY_ID of them, the lists that show
 * them are read once more instead, when the patience is over: what was deleted before confirm_run
 * is no longer in them.
 *
 *     confirm_init(&confirm, input, stores, live);
 *     confirm_run(&confirm, &err)                 sends nothing if nothing is missing
 *     … confirm.looks[i].err: that account can't be read
 *     confirm_release(&confirm);
 */
#ifndef CLOUDFLARE_CONFIRM_H
#define CLOUDFLARE_CONFIRM_H

#include "cloudflare/listing.h"

enum { CONFIRM_BY_ID = 100 };

/* An object by its id, or a list for several. Times are milliseconds since confirm_run began. */
struct confirm_look {
	struct live_get get; /* of the first of the missing; they share account and store */
	const struct object *const *missing;
	size_t count;
	bool is_list;
	struct live_listing listing;
	int64_t age_ms;     /* of our last write to any of the missing, at time 0 */
	int64_t trusted_ms; /* what is found earlier may be deleted */
	size_t absences;    /* requests that did not find all of them */
	int64_t due_ms;     /* the next request; -1: none */
	int64_t looked_ms;  /* the last request */
	bool was_seen;      /* it found the object, or a list did, before trusted_ms */
	struct error err;
};

struct confirm {
	const struct live_input *input;
	struct table *stores;          /* by id, keeps; NULL: stores are missing, not secrets */
	struct model *live;            /* keeps */
	struct table *known;           /* ids that exist */
	struct table *doubted;         /* the looks for what a list may show too long, by id */
	const struct object **missing; /* doubted ones first */
	size_t count, doubtful_count, room;
	struct confirm_look *looks;
	size_t look_count;
	int64_t began_ms; /* monotonic */
};

/*
 * Finds what is missing in the accounts that `live` (sorted) has: stores, or the secrets in
 * `stores`. Sends nothing.
 */
void confirm_init(struct confirm *confirm, const struct live_input *input, struct table *stores,
	struct model *live);

/* Adds what it finds to `live`, unsorted. The client must be idle. False: ERROR_INTERRUPTED. */
bool confirm_run(struct confirm *confirm, struct error *err) MUST_CHECK;

void confirm_release(struct confirm *confirm);

#endif
