/*
 * Errors as values: what went wrong, where, and what to do about it.
 *
 * A function that can fail gives bool and takes `struct error *err` last. On failure it fills
 * *err once, where the cause is understood; callers may prefix it on the way up, never replace
 * it. On success it leaves *err untouched.
 *
 *     struct error err CLEANUP(error_release) = {0};
 *     if (!fs_read(path, limit, &bytes, &err))
 *             return error_prefix(&err, "can't read the state");
 *
 * Texts never hold a secret. Texts from outside go in through base/text.h.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/mem.h"

/* A code exists only if a caller branches on it. */
enum error_code {
	ERROR_FAILED,      /* nothing more special to say */
	ERROR_ABSENT,      /* there is no such file */
	ERROR_BUSY,        /* somebody else holds the lock */
	ERROR_INTERRUPTED, /* the user asked to stop */
};

struct error {
	enum error_code code;
	char *message;       /* one line without a full stop; NULL: no error */
	char *hint;          /* what to do; sentences, may be NULL */
	char *file;          /* where, or NULL */
	size_t line, column; /* from 1, in characters; 0: no such place */
	size_t span;         /* how many characters of the line are meant; 0: not known */
	size_t offset_bytes; /* of the place in the file, from 0; of YAML only */
	char *snippet;       /* the source line, already fit to be printed; or NULL */
	size_t caret;        /* column in the snippet, from 1; 0: none */
};

/* Each gives false, so that `return error_set(err, ...)` reads well. */
bool error_set(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_set_code(struct error *err, enum error_code code, const char *format, ...) PRINTF(3, 4);
/* "MESSAGE: what errno says" */
bool error_set_errno(struct error *err, int error_number, const char *format, ...) PRINTF(3, 4);
bool error_prefix(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_hint(struct error *err, const char *format, ...) PRINTF(2, 3);
bool error_at(struct error *err, const char *file, size_t line, size_t column);

/* Copies what an error says: code, message and hint. Where it happened is for *to to know. */
bool error_copy(struct error *to, const struct error *from);

/* Moves an error; *from is empty afterwards. */
void error_move(struct error *to, struct error *from);
void error_release(struct error *err);

/* Many errors of one input, in the order in which they were found. Start with {0}. */
struct error_list {
	struct error *items;
	size_t count, room;
};

/* As many errors of one input as anybody reads. */
enum { ERROR_LIST_MOST = 100 };

/* Lends a new, empty error at the end of the list: valid until the next is added. */
struct error *error_list_add(struct error_list *list);

/*
 * Of more than ERROR_LIST_MOST errors, the last are left out, and one in their place counts them.
 * Once, when all were found.
 */
void error_list_cut(struct error_list *list);
void error_list_release(struct error_list *list);

#endif
