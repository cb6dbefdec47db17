/*
 * The command line: one table of options and one of commands, from which parsing and help come.
 * Flags are accepted with one dash or two, `-flag=value` or `-flag value`, before or behind
 * arguments; `--` ends them. No flag takes a secret.
 */
#ifndef CFPROV_CLI_H
#define CFPROV_CLI_H

#include "command.h"

/* Ends with a command without a name. */
extern const struct command cli_commands[];

/* Parses; false: *err says what is wrong. With -help, or without a command, it is `help`. */
bool cli_parse(int argc, char **argv, struct cli *cli, struct error *err) MUST_CHECK;
void cli_release(struct cli *cli);

/* Lends the command of this name, or NULL. */
const struct command *cli_find(const char *name);

/* Lends the first whose name is like this one, or NULL. */
const struct command *cli_find_near(const char *name);

/* For help: adds the options of a command, a line or more each. */
void cli_add_options(struct str *out, const struct command *command);

#endif
