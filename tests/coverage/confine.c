/*
 * A program that was built for coverage writes its counters when it exits, when cfprov has long
 * given up the right to write. So the linker puts this in the way (--wrap): it adds the folder of
 * the build, COVERAGE_BUILD, to those that may be written.
 */
#include "adapter/confine.h"

#include "base/mem.h"

#include <string.h>

#ifndef COVERAGE_BUILD /* the guards compile it, too */
#define COVERAGE_BUILD "."
#endif

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
bool __real_confine_writes(const char *const *folders, size_t count);
bool __wrap_confine_writes(const char *const *folders, size_t count);

bool __wrap_confine_writes(const char *const *folders, size_t count)
{
	const char **more AUTO_FREE = mem_alloc((count + 1) * sizeof(*more));

	if (count)
		memcpy(more, folders, count * sizeof(*more));
	more[count] = COVERAGE_BUILD;
	return __real_confine_writes(more, count + 1);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
