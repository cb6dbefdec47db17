/*
 * Manual pages in mdoc(7), filled from a program's tables: a page has a line "@NAME ARGUMENT" where
 * a table belongs. Text that the functions add is escaped, and `words` in backticks are bold.
 */
#ifndef BASE_MDOC_H
#define BASE_MDOC_H

#include "base/error.h"
#include "base/str.h"

/* Adds the table of this name; `argument` is "" if the page has none. False: there is none such. */
typedef bool mdoc_table(struct str *out, const char *name, const char *argument);

/* Adds the page. False: it names a table that does not exist. */
bool mdoc_fill(struct str *out, const char *page, mdoc_table *table, struct error *err) MUST_CHECK;

/* Adds text for the line of a macro. */
void mdoc_add_word(struct str *out, const char *text);

/* Begins an item of a list: -NAME=VALUE, or -NAME if it takes no value. */
void mdoc_add_option(struct str *out, const char *name, const char *value_or_null);

/* Adds a text as a sentence, with a capital and a full stop, on lines of its own. */
void mdoc_add_sentence(struct str *out, const char *text);

#endif
