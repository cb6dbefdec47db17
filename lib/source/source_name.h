/* What a reference is called in errors, and keys that tell which references mean the same. Pure. */
#ifndef SOURCE_SOURCE_NAME_H
#define SOURCE_SOURCE_NAME_H

#include "base/str.h"
#include "model/model.h"

/* Adds, for the middle of a sentence: "the variable DB_PASSWORD", "the key STRIPE of .env". */
void source_add_name(struct str *out, const struct value_source *source);

/* The same with "the", and where it was declared: "the file token (cfprov.yaml:3)". */
void source_add_origin(struct str *out, const struct value_source *source);

/*
 * Adds the whole command as a shell would take it, visible. What looks like a token is hidden; of
 * one that is longer than max_columns, the middle is left out.
 */
void source_add_command(struct str *out, const char *const *argv, size_t max_columns);

/* Adds a text that two references have in common if they mean the same; "" if there is none. */
void source_add_key(struct str *out, const struct value_source *source);

#endif
