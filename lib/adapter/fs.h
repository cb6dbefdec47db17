/*
 * Files: who may be read, whole reads, atomic replacement, and a durable log. Nothing else in
 * cfprov calls fsync or rename.
 */
#ifndef ADAPTER_FS_H
#define ADAPTER_FS_H

#include "base/error.h"
#include "base/str.h"

/* What may be opened to be read. Links are followed, but for FS_EXACT. */
enum fs_rule {
	FS_REGULAR, /* a regular file */
	FS_INPUT,   /* also a FIFO or pipe: what can be read to its end */
	FS_OURS,    /* a regular file that passes fs_check_ours: state, journal, saved plan */
	/* As FS_INPUT, of an absolute path that was resolved before: an error if any part of it has
	 * become a link. */
	FS_EXACT,
};

/*
 * Adds the bytes of a regular file to *bytes. Refuses folders, devices and FIFOs (without blocking)
 * and files larger than `limit` bytes. ERROR_ABSENT: no such file. The second follows FS_OURS.
 */
bool fs_read(const char *path, size_t limit, struct str *bytes, struct error *err) MUST_CHECK;
bool fs_read_ours(const char *path, size_t limit, struct str *bytes, struct error *err) MUST_CHECK;

/*
 * Gives (fs_close) a descriptor to read. Neither this nor reading blocks. Errors as for fs_read.
 */
bool fs_open(const char *path, enum fs_rule rule, int *ret_fd, struct error *err) MUST_CHECK;

/*
 * True for a regular file that cfprov may believe or write into: it belongs to us, to root, to one
 * of our groups, or to the owner of its folder (who could replace it anyway; a checkout of the host
 * in a container). Hard links are refused unless it may have them.
 */
bool fs_check_ours(int fd, bool may_be_linked, const char *path, struct error *err) MUST_CHECK;

/* Gives (fs_close) a descriptor to append to a file of ours, new (mode 0600) or not; never a link.
 */
bool fs_open_to_append(const char *path, int *ret_fd, struct error *err) MUST_CHECK;

/* Closes a descriptor unless it is -1, and sets it to that. */
void fs_close(int *fd);

/* True for a folder, or a link to one. */
bool fs_is_folder(const char *path) MUST_CHECK;

/* Lends the names in a folder, in the arena, sorted by bytes, without . and .. */
bool fs_list(const char *path, struct arena *arena, const char *const **ret_names,
	size_t *ret_count, struct error *err) MUST_CHECK;

/*
 * Replaces the content of a file: at every instant, even in a power cut, it has either all of the
 * old content or all of the new. It keeps its mode, owner and group as far as we may set them; a
 * new one has mode 0600. If `backup` is not NULL, the old content is kept under that name, on any
 * file system. The temporary file is `.NAME.tmp` in the same folder: one writer at a time.
 */
bool fs_replace(const char *path, const char *backup, const struct str *bytes,
	struct error *err) MUST_CHECK;

/* Removes the temporary file that fs_replace left if it was killed. */
void fs_tidy(const char *path);

/* The same for an output: always a new file with mode 0600. A link is replaced, not followed. */
bool fs_write(const char *path, const struct str *bytes, struct error *err) MUST_CHECK;

/*
 * Checks that fs_replace or fs_write can create or replace the file: it is absent or a regular
 * file, or a link to such, in a writable folder, and is not mounted by itself.
 */
bool fs_check_target(const char *path, struct error *err) MUST_CHECK;

/*
 * Creates a file, whole or not at all, with the mode that the umask leaves. A link or a file that
 * exists and is not empty is an error, also one that appears meanwhile. The first asks beforehand.
 */
bool fs_check_new(const char *path, struct error *err) MUST_CHECK;
bool fs_create(const char *path, const struct str *bytes, struct error *err) MUST_CHECK;

/* True if both paths lead to the same file, or would if it existed. */
bool fs_is_same_file(const char *a, const char *b);

/* Removes a file, durably. Its absence is no error. */
bool fs_remove(const char *path, struct error *err) MUST_CHECK;

/* Makes durable that a path exists or is gone; with fs_sync, what is in the file, too. */
bool fs_sync_name(const char *path, struct error *err) MUST_CHECK;
bool fs_sync(int fd, const char *path, struct error *err) MUST_CHECK;

/* Creates the folders on the way to a file that do not exist yet, with mode 0700, durably. */
bool fs_make_folders(const char *path, struct error *err) MUST_CHECK;

/*
 * Gives (mem_free) cfprov/<name> in the user's state folder (XDG Base Directory Specification);
 * NULL: there is no home.
 */
char *fs_user_path(const char *name) MUST_CHECK;

/* Gives (mem_free) the path with all links followed, even to a file that does not exist yet. */
char *fs_real_path(const char *path) MUST_CHECK;

/*
 * Gives (mem_free) the same, also through folders that do not exist yet; absolute. Behind what does
 * not exist, the rest of the path stays as it is, ".." included.
 */
char *fs_full_path(const char *path) MUST_CHECK;

/*
 * Opens an absolute path as openat does, with flags of open. Fails with ELOOP or ENOTDIR if any
 * part of it is a link. Returns -1 and sets errno.
 */
int fs_open_without_links(const char *path, int flags) MUST_CHECK;

/*
 * Gives (mem_free) a path that is absolute, relative ones from `folder`. `.`, `..` and double
 * slashes are resolved by the text alone, links not at all.
 */
char *fs_plain_path(const char *folder, const char *path) MUST_CHECK;

/*
 * True if the path, links resolved, is `root` or beneath it. `root` is plain, and its own links are
 * not resolved: whoever could make it a link has led it away.
 */
bool fs_leads_beneath(const char *root, const char *path) MUST_CHECK;

/* False if there is certainly nothing at the path, which is from the folder; a link is something.
 */
bool fs_may_exist(const char *folder, const char *path) MUST_CHECK;

/*
 * True if links do not lead the file (or folder) out of the folder that its path names, nor out of
 * the current one. A descriptor, such as /dev/fd/63, is where it is.
 */
bool fs_check_in_place(const char *path, struct error *err) MUST_CHECK;

/*
 * Gives (mem_free) the path of a file from the folder of `other`, which may be a folder itself; an
 * absolute path stays as it is.
 */
char *fs_path_from(const char *other, const char *file) MUST_CHECK;

/*
 * True if the file is, or would be, in the folder of `other` (which may be a folder itself) or
 * below, after links are resolved.
 */
bool fs_is_beneath(const char *other, const char *file);

/* Gives (mem_free) DIR/<name> for DIR/NAME. */
char *fs_neighbour(const char *path, const char *name) MUST_CHECK;

/* Gives (mem_free) DIR/<before>NAME<after> for DIR/NAME. */
char *fs_sibling(const char *path, const char *before, const char *after) MUST_CHECK;

/*
 * Gives (fs_close) a descriptor that stands for the folder of a path; -1: there is none. With it,
 * the second tells later whether the path leads elsewhere: then it is false, with an error.
 */
int fs_hold_folder(const char *path) MUST_CHECK;
bool fs_check_folder(int folder, const char *path, struct error *err) MUST_CHECK;

/* True if others than the owner can write the file. */
bool fs_is_open_to_others(const char *path);

/* True if everybody can create files in the folder of the path. */
bool fs_folder_is_open(const char *path);

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

#endif
