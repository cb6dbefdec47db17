/*
 * What is recorded of an object, for people and as JSON. The fingerprint of a secret's value is
 * left out: it is for the state file only.
 */
#ifndef CFPROV_FIELDS_H
#define CFPROV_FIELDS_H

#include "adapter/json.h"
#include "model/model.h"

/* A line for each field that has a value, indented by four. */
void fields_add(struct str *out, const struct object *object);

/* The same, with the address, as an object; what has no value is null. `key`: NULL in an array. */
void fields_put(struct json_writer *writer, const char *key, const struct object *object,
	const char *account_id);

#endif
