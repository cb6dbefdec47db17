/*
 * Files: whole reads, atomic replacement, a log that is durable, and a lock that can't go stale.
 * The only place in cfprov that fsyncs or renames.
 */
#ifndef ADAPTER_FS_H
#define ADAPTER_FS_H

#include "base/error.h"
#include "base/str.h"

#include <sys/stat.h>

/*
 * Adds the bytes of a regular file to *bytes. Refuses folders, devices and FIFOs (without
 * blocking on them) and files over `limit` bytes. ERROR_ABSENT: there is no such file.
 */
bool fs_read(const char *path, size_t limit, struct str *bytes, struct error *err) MUST_CHECK;

/*
 * Gives (close) a regular file to read from, or if it may be, a pipe; nothing is waited for, also
 * not in reading from it. The same errors.
 */
bool fs_open(const char *path, bool may_be_pipe, int *ret_fd, struct stat *ret_status,
	struct error *err) MUST_CHECK;

/* Is there a folder (or a link to one) of this name? */
bool fs_is_folder(const char *path) MUST_CHECK;

/* Lends, in the arena, the names of what stands in a folder, sorted by bytes; . and .. don't. */
bool fs_list(const char *path, struct arena *arena, const char *const **ret_names,
	size_t *ret_count, struct error *err) MUST_CHECK;

/*
 * Makes the file at `path` hold these bytes: at every instant, also of a power cut, it has either
 * all of the old content or all of the new. Mode 0600. If `backup` is not NULL, the old content
 * stays under that name, on whatever file system. The temporary file is `.NAME.tmp` beside it: one
 * writer at a time.
 */
bool fs_replace(const char *path, const char *backup, const struct str *bytes,
	struct error *err) MUST_CHECK;

/*
 * Can fs_replace make or replace a file of this name: is there none, or a regular one, in a folder
 * that can be written? Links are followed.
 */
bool fs_check_target(const char *path, struct error *err) MUST_CHECK;

/* Do both paths lead to one file, or would they, once it is there? */
bool fs_is_same_file(const char *a, const char *b);

/* Removes a file, durably; it is no error if there is none. */
bool fs_remove(const char *path, struct error *err) MUST_CHECK;

/*
 * Gives (free) the path with links followed, also those to a file that does not exist yet; a copy
 * of the path itself if there is nothing.
 */
char *fs_real_path(const char *path) MUST_CHECK;

/* Gives (free) DIR/<name> for DIR/NAME: another file in the same folder. */
char *fs_neighbour(const char *path, const char *name) MUST_CHECK;

/* Gives (free) DIR/<before>NAME<after> for DIR/NAME. */
char *fs_sibling(const char *path, const char *before, const char *after) MUST_CHECK;

/* Can anybody but its owner write the file? Absent: no. */
bool fs_is_open_to_others(const char *path);

/* May we make and replace files in the folder of this path? */
bool fs_may_write_beside(const char *path);

/* ---- a log: appended to, durable record by record ---- */

struct fs_log {
	int fd; /* -1: not open */
	char *path;
	size_t size_bytes; /* of what is durable */
};

/* Makes a new, empty log (mode 0600), in place of whatever had its name. */
bool fs_log_create(struct fs_log *log, const char *path, struct error *err) MUST_CHECK;

/*
 * Appends the bytes and returns when they are durable. On failure what was written is cut off
 * again where that is possible, so that the log still ends with a whole record.
 */
bool fs_log_append(struct fs_log *log, const struct str *bytes, struct error *err) MUST_CHECK;

void fs_log_close(struct fs_log *log);

/* ---- a lock ---- */

struct fs_lock {
	int fd; /* -1: not held */
	char *path;
};

/*
 * Takes an exclusive lock on a file made for the purpose and writes `info` into it. The kernel
 * drops the lock with the process, however it ends. ERROR_BUSY: somebody holds it; then *ret_info
 * (a str to add to) has what the holder wrote. Does not wait.
 */
bool fs_lock_take(struct fs_lock *lock, const char *path, const char *info, struct str *ret_info,
	struct error *err) MUST_CHECK;

/* Does somebody hold it? Adds what the holder wrote to *ret_info. Takes and makes nothing. */
bool fs_lock_is_held(const char *path, struct str *ret_info) MUST_CHECK;

/* Removes the file and lets the lock go. */
void fs_lock_drop(struct fs_lock *lock);

#endif
