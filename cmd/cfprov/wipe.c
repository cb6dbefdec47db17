#include "wipe.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DEAD_STACK_BYTES = 256 << 10, DEAD_FRAME_BYTES = 4096 };

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
