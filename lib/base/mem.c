#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t bytes[];
};

enum { ARENA_FIRST_CHUNK = 4096, ARENA_LARGEST_CHUNK = 1 << 20 };

void mem_exhausted(void)
{
	abort();
}

static void *never_null(void *memory)
{
	if (!memory)
		mem_exhausted();
	return memory;
}

void *mem_alloc(size_t size)
{
	return never_null(calloc(1, size ? size : 1));
}

void *mem_resize(void *memory, size_t size)
{
	return never_null(realloc(memory, size ? size : 1));
}

char *mem_copy_text(const char *text)
{
	return never_null(strdup(text));
}

void *mem_room(void *items, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return items;
	size_t wanted = count + count / 2 + 8;
	if (wanted > SIZE_MAX / item_size)
		mem_exhausted();
	items = mem_resize(items, wanted * item_size);
	*room = wanted;
	return items;
}

void mem_free(void *memory)
{
	free(memory);
}

void mem_free_pointer(void *pointer)
{
	void *memory;

	memcpy(&memory, pointer, sizeof(memory));
	mem_free(memory);
}

void *mem_steal(void *pointer)
{
	void *memory, *none = NULL;

	memcpy(&memory, pointer, sizeof(memory));
	memcpy(pointer, &none, sizeof(none));
	return memory;
}

/* Chunks double up to a limit: small arenas stay small, large ones make few allocations. */
static void arena_add_chunk(struct arena *arena, size_t size)
{
	size_t room = arena->room ? arena->room * 2 : ARENA_FIRST_CHUNK;

	if (room > ARENA_LARGEST_CHUNK)
		room = ARENA_LARGEST_CHUNK;
	if (room < size)
		room = size;
	struct arena_chunk *chunk = mem_resize(NULL, sizeof(*chunk) + room);
	chunk->next = arena->chunks;
	*arena = (struct arena){.chunks = chunk, .room = room};
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t step = _Alignof(max_align_t);

	if (size > SIZE_MAX / 2)
		mem_exhausted();
	size = size ? (size + step - 1) / step * step : step; /* never NULL */
	if (arena->room - arena->used < size)
		arena_add_chunk(arena, size);
	char *memory = (char *)arena->chunks->bytes + arena->used;
	arena->used += size;
	return memset(memory, 0, size);
}

char *arena_bytes(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return arena_bytes(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		mem_exhausted();
	char *text = arena_alloc(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void arena_release(struct arena *arena)
{
	struct arena_chunk *next;

	for (struct arena_chunk *chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		mem_free(chunk);
	}
	*arena = (struct arena){0};
}
