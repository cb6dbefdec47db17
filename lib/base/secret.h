/*
 * Bytes that nobody else may see: a token, a value. They live in locked pages of their own, are
 * left out of core files and are wiped before the pages go back. They are opened at the socket
 * only; nothing here prints, compares or copies them into ordinary memory.
 *
 * How much memory may be locked is limited (8 MiB, often): small secrets share pages, so that
 * many thousands fit in. For one thread.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/mem.h"

struct secret {
	char *bytes; /* followed by a NUL that is not counted; NULL: no secret */
	size_t length;
	size_t room;         /* in bytes */
	struct shelf *shelf; /* shared pages that it is in; NULL: it has its own */
};

/* Gives a secret with room for `length` bytes, all zero. */
void secret_init(struct secret *secret, size_t length);

/* Gives a secret that holds a copy of the bytes; the caller wipes its own. */
void secret_copy(struct secret *secret, const char *bytes, size_t length);

/*
 * Makes room for so many bytes (and the NUL) at least; what it holds stays, perhaps elsewhere. The
 * bytes behind those that are counted are zero: whoever fills them counts them in `length`.
 */
void secret_reserve(struct secret *secret, size_t bytes);

/* Moves the secret out of its variable, which holds none afterwards. */
struct secret secret_steal(struct secret *secret) MUST_CHECK;

/* Wipes ordinary memory that held secret bytes for a moment. */
void secret_wipe(void *memory, size_t size);

void secret_release(struct secret *secret);

#endif
