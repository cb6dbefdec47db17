#define _GNU_SOURCE /* F_OFD_SETLK */
#include "adapter/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_STEP = 1 << 16, LOCK_INFO_LIMIT = 4096, LINK_LIMIT = 40 };

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool fs_open(
	const char *path, bool may_be_pipe, int *ret_fd, struct stat *ret_status, struct error *err)
{
	int fd;

	do /* non-blocking, so that a FIFO without a writer does not hang us here */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		int why = errno;
		error_set_errno(err, why, "can't open %s", path);
		if (why == ENOENT)
			err->code = ERROR_ABSENT;
	} else if (fstat(fd, ret_status) != 0) {
		error_set_errno(err, errno, "can't read %s", path);
	} else if (S_ISDIR(ret_status->st_mode)) {
		error_set(err, "%s is a folder, not a file", path);
	} else if (S_ISREG(ret_status->st_mode) || (may_be_pipe && S_ISFIFO(ret_status->st_mode))) {
		*ret_fd = fd;
		return true;
	} else {
		error_set(err, "%s is not a regular file%s", path, may_be_pipe ? " or a pipe" : "");
	}
	close_file(&fd);
	return false;
}

static bool read_all(int fd, const char *path, size_t limit, struct str *bytes, struct error *err)
{
	size_t before = bytes->length;
	ssize_t n;

	do {
		str_reserve(bytes, READ_STEP);
		do
			n = read(fd, bytes->bytes + bytes->length, READ_STEP);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return error_set_errno(err, errno, "can't read %s", path);
		bytes->length += (size_t)n;
		if (bytes->length - before > limit)
			return error_set(err, "%s is larger than %zu bytes", path, limit);
	} while (n);
	bytes->bytes[bytes->length] = '\0';
	return true;
}

bool fs_read(const char *path, size_t limit, struct str *bytes, struct error *err)
{
	int fd CLEANUP(close_file) = -1;
	struct stat status;

	return fs_open(path, false, &fd, &status, err) && read_all(fd, path, limit, bytes, err);
}

bool fs_is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool fs_list(const char *path, struct arena *arena, const char *const **ret_names,
	size_t *ret_count, struct error *err)
{
	DIR *folder = opendir(path);
	const char **names = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;

	if (!folder)
		return error_set_errno(err, errno, "can't read the folder %s", path);
	for (errno = 0; (entry = readdir(folder)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names = mem_room((void *)names, count, &room, sizeof(*names));
		names[count++] = arena_text(arena, entry->d_name);
	}
	int trouble = errno;
	closedir(folder);
	const char **sorted = arena_alloc(arena, count * sizeof(*sorted));
	if (count) {
		qsort((void *)names, count, sizeof(*names), compare_names);
		memcpy((void *)sorted, (void *)names, count * sizeof(*sorted));
	}
	free((void *)names);
	if (trouble)
		return error_set_errno(err, trouble, "can't read the folder %s", path);
	*ret_names = sorted;
	*ret_count = count;
	return true;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* A rename or a new name is durable when its folder is. */
static bool sync_folder_of(const char *path, struct error *err)
{
	char *folder AUTO_FREE = mem_copy_text(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = '\0';
	int fd CLEANUP(close_file) = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems can't sync a folder and say EINVAL; they have no more to offer. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		return error_set_errno(err, errno, "can't make the folder of %s durable", path);
	return true;
}

static bool write_new(const char *path, const struct str *bytes, struct error *err)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(err, errno, "can't remove the old %s", path);
	int fd CLEANUP(close_file) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, errno, "can't create %s", path);
	if (!write_all(fd, str_text(bytes), bytes->length) || fsync(fd) != 0) {
		error_set_errno(err, errno, "can't write %s", path);
		(void)unlink(path);
		return false;
	}
	return true;
}

/* How much of the path is its folder, with the slash. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool is_linkless(int why)
{
	return why == EXDEV || why == EPERM || why == EOPNOTSUPP || why == EMLINK;
}

/*
 * A second name for the old content, or where the file system has no such thing, a copy: there is
 * no moment without a file at `path`. *ret_is_kept: there was something to keep.
 */
static bool keep_as(const char *path, const char *fresh, bool *ret_is_kept, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	*ret_is_kept = true;
	(void)unlink(fresh);
	if (link(path, fresh) == 0) {
		(void)chmod(fresh, 0600); /* as it would be if we had written it */
		return true;
	}
	int why = errno;
	if (is_linkless(why))
		return fs_read(path, SIZE_MAX, &bytes, err) && write_new(fresh, &bytes, err);
	*ret_is_kept = why != ENOENT || access(path, F_OK) == 0;
	return !*ret_is_kept || error_set_errno(err, why, "can't make %s", fresh);
}

static bool keep_backup(const char *path, const char *backup, struct error *err)
{
	char *fresh AUTO_FREE = fs_sibling(backup, ".", ".tmp");
	bool is_kept;

	if (!keep_as(path, fresh, &is_kept, err))
		return error_prefix(err, "can't keep %s as %s", path, backup);
	if (!is_kept)
		return true;
	if (rename(fresh, backup) != 0) {
		error_set_errno(err, errno, "can't keep %s as %s", path, backup);
		(void)unlink(fresh);
		return false;
	}
	/* If both were names of one file already, rename does nothing and leaves both. */
	(void)unlink(fresh);
	/* That of `path` is synced in a moment. */
	size_t length = folder_length(backup);
	bool is_beside = folder_length(path) == length && memcmp(path, backup, length) == 0;
	return is_beside || sync_folder_of(backup, err);
}

bool fs_replace(const char *path, const char *backup, const struct str *bytes, struct error *err)
{
	char *fresh AUTO_FREE = fs_sibling(path, ".", ".tmp");

	if (!write_new(fresh, bytes, err))
		return false;
	if (backup && !keep_backup(path, backup, err)) {
		(void)unlink(fresh);
		return false;
	}
	if (rename(fresh, path) != 0) {
		error_set_errno(err, errno, "can't replace %s", path);
		(void)unlink(fresh);
		return false;
	}
	return sync_folder_of(path, err);
}

bool fs_remove(const char *path, struct error *err)
{
	if (unlink(path) != 0)
		return errno == ENOENT || error_set_errno(err, errno, "can't remove %s", path);
	return sync_folder_of(path, err);
}

char *fs_neighbour(const char *path, const char *name)
{
	struct str neighbour = {0};

	str_add(&neighbour, path, folder_length(path));
	str_text_add(&neighbour, name);
	return str_steal(&neighbour);
}

/* Where a link that leads to nothing says that something should be; NULL: that leads nowhere. */
static char *follow_links(const char *path)
{
	char *at = mem_copy_text(path);

	for (int links = 0; links < LINK_LIMIT; links++) {
		char target[PATH_MAX];
		ssize_t length = readlink(at, target, sizeof(target));
		if (length < 0)
			return at;
		if ((size_t)length == sizeof(target))
			break;
		target[length] = '\0';
		char *next = *target == '/' ? mem_copy_text(target) : fs_neighbour(at, target);
		free(at);
		at = next;
	}
	free(at);
	return NULL;
}

char *fs_real_path(const char *path)
{
	char *real = realpath(path, NULL);

	if (!real)
		real = follow_links(path);
	return real ? real : mem_copy_text(path);
}

char *fs_sibling(const char *path, const char *before, const char *after)
{
	struct str sibling = {0};
	size_t length = folder_length(path);

	str_add(&sibling, path, length);
	str_format(&sibling, "%s%s%s", before, path + length, after);
	return str_steal(&sibling);
}

bool fs_is_open_to_others(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH));
}

bool fs_may_write_beside(const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");

	return access(folder, W_OK | X_OK) == 0;
}

bool fs_check_target(const char *path, struct error *err)
{
	char *real AUTO_FREE = fs_real_path(path);
	struct stat status;

	if (stat(real, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return error_set(err, "%s is a folder, not a file", path);
		if (!S_ISREG(status.st_mode))
			return error_set(err, "%s is not a regular file", path);
	} else if (errno != ENOENT) {
		return error_set_errno(err, errno, "can't write %s", path);
	}
	char *folder AUTO_FREE = fs_neighbour(real, ".");
	return access(folder, W_OK | X_OK) == 0 ||
	       error_set_errno(err, errno, "can't write into the folder of %s", path);
}

bool fs_is_same_file(const char *a, const char *b)
{
	char *real_a AUTO_FREE = fs_real_path(a), *real_b AUTO_FREE = fs_real_path(b);
	char *folder_a AUTO_FREE = fs_neighbour(real_a, "."),
		       *folder_b AUTO_FREE = fs_neighbour(real_b, ".");
	struct stat x, y;

	bool has_a = stat(real_a, &x) == 0, has_b = stat(real_b, &y) == 0;
	if (has_a != has_b)
		return false;
	if (!has_a &&
		(strcmp(real_a + folder_length(real_a), real_b + folder_length(real_b)) != 0 ||
			stat(folder_a, &x) != 0 || stat(folder_b, &y) != 0))
		return false;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* ---- log ---- */

bool fs_log_create(struct fs_log *log, const char *path, struct error *err)
{
	*log = (struct fs_log){.fd = -1};
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(err, errno, "can't remove the old %s", path);
	log->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (log->fd < 0)
		return error_set_errno(err, errno, "can't create %s", path);
	log->path = mem_copy_text(path);
	return sync_folder_of(path, err);
}

bool fs_log_append(struct fs_log *log, const struct str *bytes, struct error *err)
{
	if (!write_all(log->fd, str_text(bytes), bytes->length) || fdatasync(log->fd) != 0) {
		error_set_errno(err, errno, "can't write %s", log->path);
		if (ftruncate(log->fd, (off_t)log->size_bytes) != 0)
			error_hint(err,
				"It may end with half a record, which is ignored when it is read.");
		return false;
	}
	log->size_bytes += bytes->length;
	return true;
}

void fs_log_close(struct fs_log *log)
{
	close_file(&log->fd);
	free(log->path);
	*log = (struct fs_log){.fd = -1};
}

/* ---- lock ---- */

/* Is the locked file still the one that stands at the path? Its last holder may have removed it. */
static bool is_still_at(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

/* ENOLCK and the like: of NFS without a lock daemon, and some network and FUSE file systems. */
static void refuse_lock(const char *path, int why, struct error *err)
{
	error_set_errno(err, why, "can't lock %s", path);
	if (why == ENOLCK || why == ENOSYS || why == EOPNOTSUPP || why == EINVAL)
		error_hint(err,
			"This file system can't lock files (NFS needs its lock service). Keep the "
			"state on another one; or pass -lock=false, if nothing else can run cfprov "
			"with this state at the same time.");
}

/* 1: locked; 0: the file went away under us, try again; -1: failed, *err says why. */
static int try_lock(struct fs_lock *lock, const char *path, struct str *ret_info, struct error *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0) {
		error_set_errno(err, errno, "can't open the lock %s", path);
		return -1;
	}
	if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
		if (errno == EAGAIN || errno == EACCES) {
			struct error ignored CLEANUP(error_release) = {0};
			(void)!read_all(fd, path, LOCK_INFO_LIMIT, ret_info, &ignored);
			error_set_code(err, ERROR_BUSY, "%s is locked", path);
		} else {
			refuse_lock(path, errno, err);
		}
		close(fd);
		return -1;
	}
	if (!is_still_at(fd, path)) {
		close(fd);
		return 0;
	}
	*lock = (struct fs_lock){.fd = fd, .path = mem_copy_text(path)};
	return 1;
}

bool fs_lock_take(struct fs_lock *lock, const char *path, const char *info, struct str *ret_info,
	struct error *err)
{
	int got;

	*lock = (struct fs_lock){.fd = -1};
	do
		got = try_lock(lock, path, ret_info, err);
	while (got == 0);
	if (got < 0)
		return false;
	if (ftruncate(lock->fd, 0) != 0 || !write_all(lock->fd, info, strlen(info))) {
		error_set_errno(err, errno, "can't write the lock %s", path);
		fs_lock_drop(lock);
		return false;
	}
	return true;
}

bool fs_lock_is_held(const char *path, struct str *ret_info)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct error ignored CLEANUP(error_release) = {0};
	int fd CLEANUP(close_file) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_OFD_GETLK, &whole) != 0 || whole.l_type == F_UNLCK)
		return false;
	(void)!read_all(fd, path, LOCK_INFO_LIMIT, ret_info, &ignored);
	return true;
}

void fs_lock_drop(struct fs_lock *lock)
{
	if (lock->fd >= 0 && lock->path) {
		(void)unlink(lock->path);
		close(lock->fd);
	}
	free(lock->path);
	*lock = (struct fs_lock){.fd = -1};
}
