/*
 * Input that may have to be waited for: the standard input, FIFOs and pipes, read to the end as
 * text or as secret bytes. For ordinary files see adapter/fs.
 *
 *     const struct input_patience patience = {.timeout_ms = 60000, .interrupted = &count};
 *     input_secret(limit, &patience, &secret, &err)
 *
 * The end comes when no process has the input open for writing any longer, or when patience is
 * over. Regular files are read at once. `limit` is in bytes.
 */
#ifndef ADAPTER_INPUT_H
#define ADAPTER_INPUT_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <signal.h>
#include <stdint.h>

struct input_patience {
	int64_t timeout_ms; /* until the end; 0: for ever */
	const volatile sig_atomic_t
		*interrupted; /* stops at once: ERROR_INTERRUPTED; may be NULL */
};

/*
 * Adds the content of a file, a FIFO or the shell's <(...) to *bytes; NULL: the whole standard
 * input, which has no timeout on a terminal. ERROR_ABSENT: no such file.
 */
bool input_text(const char *path_or_NULL, size_t limit, const struct input_patience *patience,
	struct str *bytes, struct error *err) MUST_CHECK;

/* Gives (secret_release) the whole standard input, which must not be a terminal. */
bool input_secret(size_t limit, const struct input_patience *patience, struct secret *ret_secret,
	struct error *err) MUST_CHECK;

/*
 * Gives (secret_release) the content of a file, a FIFO or the shell's <(...), which is waited for.
 * ERROR_ABSENT: no such file.
 */
bool input_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

/* The same of an absolute path in which nothing is a link: see FS_EXACT. */
bool input_exact_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

#endif
