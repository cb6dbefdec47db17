/*
 * The options, as one table: what each is called, what it takes, which commands have it and where
 * in struct cli its value goes. Parsing and help read that table.
 */
#ifndef CFPROV_OPTIONS_H
#define CFPROV_OPTIONS_H

#include "cli.h"

/* Sets the defaults, and what the environment says instead of them. */
bool options_init(struct cli *cli, struct error *err) MUST_CHECK;
void options_release(struct cli *cli);

/*
 * Takes one option of the command in *cli, written with one dash or two. *next is the argument
 * behind it, and moves if that is its value.
 */
bool options_take(struct cli *cli, const char *text, char ***next, struct error *err) MUST_CHECK;

/* False: the value is a URL, where only a local file will do. `what` is called so in the error. */
bool options_refuse_url(const char *what, const char *value, struct error *err) MUST_CHECK;

/* For help: adds the options of a command, a line or more each. */
void options_add_help(struct str *out, const struct command *command);

#endif
