/*
 * The dotenv dialect: what a .env or .dev.vars file means. It is that of the npm package `dotenv`,
 * which wrangler reads .dev.vars with, so that a Worker is given here what it had on the desk.
 *
 *     # comment                      KEY=value  # comment
 *     export KEY = value             KEY: value
 *     KEY="two\nlines"               KEY='as it \n stands, # and all'
 *     KEY=`over
 *     several lines`
 *
 * - A key is made of letters, digits, _ . and -. A line that assigns nothing is passed over. Of
 *   one key twice the last counts.
 * - Without quotes a value goes to the end of its line or the first #, with or without a space
 *   before it; blanks around it don't count.
 * - With quotes (" ' `) a value may span lines, and blanks and # are part of it; behind it only a
 *   comment may stand. A backslash before such a quote keeps it from ending the value, and stays.
 *   Else quotes inside are as good as other letters: KEY="a"b" means a"b.
 * - In double quotes only, \n and \r are line breaks. There are no other escapes.
 * - Line breaks of DOS and of old Macs are read as \n, in values, too. Variables are not expanded.
 *
 * It differs in two things. A quote that is opened and never closed would be part of the value, and
 * the rest of what was meant (a private key, say) lost without a word: here that is told, is_open.
 * And what follows the = stands on its line: KEY= is empty, whatever the next line begins with.
 *
 * Nothing here fails, and nothing is copied: all is in the bytes that were given.
 */
#ifndef ADAPTER_DOTENV_H
#define ADAPTER_DOTENV_H

#include "base/mem.h"

struct dotenv_entry {
	const char *key, *value; /* followed by a NUL; a value may hold others */
	size_t length;           /* of the value, in bytes */
	size_t line;             /* from 1: where the key stands */
	bool is_open;            /* its quote is never closed: the value is not to be used */
	/* What may have been lost; see dotenv_warn. */
	bool is_cut;         /* the value ends at a # that has no space before it */
	size_t stray_line;   /* the first line behind it that assigns nothing; 0: there is none */
	size_t earlier_line; /* where the key was set before; 0: nowhere */
};

struct error_list;
struct table;

struct dotenv {
	struct dotenv_entry *entries; /* in the order of the file */
	size_t count, room;
	/* The first line that is neither blank nor a comment and assigns nothing; 0: there is none.
	 * It may be the rest of a value that was meant to be quoted. */
	size_t stray_line;
	struct table *last; /* of each key */
};

/*
 * Takes the text apart, in place: *dotenv (start with {0}; dotenv_release) keeps it. A NUL must
 * follow it, at text[length], which is not counted.
 */
void dotenv_parse(struct dotenv *dotenv, char *text, size_t length);

/*
 * Adds a warning, with its line in the file, for each way in which a part of the value may have
 * been lost without a word: a # in it, a line break without quotes, another line for the same key.
 * Never shows the value.
 */
void dotenv_warn(const struct dotenv_entry *entry, const char *file, struct error_list *warnings);

/* Lends the last one of this key, or NULL. */
const struct dotenv_entry *dotenv_get(const struct dotenv *dotenv, const char *key);

void dotenv_release(struct dotenv *dotenv);

#endif
