/*
 * What may keep one waiting: pipes, FIFOs and the standard input, whole, as text or as secret
 * bytes.
 *
 *     const struct input_patience patience = {.timeout_ms = 60000, .interrupted = &count};
 *     input_text(limit, &patience, &bytes, &err)            standard input
 *     input_secret(limit, &patience, &secret, &err)         the same
 *     input_file(path, limit, &patience, &secret, &err)     a file, which may be a pipe
 *
 * They are read to their end, which is when nobody has them open for writing any more, or until
 * patience ends. What is a regular file is read at once. `limit` is in bytes. Of ordinary files,
 * adapter/fs.
 */
#ifndef ADAPTER_INPUT_H
#define ADAPTER_INPUT_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <signal.h>
#include <stdint.h>

struct input_patience {
	int64_t timeout_ms;                       /* until the end; 0: for ever */
	const volatile sig_atomic_t *interrupted; /* ends it: ERROR_INTERRUPTED; may be NULL */
};

/* Adds all that comes from the standard input. If that is a terminal, it has for ever. */
bool input_text(size_t limit, const struct input_patience *patience, struct str *bytes,
	struct error *err) MUST_CHECK;

/* Gives it (secret_release). The standard input may not be a terminal. */
bool input_secret(size_t limit, const struct input_patience *patience, struct secret *ret_secret,
	struct error *err) MUST_CHECK;

/*
 * Gives (secret_release) what a file holds, or a FIFO, or a pipe as <(...) of the shell gives it:
 * who names one wants to wait for it. ERROR_ABSENT: there is no such file.
 */
bool input_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

#endif
