/*
 * Completion of command lines. The scripts for the shells ask the program: `cfprov __complete
 * WORD...` prints what the last word may become, a line each: the word, a tab, a description. A
 * line :file or :directory leaves the rest to the shell. It prints no error, sends nothing and
 * runs no command.
 */
#ifndef CFPROV_COMPLETION_H
#define CFPROV_COMPLETION_H

/* argv[0] is __complete, in place of the program. */
void completion_print(int argc, char **argv);

#endif
