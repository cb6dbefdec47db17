/*
 * What lists and reads by id show of the world while they lag behind it: objects that are new are
 * not there yet, those that are gone still are, and changed secrets are as they were before.
 *
 *     if (history_lags(account)) {
 *             struct history_list list = history_stores(account);
 *             ... list.items[0 ... list.count - 1] ...
 *             mem_free(list.items);
 *     }
 *
 * What is lent stays valid until the world changes.
 */
#ifndef CFSIM_HISTORY_H
#define CFSIM_HISTORY_H

#include "world.h"

struct history_list {
	void **items; /* in the order of their serials; the caller frees the array */
	size_t count;
	int64_t until_ms; /* on the monotonic clock: then the list becomes another one */
};

/* May the list of stores differ from account->stores? */
bool history_lags(const struct world_account *account);

/* Pointers to struct world_store, also of stores that are gone. */
struct history_list history_stores(struct world_account *account);

/* Pointers to struct world_secret, each as it was. */
struct history_list history_secrets(struct world_store *store);

/* Lends what a read by id finds; NULL: nothing. */
struct world_store *history_read_store(const struct world_account *account, const char *id);
struct world_secret *history_read_secret(const struct world_store *store, const char *id);

#endif
