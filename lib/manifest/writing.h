/*
 * Pieces of a manifest as YAML that all readers of YAML understand alike: what some take for a
 * number, a truth or a date is quoted.
 */
#ifndef MANIFEST_WRITING_H
#define MANIFEST_WRITING_H

#include "model/model.h"

/* Adds a name, which has passed the schema: no character in it needs an escape. */
void writing_word(struct str *out, const char *word);

/* Adds a name between two texts. */
void writing_name(struct str *out, const char *before, const char *name, const char *after);

/*
 * Adds any text, in double quotes. What can't be seen becomes \x1b or \u202e, for YAML escapes as
 * text_add_visible does. With `doubles_dollars` variables may stand there.
 */
void writing_text(struct str *out, const char *text, bool doubles_dollars);

/* Adds {env: NAME} and the like. It is neither generated nor the standard input. */
void writing_source(struct str *out, const struct value_source *source);

/* Adds `account_id` or `accounts`, and an empty line. */
void writing_accounts(struct str *out, const struct model *accounts);

#endif
