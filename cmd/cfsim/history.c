#include "history.h"

bool history_lags(const struct world_account *account)
{
	return clock_monotonic_ms() < account->unlisted_until_ms;
}

/* A list that is being made. */
struct maker {
	struct history_list list;
	int64_t now_ms;
};

static struct maker begin(size_t most)
{
	return (struct maker){
		.list = {.items = mem_alloc((most + 1) * sizeof(void *)), .until_ms = INT64_MAX},
		.now_ms = clock_monotonic_ms(),
	};
}

/* Does the list show what shows from then on? */
static bool shows(struct maker *maker, const struct lag_times *times)
{
	if (times->listed_ms <= maker->now_ms)
		return true;
	if (times->listed_ms < maker->list.until_ms)
		maker->list.until_ms = times->listed_ms;
	return false;
}

/* ---- stores ---- */

static void add_store(struct maker *maker, struct world_store *store, bool is_gone)
{
	if (shows(maker, &store->made) && !(is_gone && shows(maker, &store->gone)))
		maker->list.items[maker->list.count++] = store;
}

struct history_list history_stores(struct world_account *account)
{
	size_t live = 0, gone = 0;

	world_forget_stores(account);
	struct maker maker = begin(account->store_count + account->gone_count);
	while (live < account->store_count || gone < account->gone_count) {
		bool is_gone = live == account->store_count ||
			       (gone < account->gone_count &&
				       account->gone[gone]->serial < account->stores[live]->serial);
		add_store(
			&maker, is_gone ? account->gone[gone++] : account->stores[live++], is_gone);
	}
	return maker.list;
}

struct world_store *history_read_store(const struct world_account *account, const char *id)
{
	struct world_store *store = world_find_store(account, id);
	int64_t now = clock_monotonic_ms();

	if (!store) {
		store = table_get(account->gone_by_id, id);
		if (store && store->gone.read_ms <= now)
			return NULL;
	}
	return store && store->made.read_ms <= now ? store : NULL;
}

/* ---- secrets ---- */

static void add_secret(struct maker *maker, struct world_secret *secret, bool is_gone)
{
	if (!shows(maker, &secret->made) || (is_gone && shows(maker, &secret->gone)))
		return;
	while (secret->older && !shows(maker, &secret->changed))
		secret = secret->older;
	maker->list.items[maker->list.count++] = secret;
}

struct history_list history_secrets(struct world_store *store)
{
	size_t live = 0, gone = 0;

	world_forget_secrets(store);
	struct maker maker = begin(store->secret_count + store->gone_count);
	while (live < store->secret_count || gone < store->gone_count) {
		bool is_gone = live == store->secret_count ||
			       (gone < store->gone_count && store->gone_secrets[gone]->serial <
								    store->secrets[live]->serial);
		add_secret(&maker, is_gone ? store->gone_secrets[gone++] : store->secrets[live++],
			is_gone);
	}
	return maker.list;
}

struct world_secret *history_read_secret(const struct world_store *store, const char *id)
{
	struct world_secret *secret = world_find_secret(store, id);
	int64_t now = clock_monotonic_ms();

	if (!secret) {
		secret = table_get(store->gone_by_id, id);
		if (secret && secret->gone.read_ms <= now)
			return NULL;
	}
	if (!secret || secret->made.read_ms > now)
		return NULL;
	while (secret->older && secret->changed.read_ms > now)
		secret = secret->older;
	return secret;
}
