/*
 * A lock that can't go stale: on a file of its own, which the kernel unlocks when the process ends.
 * The file is never a link, has no other name, and is one that we trust (see fs_check_ours), so
 * that writing into it harms nothing.
 */
#ifndef ADAPTER_LOCK_H
#define ADAPTER_LOCK_H

#include "base/error.h"
#include "base/str.h"

struct lock {
	int fd; /* -1: not held */
	char *path;
};

/*
 * Takes an exclusive lock on a file of its own and writes `info` into it; does not wait. The kernel
 * releases the lock when the process ends, however it ends. ERROR_BUSY: another process holds it;
 * *ret_info then has what that process wrote.
 */
bool lock_take(struct lock *taken, const char *path, const char *info, struct str *ret_info,
	struct error *err) MUST_CHECK;

/* True if a process holds the lock; then adds what it wrote to *ret_info. Creates nothing. */
bool lock_is_held(const char *path, struct str *ret_info) MUST_CHECK;

/* Removes the file and releases the lock. */
void lock_drop(struct lock *held);

#endif
