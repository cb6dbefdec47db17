/*
 * Files: whole reads, atomic replacement, a durable log, and a lock that can't go stale. Nothing
 * else in cfprov calls fsync or rename.
 */
#ifndef ADAPTER_FS_H
#define ADAPTER_FS_H

#include "base/error.h"
#include "base/str.h"

/*
 * Adds the bytes of a regular file to *bytes. Refuses folders, devices and FIFOs (without blocking)
 * and files larger than `limit` bytes. ERROR_ABSENT: no such file.
 */
bool fs_read(const char *path, size_t limit, struct str *bytes, struct error *err) MUST_CHECK;

/*
 * Gives (fs_close) a descriptor to read a regular file or, if it may be one, a FIFO. Neither this
 * nor reading blocks. Errors as for fs_read.
 */
bool fs_open(const char *path, bool may_be_pipe, int *ret_fd, struct error *err) MUST_CHECK;

/* Closes a descriptor unless it is -1, and sets it to that. */
void fs_close(int *fd);

/* True for a folder, or a link to one. */
bool fs_is_folder(const char *path) MUST_CHECK;

/* Lends the names in a folder, in the arena, sorted by bytes, without . and .. */
bool fs_list(const char *path, struct arena *arena, const char *const **ret_names,
	size_t *ret_count, struct error *err) MUST_CHECK;

/*
 * Replaces the content of a file: at every instant, even in a power cut, it has either all of the
 * old content or all of the new. Mode 0600. If `backup` is not NULL, the old content is kept under
 * that name, on any file system. The temporary file is `.NAME.tmp` in the same folder: one writer
 * at a time.
 */
bool fs_replace(const char *path, const char *backup, const struct str *bytes,
	struct error *err) MUST_CHECK;

/*
 * Checks that fs_replace can create or replace the file: it is absent or a regular file, in a
 * writable folder. Follows links.
 */
bool fs_check_target(const char *path, struct error *err) MUST_CHECK;

/*
 * Creates a file, whole or not at all, with the mode that the umask leaves. A file that exists and
 * is not empty is an error, also one that appears meanwhile. Follows links. The first asks
 * beforehand.
 */
bool fs_check_new(const char *path, struct error *err) MUST_CHECK;
bool fs_create(const char *path, const struct str *bytes, struct error *err) MUST_CHECK;

/* True if both paths lead to the same file, or would if it existed. */
bool fs_is_same_file(const char *a, const char *b);

/* Removes a file, durably. Its absence is no error. */
bool fs_remove(const char *path, struct error *err) MUST_CHECK;

/* Gives (mem_free) the path with all links followed, even to a file that does not exist yet. */
char *fs_real_path(const char *path) MUST_CHECK;

/*
 * Gives (mem_free) the path of a file from the folder of `other`, which may be a folder itself; an
 * absolute path stays as it is.
 */
char *fs_path_from(const char *other, const char *file) MUST_CHECK;

/* Gives (mem_free) DIR/<name> for DIR/NAME. */
char *fs_neighbour(const char *path, const char *name) MUST_CHECK;

/* Gives (mem_free) DIR/<before>NAME<after> for DIR/NAME. */
char *fs_sibling(const char *path, const char *before, const char *after) MUST_CHECK;

/* True if others than the owner can write the file. */
bool fs_is_open_to_others(const char *path);

/* True if files can be created and replaced in the folder of the path. */
bool fs_may_write_beside(const char *path);

/* ---- a log: durable record by record ---- */

struct fs_log {
	int fd; /* -1: not open */
	char *path;
	size_t size_bytes; /* durable */
};

/* Creates an empty log (mode 0600) in place of whatever has its name. */
bool fs_log_create(struct fs_log *log, const char *path, struct error *err) MUST_CHECK;

/*
 * Appends the bytes and returns when they are durable. After a failure, what was written is cut off
 * again if possible, so that the log still ends with a whole record.
 */
bool fs_log_append(struct fs_log *log, const struct str *bytes, struct error *err) MUST_CHECK;

void fs_log_close(struct fs_log *log);

/* ---- a lock ---- */

struct fs_lock {
	int fd; /* -1: not held */
	char *path;
};

/*
 * Takes an exclusive lock on a file of its own and writes `info` into it; does not wait. The kernel
 * releases the lock when the process ends, however it ends. ERROR_BUSY: another process holds it;
 * *ret_info then has what that process wrote.
 */
bool fs_lock_take(struct fs_lock *taken, const char *path, const char *info, struct str *ret_info,
	struct error *err) MUST_CHECK;

/* True if a process holds the lock; then adds what it wrote to *ret_info. Creates nothing. */
bool fs_lock_is_held(const char *path, struct str *ret_info) MUST_CHECK;

/* Removes the file and releases the lock. */
void fs_lock_drop(struct fs_lock *held);

#endif
