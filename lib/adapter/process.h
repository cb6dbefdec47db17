/*
 * Runs another program and takes its standard output as secret bytes. Nothing else in cfprov starts
 * programs.
 *
 *     struct process process = {.argv = argv, .timeout_ms = 60000, .output_limit = 1 << 20};
 *     process_run(&process, &output, &err)
 *
 * There is no shell. The program gets the environment that it is given, and no file descriptors;
 * its standard input is empty. It leads a process group of its own, so that everything it starts
 * can be killed; therefore it can't ask at the terminal. Our own standard streams must be open (or
 * be /dev/null).
 */
#ifndef ADAPTER_PROCESS_H
#define ADAPTER_PROCESS_H

#include "base/error.h"
#include "base/scrub.h"
#include "base/secret.h"

#include <signal.h>
#include <stdint.h>

struct process {
	const char *const *argv;  /* ends with NULL; argv[0] is searched in PATH */
	const char *program;      /* the file to run, absolute; NULL: argv[0] says which */
	const char *folder;       /* to run it in; NULL: the current one */
	char *const *environment; /* NAME=VALUE, ends with NULL; NULL: ours */
	int64_t timeout_ms;
	size_t output_limit;                      /* in bytes */
	const volatile sig_atomic_t *interrupted; /* kills it; may be NULL */
	const struct scrub *known;                /* what no error shows; may be NULL */
};

/*
 * Gives (secret_release) the output once the program has exited with status 0 and no process can
 * add to it: half a secret would look like a whole one, so processes left behind are waited for.
 * The end of its standard error appears in the hint of an error, without what is known to be
 * secret; its output never does.
 * ERROR_INTERRUPTED.
 */
bool process_run(
	const struct process *process, struct secret *ret_output, struct error *err) MUST_CHECK;

#endif
