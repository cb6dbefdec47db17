/*
 * Secret bytes: a token, a value. They live in locked pages of their own, are left out of core
 * files, and are wiped before the pages are unmapped. Nothing here prints or compares them.
 *
 * Locked memory is limited (often to 8 MiB), so small secrets share pages: many thousands fit.
 * Single-threaded.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/mem.h"

struct secret {
	char *bytes; /* followed by a NUL that is not counted; NULL: no secret */
	size_t length;
	size_t room;         /* in bytes */
	struct shelf *shelf; /* the shared pages it is in; NULL: it has its own */
};

/* Gives a secret of `length` zero bytes. */
void secret_init(struct secret *secret, size_t length);

/* Gives a secret with a copy of the bytes; the caller wipes the original. */
void secret_copy(struct secret *secret, const char *bytes, size_t length);

/*
 * Makes room for at least so many bytes and the NUL; the content may move. The bytes after `length`
 * are zero: callers that fill them add to `length`.
 */
void secret_reserve(struct secret *secret, size_t bytes);

/* Moves the secret out of its variable, which is empty afterwards. */
struct secret secret_steal(struct secret *secret) MUST_CHECK;

/* Wipes ordinary memory that held secret bytes. */
void secret_wipe(void *memory, size_t size);

void secret_release(struct secret *secret);

#endif
