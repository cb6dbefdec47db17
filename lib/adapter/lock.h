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
 * Takes an exclusive lock on a file of its own; does not wait. The kernel releases the lock when
 * the process ends, however it ends. *ret_info gets what is in the file: what lock_write of a
 * process wrote that has ended without lock_drop; or, if the error is ERROR_BUSY, of the process
 * that holds the lock.
 */
bool lock_take(
	struct lock *taken, const char *path, struct str *ret_info, struct error *err) MUST_CHECK;

/* Writes into the file, in place of what is there. */
bool lock_write(const struct lock *held, const char *info, struct error *err) MUST_CHECK;

/* Makes what was written durable, so that it is there after a power cut, too. */
bool lock_sync(const struct lock *held, struct error *err) MUST_CHECK;

/* True if a process holds the lock; then adds what it wrote to *ret_info. Creates nothing. */
bool lock_is_held(const char *path, struct str *ret_info) MUST_CHECK;

/*
 * Removes the file and releases the lock; or leaves it for the next one to read. False: the file
 * stays, but the lock is released.
 */
bool lock_drop(struct lock *held, struct error *err) MUST_CHECK;
void lock_leave(struct lock *held);

#endif
