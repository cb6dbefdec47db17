/*
 * Landlock: takes from this process the right to write anywhere but in a few folders, so that code
 * smuggled in by a server's answer could change nothing else. Best effort: the kernel may have no
 * Landlock, or it may be switched off. Everything that is open stays usable.
 *
 *     if (confine_writes(folders, count)) it is in force
 *
 * Programs that are started afterwards inherit it: start all of them before.
 */
#ifndef ADAPTER_CONFINE_H
#define ADAPTER_CONFINE_H

#include "base/error.h"

#include <stddef.h>

/*
 * From now on the calling thread, and those that it starts, can create, replace, write and remove
 * files only in these folders and below; nothing is created there but regular files. Folders that
 * do not exist are left out. True: it is in force.
 */
bool confine_writes(const char *const *folders, size_t count) MUST_CHECK;

#endif
