/*
 * The world: accounts, their stores, and the stores' secrets. Only the model; it knows nothing of
 * HTTP and checks nothing that an API would check.
 *
 * A secret's value is never kept: only how long it is and a checksum, so that a test can tell
 * which value arrived. Objects stand in the order in which they were made; ids are found through
 * tables, so that nothing here gets slower with the number of objects except removing one
 * (a move of pointers).
 *
 * Objects that are gone, and secrets as they were before a change, are kept as long as a list or a
 * read may still show them (history.h). Without a lag nothing of that kind is kept.
 *
 * The world owns all its objects. What is lent stays valid until the object is removed.
 */
#ifndef CFSIM_WORLD_H
#define CFSIM_WORLD_H

#include "adapter/crypt.h"
#include "adapter/table.h"
#include "base/clock.h"
#include "lag.h"

enum { WORLD_ID_SIZE = 33, WORLD_SCOPES = 6 };

struct world_secret {
	char id[WORLD_ID_SIZE];
	size_t serial; /* grows with each object of the world */
	char *name;
	char *comment;      /* NULL: none */
	unsigned scopes;    /* bit i: world_scopes[i] */
	const char *status; /* static text; NULL: "active" */
	size_t value_bytes;
	char value_checksum[CRYPT_CHECKSUM_SIZE];
	char created[CLOCK_TEXT_SIZE], modified[CLOCK_TEXT_SIZE];
	struct lag_times made, changed, gone; /* changed: into this version */
	struct world_secret *older;           /* the version before, or NULL */
};

struct world_store {
	char id[WORLD_ID_SIZE];
	size_t serial;
	char *name;
	char created[CLOCK_TEXT_SIZE], modified[CLOCK_TEXT_SIZE];
	struct world_secret **secrets; /* in the order of their serials */
	size_t secret_count, secret_room;
	struct table *secrets_by_id, *secrets_by_name;
	struct world_secret **gone_secrets; /* in the order of their serials */
	size_t gone_count, gone_room;
	struct table *gone_by_id;
	struct lag_times made, gone;
};

struct world_account {
	char id[WORLD_ID_SIZE];
	struct world_store **stores; /* in the order of their serials */
	size_t store_count, store_room;
	size_t secret_count; /* in all its stores */
	struct table *stores_by_id;
	struct world_store **gone; /* in the order of their serials */
	size_t gone_count, gone_room;
	struct table *gone_by_id;
	int64_t unlisted_until_ms;    /* lists may lag until then */
	struct table *stores_by_name; /* of stores of one name: the first */
	bool has_namesakes;           /* two stores had one name at some time */
	void **sorted;                /* the stores in another order, or NULL */
	const char *sorted_by;        /* borrows; what that order is */
	size_t sorted_count;          /* how many these are */
	size_t sorted_revision;       /* and when that was right: at this revision */
	int64_t sorted_until_ms;      /* until this moment of the monotonic clock */
};

struct world {
	struct world_account **accounts; /* in the order of their first use */
	size_t account_count, account_room;
	struct table *accounts_by_id;
	size_t serial;
	size_t revision; /* grows with each change */
	struct lag lag;  /* of the writes to come; change it with world_set_lag */
};

/* Sorted as the API sorts them. */
extern const char *const world_scopes[WORLD_SCOPES];

/* The scope's bit; 0: there is no such scope. */
unsigned world_scope_bit(const char *name);

/* "pending", "active" or "deleted" if it is one of those (a static text), else NULL. */
const char *world_status_text(const char *text);

/* Is this 1 to 32 letters, digits, underscores, dashes? */
bool world_is_id(const char *text);

/* Lends the account, new if need be. The id must be one. */
struct world_account *world_account(struct world *world, const char *id);

struct world_store *world_find_store(const struct world_account *account, const char *id);
struct world_store *world_store_named(const struct world_account *account, const char *name);
/* Lends a new store. `id` is NULL (a random one) or an id that the account doesn't have yet. */
struct world_store *world_add_store(
	struct world *world, struct world_account *account, const char *id, const char *name);
/* With all its secrets. */
void world_remove_store(
	struct world *world, struct world_account *account, struct world_store *store);

/* What a new secret is made of; the texts are borrowed. */
struct world_draft {
	const char *id; /* NULL: a random one */
	const char *name;
	const char *comment; /* NULL: none */
	unsigned scopes;
	size_t value_bytes;
	char value_checksum[CRYPT_CHECKSUM_SIZE];
};

struct world_secret *world_find_secret(const struct world_store *store, const char *id);
struct world_secret *world_secret_named(const struct world_store *store, const char *name);
/* Lends a new, active secret. Its id and name must not be in the store yet. */
struct world_secret *world_add_secret(struct world *world, struct world_account *account,
	struct world_store *store, const struct world_draft *draft);
void world_remove_secret(struct world *world, struct world_account *account,
	struct world_store *store, struct world_secret *secret);
/* After a change by the caller: sets `modified`. */
void world_touch_secret(struct world *world, struct world_secret *secret);
/* Before a change by the caller: keeps the secret as it is for those who lag behind. */
void world_keep_version(struct world *world, struct world_secret *secret);
const char *world_secret_status(const struct world_secret *secret);

void world_set_lag(struct world *world, const struct lag *lag);

/* Frees what is gone and is shown by nobody any longer. */
void world_forget_stores(struct world_account *account);
void world_forget_secrets(struct world_store *store);

/* Removes everything; the lag stays. */
void world_clear(struct world *world);

#endif
