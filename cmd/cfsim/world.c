#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const world_scopes[WORLD_SCOPES] = {
	"access",
	"ai_gateway",
	"containers",
	"dex",
	"websearch",
	"workers",
};

unsigned world_scope_bit(const char *name)
{
	for (unsigned i = 0; i < WORLD_SCOPES; i++)
		if (strcmp(world_scopes[i], name) == 0)
			return 1U << i;
	return 0;
}

const char *world_status_text(const char *text)
{
	static const char *const known[] = {"pending", "active", "deleted"};

	for (size_t i = 0; text && i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], text) == 0)
			return known[i];
	return NULL;
}

bool world_is_id(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return strlen(text) < WORLD_ID_SIZE && text_is_made_of(text, allowed);
}

/* The given id, or 32 random hexadecimal digits: those of a UUID without its dashes. */
static void set_id(char to[static WORLD_ID_SIZE], const char *id)
{
	char uuid[CRYPT_UUID_SIZE];
	size_t length = 0;

	if (id) {
		snprintf(to, WORLD_ID_SIZE, "%s", id);
		return;
	}
	crypt_uuid(uuid);
	for (const char *from = uuid; *from; from++)
		if (*from != '-')
			to[length++] = *from;
	to[length] = '\0';
}

struct world_account *world_account(struct world *world, const char *id)
{
	struct world_account *account = table_get(world->accounts_by_id, id);

	if (account)
		return account;
	account = mem_alloc(sizeof(*account));
	set_id(account->id, id);
	world->accounts = mem_room(world->accounts, world->account_count, &world->account_room,
		sizeof(struct world_account *));
	world->accounts[world->account_count++] = account;
	table_put(&world->accounts_by_id, account->id, account);
	return account;
}

/* ---- stores ---- */

struct world_store *world_find_store(const struct world_account *account, const char *id)
{
	return table_get(account->stores_by_id, id);
}

struct world_store *world_store_named(const struct world_account *account, const char *name)
{
	return table_get(account->stores_by_name, name);
}

static void note_lag(struct world_account *account, const struct lag_times *times)
{
	if (account->unlisted_until_ms < times->listed_ms)
		account->unlisted_until_ms = times->listed_ms;
}

struct world_store *world_add_store(
	struct world *world, struct world_account *account, const char *id, const char *name)
{
	struct world_store *store = mem_alloc(sizeof(*store));

	set_id(store->id, id);
	store->name = mem_copy_text(name);
	store->serial = ++world->serial;
	store->made = lag_times_now(&world->lag, world->lag.create_ms);
	note_lag(account, &store->made);
	clock_now_text(store->created);
	memcpy(store->modified, store->created, sizeof(store->modified));
	account->stores = mem_room(account->stores, account->store_count, &account->store_room,
		sizeof(struct world_store *));
	account->stores[account->store_count++] = store;
	table_put(&account->stores_by_id, store->id, store);
	if (table_get(account->stores_by_name, name))
		account->has_namesakes = true;
	else
		table_put(&account->stores_by_name, store->name, store);
	world->revision++;
	return store;
}

static void free_secret(struct world_secret *secret)
{
	while (secret) {
		struct world_secret *older = secret->older;
		mem_free(secret->name);
		mem_free(secret->comment);
		mem_free(secret);
		secret = older;
	}
}

static void free_store(struct world_store *store)
{
	for (size_t i = 0; i < store->secret_count; i++)
		free_secret(store->secrets[i]);
	for (size_t i = 0; i < store->gone_count; i++)
		free_secret(store->gone_secrets[i]);
	mem_free(store->secrets);
	mem_free(store->gone_secrets);
	table_free(&store->secrets_by_id);
	table_free(&store->secrets_by_name);
	table_free(&store->gone_by_id);
	mem_free(store->name);
	mem_free(store);
}

static size_t store_index(struct world_store *const *stores, size_t count, size_t serial)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (stores[middle]->serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The next store of that name, if there is one, takes the place in the table. */
static void forget_store_name(struct world_account *account, struct world_store *store)
{
	if (table_get(account->stores_by_name, store->name) != store)
		return;
	table_drop(&account->stores_by_name, store->name);
	for (size_t i = 0; account->has_namesakes && i < account->store_count; i++) {
		struct world_store *other = account->stores[i];
		if (strcmp(other->name, store->name) == 0) {
			table_put(&account->stores_by_name, other->name, other);
			return;
		}
	}
}

/* Takes the store over: it is kept if somebody may still see it. */
static void bury_store(
	const struct world *world, struct world_account *account, struct world_store *store)
{
	store->gone = lag_times_now(&world->lag, world->lag.delete_ms);
	note_lag(account, &store->gone);
	if (lag_times_are_past(&store->gone, store->gone.done_ms)) {
		free_store(store);
		return;
	}
	size_t at = store_index(account->gone, account->gone_count, store->serial);
	account->gone = mem_room(account->gone, account->gone_count, &account->gone_room,
		sizeof(struct world_store *));
	memmove(account->gone + at + 1, account->gone + at,
		(account->gone_count - at) * sizeof(struct world_store *));
	account->gone[at] = store;
	account->gone_count++;
	table_put(&account->gone_by_id, store->id, store);
}

void world_forget_stores(struct world_account *account)
{
	int64_t now = clock_monotonic_ms();
	size_t kept = 0;

	for (size_t i = 0; i < account->gone_count; i++) {
		struct world_store *store = account->gone[i];
		if (!lag_times_are_past(&store->gone, now)) {
			account->gone[kept++] = store;
			continue;
		}
		table_drop(&account->gone_by_id, store->id);
		free_store(store);
	}
	account->gone_count = kept;
}

void world_remove_store(
	struct world *world, struct world_account *account, struct world_store *store)
{
	size_t at = store_index(account->stores, account->store_count, store->serial);

	memmove(account->stores + at, account->stores + at + 1,
		(account->store_count - at - 1) * sizeof(struct world_store *));
	account->store_count--;
	account->secret_count -= store->secret_count;
	table_drop(&account->stores_by_id, store->id);
	forget_store_name(account, store);
	bury_store(world, account, store);
	world->revision++;
}

/* ---- secrets ---- */

struct world_secret *world_find_secret(const struct world_store *store, const char *id)
{
	return table_get(store->secrets_by_id, id);
}

struct world_secret *world_secret_named(const struct world_store *store, const char *name)
{
	return table_get(store->secrets_by_name, name);
}

struct world_secret *world_add_secret(struct world *world, struct world_account *account,
	struct world_store *store, const struct world_draft *draft)
{
	struct world_secret *secret = mem_alloc(sizeof(*secret));

	set_id(secret->id, draft->id);
	secret->serial = ++world->serial;
	secret->name = mem_copy_text(draft->name);
	secret->comment = draft->comment ? mem_copy_text(draft->comment) : NULL;
	secret->scopes = draft->scopes;
	secret->value_bytes = draft->value_bytes;
	memcpy(secret->value_checksum, draft->value_checksum, sizeof(secret->value_checksum));
	secret->made = lag_times_now(&world->lag, world->lag.create_ms);
	clock_now_text(secret->created);
	memcpy(secret->modified, secret->created, sizeof(secret->modified));
	store->secrets = mem_room(store->secrets, store->secret_count, &store->secret_room,
		sizeof(struct world_secret *));
	store->secrets[store->secret_count++] = secret;
	account->secret_count++;
	table_put(&store->secrets_by_id, secret->id, secret);
	table_put(&store->secrets_by_name, secret->name, secret);
	world->revision++;
	return secret;
}

static size_t secret_index(struct world_secret *const *secrets, size_t count, size_t serial)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (secrets[middle]->serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes the secret over: it is kept if somebody may still see it. */
static void bury_secret(
	const struct world *world, struct world_store *store, struct world_secret *secret)
{
	secret->gone = lag_times_now(&world->lag, world->lag.delete_ms);
	if (lag_times_are_past(&secret->gone, secret->gone.done_ms)) {
		free_secret(secret);
		return;
	}
	size_t at = secret_index(store->gone_secrets, store->gone_count, secret->serial);
	store->gone_secrets = mem_room(store->gone_secrets, store->gone_count, &store->gone_room,
		sizeof(struct world_secret *));
	memmove(store->gone_secrets + at + 1, store->gone_secrets + at,
		(store->gone_count - at) * sizeof(struct world_secret *));
	store->gone_secrets[at] = secret;
	store->gone_count++;
	table_put(&store->gone_by_id, secret->id, secret);
}

void world_forget_secrets(struct world_store *store)
{
	int64_t now = clock_monotonic_ms();
	size_t kept = 0;

	for (size_t i = 0; i < store->gone_count; i++) {
		struct world_secret *secret = store->gone_secrets[i];
		if (!lag_times_are_past(&secret->gone, now)) {
			store->gone_secrets[kept++] = secret;
			continue;
		}
		table_drop(&store->gone_by_id, secret->id);
		free_secret(secret);
	}
	store->gone_count = kept;
}

void world_remove_secret(struct world *world, struct world_account *account,
	struct world_store *store, struct world_secret *secret)
{
	size_t at = secret_index(store->secrets, store->secret_count, secret->serial);

	memmove(store->secrets + at, store->secrets + at + 1,
		(store->secret_count - at - 1) * sizeof(struct world_secret *));
	store->secret_count--;
	account->secret_count--;
	table_drop(&store->secrets_by_id, secret->id);
	table_drop(&store->secrets_by_name, secret->name);
	bury_secret(world, store, secret);
	world->revision++;
}

void world_touch_secret(struct world *world, struct world_secret *secret)
{
	clock_now_text(secret->modified);
	world->revision++;
}

/* Versions older than one that everybody sees are seen by nobody. */
static void forget_versions(struct world_secret *secret, int64_t now_ms)
{
	while (secret->older && !lag_times_are_past(&secret->changed, now_ms))
		secret = secret->older;
	free_secret(secret->older);
	secret->older = NULL;
}

void world_keep_version(struct world *world, struct world_secret *secret)
{
	struct lag_times now = lag_times_now(&world->lag, world->lag.change_ms);

	if (!lag_times_are_past(&now, now.done_ms)) {
		struct world_secret *older = mem_alloc(sizeof(*older));
		*older = *secret;
		older->name = mem_copy_text(secret->name);
		older->comment = secret->comment ? mem_copy_text(secret->comment) : NULL;
		secret->older = older;
	}
	secret->changed = now;
	forget_versions(secret, now.done_ms);
}

const char *world_secret_status(const struct world_secret *secret)
{
	return secret->status ? secret->status : "active";
}

static void hasten_secret(struct world_secret *secret, const struct lag *lag)
{
	lag_times_hasten(&secret->made, lag, lag->create_ms);
	lag_times_hasten(&secret->gone, lag, lag->delete_ms);
	for (; secret; secret = secret->older)
		lag_times_hasten(&secret->changed, lag, lag->change_ms);
}

static void hasten_store(struct world_store *store, const struct lag *lag)
{
	lag_times_hasten(&store->made, lag, lag->create_ms);
	lag_times_hasten(&store->gone, lag, lag->delete_ms);
	for (size_t i = 0; i < store->secret_count; i++)
		hasten_secret(store->secrets[i], lag);
	for (size_t i = 0; i < store->gone_count; i++)
		hasten_secret(store->gone_secrets[i], lag);
}

void world_set_lag(struct world *world, const struct lag *lag)
{
	world->lag = *lag;
	world->revision++; /* what was remembered of lists is no longer right */
	for (size_t a = 0; a < world->account_count; a++) {
		struct world_account *account = world->accounts[a];
		for (size_t i = 0; i < account->store_count; i++)
			hasten_store(account->stores[i], lag);
		for (size_t i = 0; i < account->gone_count; i++)
			hasten_store(account->gone[i], lag);
	}
}

void world_clear(struct world *world)
{
	for (size_t i = 0; i < world->account_count; i++) {
		struct world_account *account = world->accounts[i];
		for (size_t s = 0; s < account->store_count; s++)
			free_store(account->stores[s]);
		for (size_t s = 0; s < account->gone_count; s++)
			free_store(account->gone[s]);
		mem_free(account->stores);
		mem_free(account->gone);
		mem_free(account->sorted);
		table_free(&account->stores_by_id);
		table_free(&account->gone_by_id);
		table_free(&account->stores_by_name);
		mem_free(account);
	}
	mem_free(world->accounts);
	table_free(&world->accounts_by_id);
	*world = (struct world){
		.serial = world->serial, .revision = world->revision + 1, .lag = world->lag};
}
