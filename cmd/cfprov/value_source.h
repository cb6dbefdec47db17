/*
 * Where values and tokens come from, as plans show it to people and to machines. Nothing is read,
 * and no value is shown. Of commands, all arguments are shown, because whoever approves a plan
 * approves them; what looks like a token in them is hidden.
 */
#ifndef CFPROV_VALUE_SOURCE_H
#define CFPROV_VALUE_SOURCE_H

#include "adapter/json.h"
#include "model/model.h"

/*
 * Adds " from env DB_PASSWORD", " from command `pass show db`"; nothing of VALUE_NONE. Long paths
 * and commands lose their middle.
 */
void value_source_add(struct str *out, const struct value_source *source);

/*
 * Adds the same, uncut, as an object with the keys of the manifest: {"env": "DB_PASSWORD"},
 * {"command": ["pass", "show", "db"], "folder": "infra"}; null of VALUE_NONE.
 */
void value_source_put(struct json_writer *json, const char *key, const struct value_source *source);

/* Adds the account as an object: "alias", "id", and "token_source", null for the environment. */
void value_source_put_account(
	struct json_writer *json, const char *key, const struct account *account);

#endif
