/*
 * The options: what each is called, what it takes, which commands have it, and where its value
 * goes. Parsing and help (cli) read this table.
 */
#ifndef CFPROV_OPTIONS_H
#define CFPROV_OPTIONS_H

#include "command.h"

struct option {
	const char *name;
	const char *value; /* what it takes, for help; NULL: it is a switch */
	enum cli_option bit;
	bool (*take)(void *field, const char *value); /* false: not a possible value */
	size_t at;                                    /* where the field is in struct cli */
	const char *must_be;
	const char *help;
};

/* Ends with an option without a name. */
extern const struct option options[];

/* A variable of the environment that sets an option's default. */
struct option_variable {
	const char *variable, *option;
};

/* Ends with one without a variable. */
extern const struct option_variable option_variables[];

#endif
