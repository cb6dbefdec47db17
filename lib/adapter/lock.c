#define _GNU_SOURCE /* F_OFD_SETLK */
#include "adapter/lock.h"

#include "adapter/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INFO_LIMIT = 4096 };

/* False: the last holder has removed the file that is locked, and others can make a new one. */
static bool is_still_at(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

static void read_holder(int fd, struct str *ret_info)
{
	char info[INFO_LIMIT];
	ssize_t length = pread(fd, info, sizeof(info), 0);

	if (length > 0)
		str_add(ret_info, info, (size_t)length);
}

/* Over NFS, a signal can interrupt even a request that does not wait. */
static int ask_for_lock(int fd, int command, struct flock *whole)
{
	int status;

	do
		status = fcntl(fd, command, whole);
	while (status != 0 && errno == EINTR);
	return status;
}

/* Returns a descriptor that holds the lock; -1: failed. */
static int open_locked(const char *path, struct str *ret_info, struct error *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 && errno == ELOOP) {
		error_set(err, "the lock file %s is a symbolic link", path);
		error_hint(err, "Remove it. cfprov creates a new one.");
	} else if (fd < 0) {
		error_set_errno(err, errno, "can't open the lock file %s", path);
	} else if (!fs_check_ours(fd, false, path, err)) {
		error_prefix(err, "can't use the lock file");
		fs_close(&fd);
	}
	if (fd < 0)
		return -1;
	if (ask_for_lock(fd, F_OFD_SETLK, &whole) == 0)
		return fd;
	int why = errno;
	if (why == EAGAIN || why == EACCES) {
		read_holder(fd, ret_info);
		error_set_code(err, ERROR_BUSY, "%s is locked", path);
	} else {
		error_set_errno(err, why, "can't lock %s", path);
	}
	/* From NFS without a lock daemon, and some network and FUSE file systems. */
	if (why == ENOLCK || why == ENOSYS || why == EOPNOTSUPP || why == EINVAL)
		error_hint(err,
			"This file system does not support file locks (NFS needs its lock "
			"service). Keep the state on another file system, or pass -lock=false "
			"if no other cfprov can use this state at the same time.");
	close(fd);
	return -1;
}

bool lock_take(struct lock *taken, const char *path, struct str *ret_info, struct error *err)
{
	*taken = (struct lock){.fd = open_locked(path, ret_info, err)};
	while (taken->fd >= 0 && !is_still_at(taken->fd, path)) {
		close(taken->fd);
		taken->fd = open_locked(path, ret_info, err);
	}
	if (taken->fd < 0)
		return false;
	taken->path = mem_copy_text(path);
	read_holder(taken->fd, ret_info);
	return true;
}

bool lock_write(const struct lock *held, const char *info, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};
	off_t length = (off_t)strlen(info), old = lseek(held->fd, 0, SEEK_END);

	/* In one go, so that a kill leaves either: line breaks cover what is longer. */
	str_text_add(&text, info);
	if (old > length)
		str_repeat(&text, '\n', (size_t)(old - length));
	ssize_t written = pwrite(held->fd, text.bytes, text.length, 0);
	if (written >= 0 && written < (ssize_t)text.length)
		errno = ENOSPC; /* less was written, which is no error of its own */
	return (written == (ssize_t)text.length && ftruncate(held->fd, length) == 0) ||
	       error_set_errno(err, errno, "can't write the lock file %s", held->path);
}

bool lock_sync(const struct lock *held, struct error *err)
{
	return fs_sync(held->fd, held->path, err);
}

bool lock_is_held(const char *path, struct str *ret_info)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct error ignored CLEANUP(error_release) = {0};
	int fd CLEANUP(fs_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || !fs_check_ours(fd, false, path, &ignored) ||
		ask_for_lock(fd, F_OFD_GETLK, &whole) != 0 || whole.l_type == F_UNLCK)
		return false;
	read_holder(fd, ret_info);
	return true;
}

bool lock_drop(struct lock *held, struct error *err)
{
	bool is_gone = held->fd < 0 || !held->path || unlink(held->path) == 0 || errno == ENOENT ||
		       error_set_errno(err, errno, "can't remove %s", held->path);

	lock_leave(held);
	return is_gone;
}

void lock_leave(struct lock *held)
{
	fs_close(&held->fd);
	mem_free(held->path);
	held->path = NULL;
}
