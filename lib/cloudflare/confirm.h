/*
 * Inside cloudflare/: is it gone, what the state knows by its id and a list lacks? One look is not
 * the truth: lists lag behind writes, and GET by id may, too.
 *
 * What is missing is asked for by id, all side by side. Found: it exists, and goes to the model.
 * Not found (only the API's own word counts, or that it is deleted): asked again after
 * PATIENCE_PAUSE_MS; then it is gone, unless our own last write to it is younger than the
 * patience: then it is looked for at the times of cloudflare/patience until that is over. Any other
 * answer: its account can't be read.
 *
 * What a list shows, but may not know yet to be gone, is asked for, too: one of several that have
 * its name (listed, or recorded with another id), and what would be taken for the work of an
 * interrupted run, or adopted. If we destroyed it ourselves, or an interrupted run was to, it
 * counts as found only once the patience is over; a store, only if it is wanted now.
 *
 * Of more than CONFIRM_BY_ID missing objects the lists that lack them are read once more instead,
 * at the same times; whatever any of them shows exists. What was in a store that is gone is not
 * looked for: its store says it.
 *
 *     struct confirm confirm;
 *     confirm_init(&confirm, input, stores, live);
 *     confirm_run(&confirm, &err)                 no request if nothing is missing
 *     … confirm.looks[i].err: that account can't be read
 *     confirm_release(&confirm);
 */
#ifndef CLOUDFLARE_CONFIRM_H
#define CLOUDFLARE_CONFIRM_H

#include "cloudflare/listing.h"

enum { CONFIRM_BY_ID = 100 };

/* One thing that is asked again and again: an object by its id, or a list for several. */
struct confirm_look {
	const struct live_account *account;
	const struct object *store; /* that the missing are in; NULL: they are stores */
	const struct object *const *missing;
	size_t count;
	bool is_list;
	struct live_listing listing;
	int64_t age_ms;          /* of our last write to any of the missing, when all began */
	size_t absences;         /* looks that did not find all of them */
	int64_t due_ms;          /* the next look, since all began; -1: there will be none */
	int64_t open_ms;         /* since all began: what is found earlier may be gone or go yet */
	bool is_early, was_seen; /* the last look began so early; it found the object */
	bool is_under_way;
	struct error err;
};

struct confirm {
	const struct live_input *input;
	struct table *stores; /* ids to stores: keeps; NULL: stores are missing, not secrets */
	struct model *live;   /* keeps */
	size_t next_live, next_recorded; /* where what comes in order is looked for first */
	struct table *known;             /* ids that exist; empty if nothing is missing */
	const struct object **missing;
	size_t count, doubtful; /* of them the first: they are listed, but may be gone */
	struct confirm_look *looks;
	size_t look_count;
	int64_t began_ms; /* monotonic */
	bool has_said;    /* that it waits */
};

/*
 * Finds what is missing in the accounts that `live` has: stores, or the secrets in `stores` (by
 * their ids). `live` is sorted. Sends nothing.
 */
void confirm_init(struct confirm *confirm, const struct live_input *input, struct table *stores,
	struct model *live);

/*
 * Looks for it. Adds what was found to `live`, which is not sorted then. False: interrupted. The
 * client must have nothing else to do.
 */
bool confirm_run(struct confirm *confirm, struct error *err) MUST_CHECK;

void confirm_release(struct confirm *confirm);

/*
 * Pure: when to look again for what was absent `absences` times, at last when our own last write
 * to it was `age_ms` old: so long after that look began. -1: never, it is gone.
 */
int64_t confirm_wait_ms(int64_t patience_ms, int64_t age_ms, size_t absences);

/* Pure: when we last wrote what is recorded, in milliseconds since 1970; 0: not known. */
int64_t confirm_last_write_ms(const struct object *recorded);

#endif
