/*
 * What lives in the accounts: paged lists become the live model, all accounts side by side.
 * Never one request per store.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "live/client.h"
#include "model/model.h"

#include <signal.h>

/* A list that says it has more pages than this lies. */
enum { LIVE_PAGE_LIMIT = 10000 };

struct live_account {
	const struct account *account; /* keeps */
	size_t lane;                   /* of the client */
};

/* One account's list under way. A runner that looks something up uses it, too. */
struct live_listing {
	const struct live_account *account;
	struct model *model; /* where the stores go; not sorted */
	size_t pages_sent, pages_read, stores;
	int64_t total;     /* as the server said, the least of all pages; -1: it did not */
	struct table *ids; /* seen, so that a store on two pages counts once */
	bool is_done;
	struct error err; /* set: it failed */
};

/* Sends for the first page; its answers bear `tag`. */
void live_listing_start(struct live_listing *listing, const struct live_account *account,
	struct model *model, struct client *client, void *tag);

/* Takes an answer of this listing; may send for more. Afterwards see is_done. */
void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag);

void live_listing_release(struct live_listing *listing);

struct live_input {
	struct client *client;
	const struct live_account *accounts;
	size_t count;
	const volatile sig_atomic_t *interrupted; /* stops the reading; may be NULL */
};

/*
 * Reads the stores of all accounts into *ret_live (model_release), sorted. False if any account
 * failed; each has its error in *errors.
 */
bool live_read(const struct live_input *input, struct model *ret_live,
	struct error_list *errors) MUST_CHECK;

#endif
