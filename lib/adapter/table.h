/*
 * A table from text to pointer (uthash), for what a sorted array does not serve. The table keeps
 * the keys and the values it is given: both must outlive it.
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

/* Sets the value of a key; gives the value that it had before, or NULL. */
void *table_put(struct table **table, const char *key, void *value);

/* Takes the key out; gives its value, or NULL if it was not there. */
void *table_drop(struct table **table, const char *key);

size_t table_count(const struct table *table);

/* Frees the table, not what it kept. */
void table_free(struct table **table);

#endif
