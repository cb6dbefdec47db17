/*
 * Other programs: run one, take what it prints as secret bytes. The only place that starts any.
 *
 *     struct process process = {.argv = argv, .timeout_ms = 60000, .output_limit = 1 << 20};
 *     process_run(&process, &output, &err)
 *
 * There is no shell. The program gets our environment, nothing on its standard input, and of our
 * file descriptors none else. It is at the head of a process group of its own, so that all of it
 * can be stopped; the price is that it can't ask at the terminal.
 */
#ifndef ADAPTER_PROCESS_H
#define ADAPTER_PROCESS_H

#include "base/error.h"
#include "base/secret.h"

#include <signal.h>
#include <stdint.h>

struct process {
	const char *const *argv; /* ends with NULL; the first is looked for in PATH */
	const char *folder;      /* where to run it; NULL: where we are */
	int64_t timeout_ms;
	size_t output_limit;                      /* in bytes */
	const volatile sig_atomic_t *interrupted; /* stops it; may be NULL */
};

/*
 * Gives (secret_release) what the program printed on its standard output, when it has exited with
 * status 0 and nobody can print there any more: half a secret is none, so a process that it left
 * behind is waited for, too. What it says on its standard error is shown, the end of it, in the
 * hint of the error that tells how it failed; what it printed never is. ERROR_INTERRUPTED.
 */
bool process_run(
	const struct process *process, struct secret *ret_output, struct error *err) MUST_CHECK;

#endif
