#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of what callers get. Whoever frees something else, or twice, meets a wrong check. */
struct block {
	_Alignas(max_align_t) size_t size;
	uint64_t check; /* of the size and the address */
	max_align_t bytes[];
};

static_assert(sizeof(struct block) == 16 || sizeof(void *) != 8, "the check precedes the bytes");

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t bytes[];
};

enum { ARENA_FIRST_CHUNK = 1024, ARENA_LARGEST_CHUNK = 1 << 20 };

static void (*tell)(void);

void mem_set_tell(void (*exhausted)(void))
{
	tell = exhausted;
}

void mem_exhausted(void)
{
	if (tell)
		tell();
	abort();
}

/*
 * Differs from run to run, as addresses do. The upper half is all ones, the last three bits are
 * zero: glibc's free takes the word in front of a pointer for a size with three flags, and refuses
 * one like that.
 */
static uint64_t check_of(const struct block *block, size_t size)
{
	static const char here;
	uint64_t mixed = (uint64_t)(uintptr_t)block * 0x9e3779b97f4a7c15 + (uintptr_t)&here;

	mixed = (mixed ^ size) * 0xff51afd7ed558ccd;
	return (mixed >> 32 | 0xffffffff00000000) & ~(uint64_t)7;
}

/* Gives the memory of a block that is not yet one; NULL: memory has run out. */
static void *start_block(struct block *block, size_t size)
{
	if (!block)
		mem_exhausted();
	block->size = size;
	block->check = check_of(block, size);
	return block->bytes;
}

/* The only way from a pointer to its block, whose size can be trusted. */
static struct block *block_of(void *memory)
{
	struct block *block = (struct block *)(void *)((char *)memory - sizeof(struct block));

	if (block->check != check_of(block, block->size))
		abort(); /* freed before, or not ours, or something wrote over it */
	return block;
}

static size_t with_block(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct block))
		mem_exhausted();
	return sizeof(struct block) + size;
}

void *mem_alloc(size_t size)
{
	return start_block(calloc(1, with_block(size)), size);
}

/* Moves by hand: realloc would leave the old bytes where they were. */
void *mem_resize(void *memory, size_t size)
{
	size_t before = memory ? block_of(memory)->size : 0;

	if (memory && size <= before && size >= before / 2)
		return memory;
	void *moved = start_block(malloc(with_block(size)), size);
	if (memory)
		memcpy(moved, memory, size < before ? size : before);
	mem_free(memory);
	return moved;
}

char *mem_copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(mem_resize(NULL, size), text, size);
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
	if (!memory)
		return;
	struct block *block = block_of(memory);
	explicit_bzero(block, sizeof(*block) + block->size);
	free(block);
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

/* Lends bytes, which are not zeroed, at a multiple of `step`. */
static void *take(struct arena *arena, size_t size, size_t step)
{
	size_t at = (arena->used + step - 1) / step * step;

	if (size > SIZE_MAX / 2)
		mem_exhausted();
	if (at > arena->room || arena->room - at < size) {
		arena_add_chunk(arena, size);
		at = 0;
	}
	arena->used = at + size;
	return (char *)arena->chunks->bytes + at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size += !size; /* never NULL */
	return memset(take(arena, size, _Alignof(max_align_t)), 0, size);
}

char *arena_bytes(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = take(arena, length + 1, 1);

	if (length)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
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
	char *text = take(arena, (size_t)length + 1, 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void arena_join(struct arena *arena, struct arena *other)
{
	struct arena_chunk *last = other->chunks;

	if (!arena->chunks) {
		*arena = *other;
	} else if (last) {
		while (last->next)
			last = last->next;
		last->next = arena->chunks->next;
		arena->chunks->next = other->chunks;
	}
	*other = (struct arena){0};
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
