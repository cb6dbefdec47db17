/*
 * Errors as values: what went wrong, where, and what to do about it.
 *
 * A function that can fail returns bool and takes `struct error *err` last. On failure it fills
 * *err once, where the cause is understood; callers may prefix it but never replace it. On success
 * *err stays untouched.
 *
 *     struct error err CLEANUP(error_release) = {0};
 *     if (!fs_read(path, limit, &bytes, &err))
 *             return error_prefix(&err, "can't read the state");
 *
 * Messages never contain a secret. Text from outside goes through text_add_visible first.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/mem.h"

/* A code exists only if a caller branches on it. */
enum error_code {
	ERROR_FAILED,      /* anything else */
	ERROR_ABSENT,      /* no such file */
	ERROR_BUSY,        /* another process holds the lock */
	ERROR_CONFLICT,    /* another run has written the state, or has broken our lock */
	ERROR_INTERRUPTED, /* the user asked to stop */
};

struct error {
	enum error_code code;
	char *message;       /* one line without a full stop; NULL: no error */
	char *hint;          /* what to do, in sentences; may be NULL */
	char *file;          /* where, or NULL */
	size_t line, column; /* from 1, in characters; 0: unknown */
	size_t span;         /* characters of the line that are meant; 0: unknown */
	size_t offset_bytes; /* of the place in the file, from 0; YAML only */
	char *snippet;       /* the source line, safe to print; or NULL */
	size_t caret;        /* column in the snippet, from 1; 0: none */
};

/* All return false, for `return error_set(err, ...)`. */
bool error_set(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_set_code(struct error *err, enum error_code code, const char *format, ...) PRINTF(3, 4);
/* Appends the text of errno: "MESSAGE: REASON". EACCES gets a hint. */
bool error_set_errno(struct error *err, int error_number, const char *format, ...) PRINTF(3, 4);
bool error_prefix(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_hint(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_at(struct error *err, const char *file, size_t line, size_t column);

/* Copies code, message and hint, but not the place. */
bool error_copy(struct error *to, const struct error *from);

/* Moves an error; *from is empty afterwards. */
void error_move(struct error *to, struct error *from);
void error_release(struct error *err);

/* Many errors of one input, in the order found. Start with {0}. */
struct error_list {
	struct error *items;
	size_t count, room;
};

/* More errors than this are not shown. */
enum { ERROR_LIST_MOST = 100 };

/* Lends a new, empty error at the end of the list; valid until the next is added. */
struct error *error_list_add(struct error_list *list);

/* Replaces the errors beyond ERROR_LIST_MOST by one that counts them. Call it once, at the end. */
void error_list_cut(struct error_list *list);
void error_list_release(struct error_list *list);

#endif
