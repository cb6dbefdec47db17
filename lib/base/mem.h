/*
 * Memory: allocation that can't fail, arenas, and the macros that give locals an owner.
 *
 * Out of memory ends the program at once (abort). That is safe because a kill at any instant is
 * a case that the state and its journal are built for; see lib/README.md, invariant 1.
 * Not for secret bytes: those live in base/secret.h.
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

/* A `char *` (or any other plain pointer) that is freed when it goes out of scope. */
#define AUTO_FREE CLEANUP(mem_free_pointer)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the program: what every allocation here does when there is no memory left. */
_Noreturn void mem_exhausted(void);

/* Gives zeroed memory; release it with free(). Never NULL, also for size 0. */
void *mem_alloc(size_t size) MUST_CHECK;

/* Gives the memory with another size, moved if need be; what is new is not zeroed. */
void *mem_resize(void *memory, size_t size) MUST_CHECK;

/* Gives a copy of the text; release it with free(). */
char *mem_copy_text(const char *text) MUST_CHECK;

/*
 * Makes room for one more item behind the first `count` of a heap array: gives the array, moved
 * if it had to grow (by half again, so that pushing n items costs O(n)). The room is not zeroed.
 *     items = mem_room(items, count, &room, sizeof(*items));
 *     items[count++] = item;
 */
void *mem_room(void *items, size_t count, size_t *room, size_t item_size) MUST_CHECK;

/* For CLEANUP: frees what the pointer at `pointer` points to. */
void mem_free_pointer(void *pointer);

/* Moves a pointer out of its variable, which is NULL afterwards. */
void *mem_steal(void *pointer) MUST_CHECK;

/*
 * An arena: many allocations, one release. Start with {0}. What it lends is valid until
 * arena_release, and must not be freed. Not for secrets: it is not wiped.
 */
struct arena {
	struct arena_chunk *chunks;
	size_t used, room; /* of the newest chunk, in bytes */
};

void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
char *arena_text(struct arena *arena, const char *text) MUST_CHECK;
char *arena_bytes(struct arena *arena, const char *bytes, size_t length) MUST_CHECK;
char *arena_format(struct arena *arena, const char *format, ...) MUST_CHECK PRINTF(2, 3);
void arena_release(struct arena *arena);

#endif
