/*
 * One list of Cloudflare's, page by page: an account's stores, or the secrets in a store; and one
 * object by its id.
 *
 * A list may change while it is read, and its counts are only hints. A reading of all pages is in
 * doubt if it has fewer items than a page counts (`total_count`), an id twice, or a short page
 * before the last: a delete between two pages moves an item to a page that was read already. Then
 * the list is read again, after PATIENCE_PAUSE_MS. The first reading without doubt counts, and so
 * do two in a row that are equal. LISTING_READINGS different readings are an error, because what
 * nobody saw must not be created a second time. Also errors: a page that repeats itself and one id
 * with two names, if seen again; an object of another account or store.
 *
 * If `total_pages` is missing, or too small for `total_count`, pages are requested until one is not
 * full (by `per_page`, else by the length of the first page).
 *
 *     listing = (struct live_listing){.account = …, .store = …, .model = &model};
 *     live_listing_start(&listing, client, tag);
 *     … for each answer with this tag: live_listing_take(&listing, answer)
 *     … until listing.is_done; then listing.err is set, or the objects are in the model, unsorted
 *     live_listing_release(&listing);
 */
#ifndef CLOUDFLARE_LISTING_H
#define CLOUDFLARE_LISTING_H

#include "cloudflare/client.h"
#include "model/model.h"

#include <signal.h>

/* No list has more pages than this. */
enum { LIVE_PAGE_LIMIT = 10000, LISTING_READINGS = 4 };

struct live_account {
	const struct account *account; /* keeps */
	size_t lane;                   /* of the client */
};

/* What every reading of Cloudflare needs. */
struct live_input {
	struct client *client;
	const struct live_account *accounts; /* sorted by alias */
	size_t count;
	const volatile sig_atomic_t *interrupted; /* stops the reading; may be NULL */
	/* These are not gone merely because a list lacks them. Sorted; NULL: the list decides. */
	const struct model *recorded;
	/* Of these, what is listed but not recorded may have been destroyed by us a moment ago: it
	 * is requested by id before it is adopted. Sorted; NULL: nothing. */
	const struct model *wanted;
	const struct object *sought;   /* like `recorded`, but not in it; NULL: none */
	int64_t patience_ms;           /* see cloudflare/patience */
	const struct event_sink *sink; /* gets EVENT_WAITING; may be NULL */
};

/* Lends the account with this alias, which must exist. `accounts` are sorted by alias. */
const struct live_account *live_find_account(
	const struct live_account *accounts, size_t count, const char *alias);

/* One reading of all pages. */
struct live_reading {
	size_t pages_sent, pages_read;
	size_t items;       /* on all pages; a repeated one counts again */
	size_t first, last; /* items on page 1, and on the page that arrived last */
	size_t short_pages; /* pages that are not full */
	int64_t total; /* items according to the server, the maximum of all pages; -1: not said */
	int64_t pages; /* the same for pages */
	bool repeats;  /* a page has nothing new */
	bool is_contradictory; /* one id has two names */
	bool is_gone;          /* the store was deleted */
	uint64_t digest;       /* of ids and names, in any order */
	struct table *ids;     /* to names */
	struct model found;    /* objects, without those that are deleted */
};

/* One list in progress. The caller sets the first three; all are kept. */
struct live_listing {
	const struct live_account *account;
	const struct object *store; /* NULL: the account's stores; else the secrets in it */
	struct model *model;        /* gets the objects */
	struct client *client;
	void *tag;
	struct live_reading reading;
	size_t readings;   /* begun */
	size_t last_count; /* ids in the previous reading */
	uint64_t last_digest;
	bool is_done;
	size_t first, added; /* when done: its objects in the model */
	struct error err;    /* set: the list failed and added nothing */
};

/* Requests the first page; answers carry `tag`. Also reads a finished list again. */
void live_listing_start(struct live_listing *listing, struct client *client, void *tag);

/* Takes an answer of this listing; may send more requests. Afterwards check is_done. */
void live_listing_take(struct live_listing *listing, const struct client_answer *answer);

void live_listing_release(struct live_listing *listing);

/* One object that is requested by its id. */
struct live_get {
	const struct live_account *account;
	const struct object *store; /* that the secret is in; NULL: the object is a store */
	const char *id;
};

void live_get_send(const struct live_get *get, struct client *client, void *tag);

/*
 * Reads its answer. ret_object->id NULL: it does not exist; else it lends texts as cf_object_decode
 * does. False: nobody knows.
 */
bool live_get_take(const struct live_get *get, const struct client_answer *answer,
	struct arena *arena, struct object *ret_object, struct error *err) MUST_CHECK;

#endif
