#include "wipe.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEAD_STACK_BYTES = 256 << 10, DEAD_FRAME_BYTES = 1024 };

extern char **environ;

/*
 * Earlier calls left their frames below the caller's; frames of this function cover them, down to
 * `end`. The last statement keeps the recursion from becoming a loop in one frame.
 */
static void __attribute__((noinline)) wipe_dead_stack(uintptr_t end)
{
	char dead[DEAD_FRAME_BYTES];

	explicit_bzero(dead, sizeof(dead));
	/* A frame is more than its array, and the next one must fit, too. */
	if ((uintptr_t)__builtin_frame_address(0) > end + (uintptr_t)3 * DEAD_FRAME_BYTES)
		wipe_dead_stack(end);
	explicit_bzero(dead, 1);
}

/*
 * Where the stack ends. Below that it has never been, so nothing needs to be wiped, and it may be
 * unable to grow: a run that succeeded would end with SIGSEGV.
 */
static uintptr_t find_stack_end(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char is_resident;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) / page * page, end = here;

	while (here - end < DEAD_STACK_BYTES &&
		mincore((void *)(end - page), page, &is_resident) == 0)
		end -= page;
	return end;
}

void wipe_leftovers(void)
{
	for (char **it = environ; it && *it; it++) /* getenv finds nothing afterwards */
		explicit_bzero(*it, strlen(*it));
	wipe_dead_stack(find_stack_end());
}
