/*
 * A world as JSON: what --seed and --data hold and GET /_cfsim/world answers. One format, worded
 * for people in the help (options.c):
 *
 *     {"accounts": [{"id", "stores": [{"id", "name", "created", "modified", "secrets": [
 *         {"id", "name", "scopes", "comment", "status", "created", "modified",
 *          "value_bytes", "value_checksum"}]}]}]}
 *
 * Read, only the names and an account's id must be there; "value" may stand for its size and
 * checksum. Objects stand in the order in which they were made.
 */
#ifndef CFSIM_DATA_H
#define CFSIM_DATA_H

#include "adapter/json.h"
#include "world.h"

/* Adds the text of the world, with a final newline. */
void data_encode(const struct world *world, struct str *out);

/*
 * Adds what the file describes to the world; on failure some of it may be there. ERROR_ABSENT:
 * there is no such file.
 */
bool data_load(struct world *world, const char *path, struct error *err) MUST_CHECK;

/* Replaces the file, atomically. */
bool data_store(const struct world *world, const char *path, struct error *err) MUST_CHECK;

#endif
