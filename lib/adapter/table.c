#include "adapter/table.h"

#include "adapter/crypt.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) mem_exhausted()
/* Keyed, because the keys come from manifests and servers. */
#define HASH_FUNCTION(key, size, hash) ((hash) = (unsigned)crypt_table_hash(key, size))
#include <uthash.h>

struct table {
	const char *key;
	void *value;
	UT_hash_handle hh;
};

static struct table *find(const struct table *table, const char *key)
{
	struct table *entry = NULL;

	HASH_FIND_STR(table, key, entry);
	return entry;
}

void *table_get(const struct table *table, const char *key)
{
	const struct table *entry = find(table, key);

	return entry ? entry->value : NULL;
}

void *table_put(struct table **table, const char *key, void *value)
{
	struct table *entry = find(*table, key);

	if (entry) {
		void *before = entry->value;
		entry->value = value;
		return before;
	}
	entry = mem_alloc(sizeof(*entry));
	entry->key = key;
	entry->value = value;
	HASH_ADD_KEYPTR(hh, *table, key, strlen(key), entry);
	return NULL;
}

void *table_drop(struct table **table, const char *key)
{
	struct table *entry = find(*table, key);

	if (!entry)
		return NULL;
	void *value = entry->value;
	HASH_DEL(*table, entry);
	mem_free(entry);
	return value;
}

size_t table_count(const struct table *table)
{
	return HASH_COUNT(table);
}

void table_free(struct table **table)
{
	struct table *entry = *table, *next;

	HASH_CLEAR(hh, *table); /* frees the buckets, but not the list of entries */
	for (; entry; entry = next) {
		next = entry->hh.next;
		mem_free(entry);
	}
}
