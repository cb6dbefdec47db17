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
	const struct object *store; /* NULL: the account's stores; else the secrets in it */
	struct model *model;        /* where they go; not sorted */
	size_t pages_sent, pages_read, items;
	int64_t total;     /* as the server said, the least of all pages; -1: it did not */
	struct table *ids; /* seen, so that a store on two pages counts once */
	bool is_done;
	struct error err; /* set: it failed */
};

/* Fills in what Cloudflare says of an object; the texts are copied into the arena. */
void live_fill(struct arena *arena, const struct cf_object *found, struct object *object);

/* Sends for the first page; its answers bear `tag`. */
void live_listing_start(struct live_listing *listing, const struct live_account *account,
	struct model *model, struct client *client, void *tag);
void live_listing_start_inside(
	struct live_listing *listing, const struct object *store, struct client *client, void *tag);

/* Takes an answer of this listing; may send for more. Afterwards see is_done. */
void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag);

void live_listing_release(struct live_listing *listing);

struct live_stores {
	const struct object **items; /* with ids; borrowed */
	size_t count;
};

struct live_input {
	struct client *client;
	const struct live_account *accounts; /* sorted by alias */
	size_t count;
	const volatile sig_atomic_t *interrupted; /* stops the reading; may be NULL */
};

/*
 * Reads the stores of all accounts into *ret_live (model_release), sorted. False if any account
 * failed or the reading was interrupted; the errors are in *errors, and *ret_live has the accounts
 * (and their stores) that were read all the same.
 */
bool live_read(const struct live_input *input, struct model *ret_live,
	struct error_list *errors) MUST_CHECK;

/*
 * Adds the secrets inside these stores, which live, to the model, in place of those that it has of
 * them, and sorts it again. What is gone
 * meanwhile has nothing in it. False if a store could not be looked into, or the reading was
 * interrupted; the errors are in *errors, one for each account, and those accounts are not in
 * *live any more.
 */
bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors) MUST_CHECK;

/* Lends the account of this alias; it must be there. `accounts` are sorted by alias. */
const struct live_account *live_find_account(
	const struct live_account *accounts, size_t count, const char *alias);

#endif
