/*
 * Pieces of a manifest, written as YAML that other readers of YAML understand alike: what they
 * might take for a number, a truth or a date is quoted.
 */
#ifndef MANIFEST_WRITING_H
#define MANIFEST_WRITING_H

#include "model/model.h"

/* Adds a name, which has passed the schema: no character in it needs an escape. */
void writing_word(struct str *out, const char *word);

/*
 * Adds any text, in double quotes. What can be seen stands as it is; the rest becomes \x1b and
 * \u202e, which YAML writes as text_add_visible does. With `doubles_dollars` variables may stand
 * there.
 */
void writing_text(struct str *out, const char *text, bool doubles_dollars);

/* Adds {env: NAME} and the like, for what is neither generated nor the standard input. */
void writing_source(struct str *out, const struct value_source *source);

/* Adds `account_id` or `accounts`, and an empty line. */
void writing_accounts(struct str *out, const struct model *accounts);

#endif
