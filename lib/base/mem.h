/*
 * Memory: allocation that can't fail, arenas, and macros that give local variables ownership.
 *
 * Freed memory is wiped first. Each block knows its size, and a check of it: freeing twice, freeing
 * what is not from here, and a block whose beginning was written over abort before a byte is wiped.
 * The blocks are malloc's, whoever provides it. The libraries below the adapters get their memory
 * here where they can be told to (adapter/json, adapter/http, adapter/http_memory). Thread-safe
 * like malloc: libcurl allocates in a thread of its resolver.
 *
 * Running out of memory aborts. That is safe because the state and its journal survive a kill at
 * any instant (lib/README.md, invariant 1). Not for secret bytes: see base/secret.h.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK      __attribute__((warn_unused_result))
#define PRINTF(fmt, at) __attribute__((format(printf, fmt, at)))

/* Runs release(&variable) when the variable goes out of scope. */
#define CLEANUP(release) __attribute__((cleanup(release)))

/* Frees a local pointer when it goes out of scope. */
#define AUTO_FREE CLEANUP(mem_free_pointer)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Aborts: what every allocation here does when memory has run out. */
_Noreturn void mem_exhausted(void);

/*
 * Before that, mem_exhausted calls this function, which may end the program itself. It must not
 * allocate, and any thread may call it. NULL: none.
 */
void mem_set_tell(void (*exhausted)(void));

/* Gives zeroed memory (mem_free); never NULL, even for size 0. */
void *mem_alloc(size_t size) MUST_CHECK;

/* realloc; additional bytes are not zeroed. Never NULL, even for size 0. The old bytes are wiped.
 */
void *mem_resize(void *memory, size_t size) MUST_CHECK;

/* Frees what the functions above gave, and nothing else; NULL is nothing. */
void mem_free(void *memory);

/* Gives a copy of the text (mem_free). */
char *mem_copy_text(const char *text) MUST_CHECK;

/*
 * Makes room for one more item after the first `count` of a heap array, and gives the array, which
 * may have moved. It grows by half, so that n items cost O(n). The room is not zeroed.
 *     items = mem_room(items, count, &room, sizeof(*items));
 *     items[count++] = item;
 */
void *mem_room(void *items, size_t count, size_t *room, size_t item_size) MUST_CHECK;

/* For CLEANUP: frees the pointer stored at `pointer`. */
void mem_free_pointer(void *pointer);

/* Moves a pointer out of its variable, which is NULL afterwards. */
void *mem_steal(void *pointer) MUST_CHECK;

/*
 * An arena: many allocations, one release. Start with {0}. It lends memory, valid until
 * arena_release. Not for secrets: they should not last so long.
 */
struct arena {
	struct arena_chunk *chunks;
	size_t used, room; /* bytes of the newest chunk */
};

void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
char *arena_text(struct arena *arena, const char *text) MUST_CHECK;
char *arena_bytes(struct arena *arena, const char *bytes, size_t length) MUST_CHECK;
char *arena_format(struct arena *arena, const char *format, ...) MUST_CHECK PRINTF(2, 3);

/* Moves all that `other` has lent, which stays where it is. `other` is empty afterwards. */
void arena_join(struct arena *arena, struct arena *other);

void arena_release(struct arena *arena);

#endif
