/*
 * What to say about a command, an option or an environment variable that cfprov does not have: what
 * was probably meant, or what users of other tools will find here instead.
 */
#ifndef CFPROV_MISTAKES_H
#define CFPROV_MISTAKES_H

#include "base/error.h"
#include "tables.h"

/* Gives false. `second` is the word after it, or NULL. */
bool mistake_command(const char *word, const char *second, struct error *err);

/*
 * Gives false. The name is without dashes; the command does not take it. NULL: the option is before
 * the command.
 */
bool mistake_option(const struct command *command, const char *name, struct error *err);

/*
 * Adds a warning for each variable of the environment that was probably meant for cfprov, unless
 * one of these manifests may use it.
 */
void mistakes_in_environment(
	const char *const *manifests, size_t count, struct error_list *warnings);

#endif
