/*
 * The dotenv dialect of .env and .dev.vars files. It follows the npm package `dotenv`, with which
 * wrangler reads .dev.vars, so that a Worker gets here what it had in development.
 *
 *     # comment                      KEY=value  # comment
 *     export KEY = value             KEY: value
 *     KEY="two\nlines"               KEY='as it \n stands, # and all'
 *     KEY=`over
 *     several lines`
 *
 * - A key consists of letters, digits, _ . and -. Lines that assign nothing are ignored. If a key
 *   is set twice, the last line counts.
 * - A value without quotes ends at the first #, with or without a space, or at the end of its line.
 *   Blanks around it don't count.
 * - A value in quotes (" ' `) may span lines and contain blanks and #. It ends at the next such
 *   quote without a backslash before it (which stays) or, if more than a comment follows there, at
 *   the last such quote before it with nothing after: KEY="a"b" means a"b.
 * - In double quotes only, \n and \r are line breaks. There are no other escapes.
 * - DOS and old Mac line breaks become \n, also in values. Variables are not expanded.
 *
 * It differs in two points. A quote that is never closed would become part of the value, and the
 * rest (of a private key, say) would be lost silently: here is_open reports it. And a value starts
 * on the line of its =: KEY= is empty, whatever the next line begins with.
 *
 * Nothing here fails, and nothing is copied: entries point into the given bytes.
 */
#ifndef ADAPTER_DOTENV_H
#define ADAPTER_DOTENV_H

#include "base/mem.h"

struct dotenv_entry {
	const char *key, *value; /* each with a NUL after it; a value may hold others */
	size_t length;           /* of the value, in bytes */
	size_t line;             /* of the key, from 1 */
	bool is_open;            /* the quote is never closed: don't use the value */
	/* What may have been lost; see dotenv_warn. */
	bool is_cut;         /* the value ends at a # without a space before it */
	size_t stray_line;   /* the first line after it that assigns nothing; 0: none */
	size_t earlier_line; /* where the key was set before; 0: nowhere */
};

struct error_list;
struct table;

struct dotenv {
	struct dotenv_entry *entries; /* in the order of the file */
	size_t count, room;
	size_t stray_line;  /* the first line, not blank, that assigns nothing; 0: none */
	struct table *last; /* entry of each key */
};

/*
 * Parses the text in place, which *dotenv keeps. Start with {0}. text[length] must be a NUL, which
 * is not counted.
 */
void dotenv_parse(struct dotenv *dotenv, char *text, size_t length);

/*
 * Adds a warning for each way in which a part of the value may have been lost silently: a # in it,
 * a line break without quotes, another line for the same key. Never shows the value.
 */
void dotenv_warn(const struct dotenv_entry *entry, const char *file, struct error_list *warnings);

/* Lends the last entry of this key, or NULL. */
const struct dotenv_entry *dotenv_get(const struct dotenv *dotenv, const char *key);

/*
 * True if the line looks like the end of a secret in base64 or base32: only padding follows its
 * key, which then must not be shown. Names without digits or in capitals, as in API_TOKEN=, don't.
 */
bool dotenv_may_be_base64(const struct dotenv_entry *entry) MUST_CHECK;

void dotenv_release(struct dotenv *dotenv);

#endif
