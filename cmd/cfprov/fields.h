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

/* The same as members of the object that is open; what has no value is null. */
void fields_put(struct json_writer *writer, const struct object *object);

#endif
