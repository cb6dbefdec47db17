/*
 * One list of Cloudflare's, page by page: an account's stores, or the secrets in a store.
 *
 * A list may change while it is read, and may lie about itself. A reading of all its pages is in
 * doubt if it lacks something that a page counts (`total_count`, the largest of all pages: somebody
 * deleted something between two pages, so that what moved to an earlier page was on neither), if
 * it has an id twice, or if a page before the last is not full. Then the list is read again from
 * the start, after PATIENCE_PAUSE_MS. The first reading without a doubt counts; so do two in a row
 * that show the same, for then the doubt is a habit of the server's: a count is a hint. If
 * LISTING_READINGS do not agree, the list is an error: what nobody saw must not be created a second
 * time. So are a page that repeats itself, and one id with two names, when they are seen again; and
 * whatever belongs to another account or store than the one asked for.
 *
 * How many pages there are is said by `total_pages`; where that is missing, or too small for
 * `total_count`, pages are asked for until one is not full (`per_page`; without any of these, until
 * one is shorter than the first).
 *
 *     live_listing_start(&listing, account, &model, client, tag);
 *     … for each answer with this tag: live_listing_take(&listing, answer, client, tag)
 *     … until listing.is_done; then listing.err, or the objects are in the model, not sorted
 *     live_listing_release(&listing);
 */
#ifndef LIVE_LISTING_H
#define LIVE_LISTING_H

#include "live/client.h"
#include "model/model.h"

#include <signal.h>

/* A list that says it has more pages than this lies. */
enum { LIVE_PAGE_LIMIT = 10000, LISTING_READINGS = 4 };

struct live_account {
	const struct account *account; /* keeps */
	size_t lane;                   /* of the client */
};

/* What those who read work with. */
struct live_input {
	struct client *client;
	const struct live_account *accounts; /* sorted by alias */
	size_t count;
	const volatile sig_atomic_t *interrupted; /* stops the reading; may be NULL */
	/* Is not believed gone because a list lacks it. Sorted; NULL: whatever a list lacks is. */
	const struct model *recorded;
	/* What of these is listed and not recorded may be what we destroyed a moment ago: it is
	 * asked for by id before it is adopted. Sorted; NULL: nothing. */
	const struct model *wanted;
	const struct object *sought;   /* as `recorded`, of one that is not recorded; NULL: none */
	int64_t patience_ms;           /* see live/patience */
	const struct event_sink *sink; /* hears EVENT_WAITING; may be NULL */
};

/* Lends the account of this alias; it must be there. `accounts` are sorted by alias. */
const struct live_account *live_find_account(
	const struct live_account *accounts, size_t count, const char *alias);

/* What one reading of all pages brought. */
struct live_reading {
	size_t pages_sent, pages_read;
	size_t seen;           /* items on all pages; those that are there once more count again */
	size_t first, latest;  /* items on the first page, and on the one that came last */
	size_t short_pages;    /* that are not full */
	int64_t total;         /* items, as the server says, the most of all pages; -1: not said */
	int64_t pages;         /* the same for pages */
	bool repeats;          /* a page has nothing that was not on another one */
	bool is_contradictory; /* one id has two names */
	bool is_gone;          /* the store is, with all that was in it */
	uint64_t digest;       /* of the ids and names, in any order */
	struct table *ids;     /* to names */
	struct object *objects;
	size_t count, room;
};

/* One list under way. A runner that looks something up uses it, too. */
struct live_listing {
	const struct live_account *account;
	const struct object *store; /* NULL: the account's stores; else the secrets in it */
	struct model *model;        /* where they go; not sorted */
	struct live_reading reading;
	size_t readings;   /* begun */
	size_t last_count; /* ids of the reading before */
	uint64_t last_digest;
	bool is_done;
	size_t first, added; /* when it is done: its objects in the model */
	struct error err;    /* set: it failed, and the model has nothing of it */
};

/* Fills in what Cloudflare says of an object; the texts are copied into the arena. */
void live_fill(struct arena *arena, const struct cf_object *found, struct object *object);

/*
 * Is an object of an answer in the account that was asked, and in the store (NULL: it is a store)?
 * What the answer does not say is believed.
 */
bool live_check_place(const struct cf_object *found, const struct account *account,
	const struct object *store, struct error *err) MUST_CHECK;

/* Sends for the first page; its answers bear `tag`. */
void live_listing_start(struct live_listing *listing, const struct live_account *account,
	struct model *model, struct client *client, void *tag);
/* `account` and `model` are set. */
void live_listing_start_inside(
	struct live_listing *listing, const struct object *store, struct client *client, void *tag);

/* Reads the list once more, after a pause: the one that is done was not good enough. */
void live_listing_start_again(struct live_listing *listing, struct client *client, void *tag);

/* Takes an answer of this listing; may send for more. Afterwards see is_done. */
void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag);

void live_listing_release(struct live_listing *listing);

#endif
