/*
 * A table from text to pointer (uthash). It keeps the keys and the values.
 *
 *     struct table *table = NULL;             an empty one
 *     table_put(&table, name, store);
 *     store = table_get(table, name);         NULL if absent
 *     table_free(&table);
 */
#ifndef ADAPTER_TABLE_H
#define ADAPTER_TABLE_H

#include "base/mem.h"

struct table;

void *table_get(const struct table *table, const char *key);

/* Sets the value of a key and returns the previous one, or NULL. */
void *table_put(struct table **table, const char *key, void *value);

/* Removes a key and returns its value, or NULL if it was absent. */
void *table_drop(struct table **table, const char *key);

size_t table_count(const struct table *table);

/* Frees the table, but not the keys and values. */
void table_free(struct table **table);

#endif
