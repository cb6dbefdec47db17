/* The bindings of Workers that a plan breaks, as warnings and in documents. */
#ifndef CFPROV_BROKEN_H
#define CFPROV_BROKEN_H

#include "adapter/json.h"
#include "model/plan.h"

/* Prints a warning for each, with its place. */
void broken_warn(const struct plan *plan);

/* Fills an error with what a warning says. */
void broken_describe(const struct broken_binding *broken, struct error *ret);

/* Writes "broken_bindings", unless there are none. */
void broken_put(struct json_writer *json, const struct plan *plan);

#endif
