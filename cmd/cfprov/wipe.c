/*
 * All memory is overwritten when it is freed, also by libcurl, nghttp2, OpenSSL, cJSON, libyaml and
 * the C library: the program defines free and realloc, and the dynamic linker gives them to every
 * library. The blocks are still glibc's, so it does not matter who allocated them, or when.
 *
 * This is not part of the library, because it would be linked into everything that frees.
 * Sanitizers have an allocator of their own, which fills freed memory anyway.
 */
#include "wipe.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DEAD_STACK_BYTES = 256 << 10, DEAD_FRAME_BYTES = 4096 };

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#endif

#if !defined(IS_SANITIZED) && defined(__GLIBC__)

/* glibc's own functions, for programs that define the usual names. */
extern void *__libc_malloc(size_t size);
extern void __libc_free(void *memory);

/* The C library's headers call their parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* Leaves errno alone, as glibc's does. */
void free(void *memory)
{
#ifndef CFPROV_CANARY_LEAVES_OUT_THIS_WIPE /* in a program of tests/canary, never installed */
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
#endif
	__libc_free(memory);
}

/* Moves by hand: glibc would leave the old bytes where they were. */
void *realloc(void *memory, size_t size)
{
	size_t room = memory ? malloc_usable_size(memory) : 0;

	if (!memory)
		return __libc_malloc(size);
	if (!size) { /* as glibc does */
		free(memory);
		return NULL;
	}
	if (size <= room && size >= room / 2)
		return memory;
	void *moved = __libc_malloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, memory, size < room ? size : room);
	free(memory);
	return moved;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#elif !defined(IS_SANITIZED)
#warning "freed memory is not wiped: this C library is not glibc"
#endif

extern char **environ;

/*
 * Earlier calls left their frames below the caller's; so many frames of this function cover them.
 * The last statement keeps the recursion from becoming a loop in one frame.
 */
static void __attribute__((noinline)) wipe_dead_stack(size_t frames)
{
	char dead[DEAD_FRAME_BYTES];

	explicit_bzero(dead, sizeof(dead));
	if (frames > 1)
		wipe_dead_stack(frames - 1);
	explicit_bzero(dead, 1);
}

void wipe_leftovers(void)
{
	size_t bytes = DEAD_STACK_BYTES;
	struct rlimit limit;

	for (char **it = environ; it && *it; it++) /* getenv finds nothing afterwards */
		explicit_bzero(*it, strlen(*it));
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur / 4 < bytes)
		bytes = limit.rlim_cur / 4; /* of a small stack, a quarter */
	wipe_dead_stack(bytes / DEAD_FRAME_BYTES);
}
