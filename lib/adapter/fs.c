#include "adapter/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h> /* statx: musl has none */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_STEP = 1 << 16, LINK_LIMIT = 40 };
enum { PRIVATE = 0600, PUBLIC = 0666 }; /* modes; the umask counts, too */

void fs_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Refuses what no rule allows. A FIFO without a writer does not block. */
static bool check_kind(
	const struct stat *status, bool may_be_pipe, const char *path, struct error *err)
{
	if (S_ISREG(status->st_mode) || (may_be_pipe && S_ISFIFO(status->st_mode)))
		return true;
	if (S_ISDIR(status->st_mode))
		return error_set(err, "%s is a directory, not a file", path);
	return error_set(err, "%s is not a regular file%s", path, may_be_pipe ? " or a pipe" : "");
}

static bool is_our_group(gid_t group)
{
	int count = getgroups(0, NULL);
	gid_t *groups AUTO_FREE = mem_alloc((size_t)(count > 0 ? count : 1) * sizeof(*groups));

	count = getgroups(count, groups);
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return group == getegid();
}

static bool owns_folder_of(uid_t user, const char *path)
{
	char *real AUTO_FREE = fs_real_path(path), *folder AUTO_FREE = fs_neighbour(real, ".");
	struct stat status;

	return stat(folder, &status) == 0 && status.st_uid == user;
}

bool fs_check_ours(int fd, bool may_be_linked, const char *path, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return error_set_errno(err, errno, "can't read %s", path);
	if (!check_kind(&status, false, path, err))
		return false;
	if (!may_be_linked && status.st_nlink > 1) {
		error_set(err, "%s has another name (a hard link)", path);
		return error_hint(err, "Remove it. cfprov creates a new one.");
	}
	if (status.st_uid == geteuid() || status.st_uid == 0 || is_our_group(status.st_gid) ||
		owns_folder_of(status.st_uid, path))
		return true;
	error_set(err, "%s belongs to another user (uid %lu)", path, (unsigned long)status.st_uid);
	return error_hint(err,
		"cfprov trusts files of its own user, its groups, root and the owner of the "
		"directory. If you trust this one, change its owner with `chown`.");
}

bool fs_open(const char *path, enum fs_rule rule, int *ret_fd, struct error *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	bool may_be_pipe = rule == FS_INPUT || rule == FS_EXACT;
	struct stat status;
	int fd;

	/* Opening a FIFO would end its writer, and opening a device may have effects of its own. */
	if (!may_be_pipe && stat(path, &status) == 0 && !check_kind(&status, false, path, err))
		return false;
	do /* non-blocking: a FIFO without a writer must not hang us here */
		fd = rule == FS_EXACT ? fs_open_without_links(path, flags) : open(path, flags);
	while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		int why = errno;
		error_set_errno(err, why, "can't open %s", path);
		if (why == ENOENT)
			err->code = ERROR_ABSENT;
	} else if (fstat(fd, &status) != 0) {
		error_set_errno(err, errno, "can't read %s", path);
	} else if (check_kind(&status, may_be_pipe, path, err) &&
		   (rule != FS_OURS || fs_check_ours(fd, true, path, err))) {
		*ret_fd = fd;
		return true;
	}
	fs_close(&fd);
	return false;
}

bool fs_open_to_append(const char *path, int *ret_fd, struct error *err)
{
	int fd = open(path,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK,
		PRIVATE);

	if (fd < 0)
		return errno == ELOOP ? error_set(err, "%s is a symbolic link", path)
				      : error_set_errno(err, errno, "can't open %s", path);
	if (fs_check_ours(fd, false, path, err)) {
		*ret_fd = fd;
		return true;
	}
	fs_close(&fd);
	return false;
}

static bool read_all(int fd, const char *path, size_t limit, struct str *bytes, struct error *err)
{
	size_t before = bytes->length;
	struct stat status;
	ssize_t n;

	/* Of a pipe, and of a file that grows, the size is not known. */
	if (fstat(fd, &status) == 0 && status.st_size > 0 && (size_t)status.st_size <= limit)
		str_reserve(bytes, (size_t)status.st_size + READ_STEP);
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
	int fd CLEANUP(fs_close) = -1;

	return fs_open(path, FS_REGULAR, &fd, err) && read_all(fd, path, limit, bytes, err);
}

bool fs_read_ours(const char *path, size_t limit, struct str *bytes, struct error *err)
{
	int fd CLEANUP(fs_close) = -1;

	return fs_open(path, FS_OURS, &fd, err) && read_all(fd, path, limit, bytes, err);
}

/* 0: it does not exist. */
static mode_t mode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_mode : 0;
}

bool fs_is_folder(const char *path)
{
	return S_ISDIR(mode_of(path));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool fs_list(const char *path, struct arena *arena, const char *const **ret_names,
	size_t *ret_count, struct error *err)
{
	const char **names AUTO_FREE = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;
	DIR *folder = opendir(path);

	while (folder && (errno = 0, entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names = mem_room(names, count, &room, sizeof(*names));
		names[count++] = arena_text(arena, entry->d_name);
	}
	int failure = errno;
	if (folder)
		closedir(folder);
	if (!folder || failure)
		return error_set_errno(err, failure, "can't read the directory %s", path);
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	const char **sorted = arena_alloc(arena, count * sizeof(*sorted));
	if (count)
		memcpy(sorted, names, count * sizeof(*sorted));
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

bool fs_sync_name(const char *path, struct error *err)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");
	int fd CLEANUP(fs_close) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems can't sync a folder and say EINVAL; they have no more to offer. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		return error_set_errno(err, errno, "can't sync the directory of %s", path);
	return true;
}

bool fs_sync(int fd, const char *path, struct error *err)
{
	if (fsync(fd) != 0)
		return error_set_errno(err, errno, "can't sync %s", path);
	return fs_sync_name(path, err);
}

/* Creates a file, in place of whatever has its name. Returns its descriptor; -1: failed. */
static int create(const char *path, int flags, mode_t mode, struct error *err)
{
	if (unlink(path) != 0 && errno != ENOENT) {
		error_set_errno(err, errno, "can't remove the old %s", path);
		return -1;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | flags, mode);
	if (fd < 0)
		error_set_errno(err, errno, "can't create %s", path);
	return fd;
}

/*
 * Whoever could use the old file can use the new one. Where the group can't be kept, what it was
 * allowed is not given to another one.
 */
static void keep_access(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);

	if (fchown(fd, old->st_uid, old->st_gid) != 0 && fchown(fd, (uid_t)-1, old->st_gid) != 0)
		mode &= ~(mode_t)S_IRWXG;
	(void)fchmod(fd, mode);
}

/* `old`: the file that it will replace, whose mode, owner and group it gets; or NULL. */
static bool write_new(
	const char *path, const struct str *bytes, mode_t mode, const char *old, struct error *err)
{
	int fd CLEANUP(fs_close) = create(path, 0, mode, err);
	struct stat status;

	if (fd < 0)
		return false;
	if (old && stat(old, &status) == 0)
		keep_access(fd, &status);
	if (!write_all(fd, str_text(bytes), bytes->length) || fsync(fd) != 0)
		return error_set_errno(err, errno, "can't write %s", path);
	return true;
}

/* For CLEANUP: a temporary file must not stay behind. Once it is renamed, this does nothing. */
static void remove_temporary(char **path)
{
	(void)unlink(*path);
	mem_free(*path);
}

/* The length of the folder's part of the path, with the slash. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool link_or_copy(const char *path, const char *fresh, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (link(path, fresh) == 0)
		return true;
	if (errno != EXDEV && errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK)
		return error_set_errno(err, errno, "can't create %s", fresh);
	return fs_read(path, SIZE_MAX, &bytes, err) && write_new(fresh, &bytes, PRIVATE, path, err);
}

/*
 * Makes a second name for the old content or, where the file system has no hard links, a copy:
 * there is a file at `path` all the time.
 */
static bool keep_backup(const char *path, const char *backup, struct error *err)
{
	char *fresh CLEANUP(remove_temporary) = fs_sibling(backup, ".", ".tmp");

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true; /* nothing to keep */
	(void)unlink(fresh);
	if (!link_or_copy(path, fresh, err))
		return error_prefix(err, "can't back up %s to %s", path, backup);
	if (rename(fresh, backup) != 0)
		return error_set_errno(err, errno, "can't back up %s to %s", path, backup);
	/* fs_replace syncs the folder of `path` itself. */
	size_t length = folder_length(backup);
	bool is_beside = folder_length(path) == length && memcmp(path, backup, length) == 0;
	return is_beside || fs_sync_name(backup, err);
}

static bool put_in_place(const char *fresh, const char *path, struct error *err)
{
	if (rename(fresh, path) != 0)
		return error_set_errno(err, errno, "can't replace %s", path);
	return fs_sync_name(path, err);
}

void fs_tidy(const char *path)
{
	char *fresh CLEANUP(remove_temporary) = fs_sibling(path, ".", ".tmp");

	(void)fresh;
}

bool fs_replace(const char *path, const char *backup, const struct str *bytes, struct error *err)
{
	char *fresh CLEANUP(remove_temporary) = fs_sibling(path, ".", ".tmp");

	return write_new(fresh, bytes, PRIVATE, path, err) &&
	       (!backup || keep_backup(path, backup, err)) && put_in_place(fresh, path, err);
}

bool fs_write(const char *path, const struct str *bytes, struct error *err)
{
	char *fresh CLEANUP(remove_temporary) = fs_sibling(path, ".", ".tmp");

	return write_new(fresh, bytes, PRIVATE, NULL, err) && put_in_place(fresh, path, err);
}

bool fs_check_new(const char *path, struct error *err)
{
	struct stat status;

	if (!fs_check_target(path, err))
		return false;
	return lstat(path, &status) != 0 || (S_ISREG(status.st_mode) && status.st_size == 0) ||
	       error_set(err, "%s already exists", path);
}

bool fs_create(const char *path, const struct str *bytes, struct error *err)
{
	char *fresh CLEANUP(remove_temporary) = fs_sibling(path, ".", ".tmp");

	if (!fs_check_new(path, err) || !write_new(fresh, bytes, PUBLIC, NULL, err))
		return false;
	/* A link replaces nothing that has come meanwhile; an empty file is replaced. */
	if (link(fresh, path) != 0 &&
		((errno == EEXIST && !fs_check_new(path, err)) || rename(fresh, path) != 0))
		return err->message ? false : error_set_errno(err, errno, "can't create %s", path);
	return fs_sync_name(path, err);
}

bool fs_remove(const char *path, struct error *err)
{
	if (unlink(path) != 0)
		return errno == ENOENT || error_set_errno(err, errno, "can't remove %s", path);
	return fs_sync_name(path, err);
}

char *fs_neighbour(const char *path, const char *name)
{
	struct str neighbour = {0};

	str_format(&neighbour, "%.*s%s", (int)folder_length(path), path, name);
	return str_steal(&neighbour);
}

char *fs_real_path(const char *path)
{
	char target[PATH_MAX];
	ssize_t length;

	if (realpath(path, target))
		return mem_copy_text(target);
	/* It does not exist; but it may be a link to where it should be. */
	char *at = mem_copy_text(path);
	for (int links = 0; links < LINK_LIMIT; links++) {
		length = readlink(at, target, sizeof(target));
		if (length < 0 || (size_t)length == sizeof(target))
			break;
		target[length] = '\0';
		char *next = *target == '/' ? mem_copy_text(target) : fs_neighbour(at, target);
		mem_free(at);
		at = next;
	}
	return at;
}

char *fs_sibling(const char *path, const char *before, const char *after)
{
	struct str sibling = {0};
	size_t length = folder_length(path);

	str_format(&sibling, "%.*s%s%s%s", (int)length, path, before, path + length, after);
	return str_steal(&sibling);
}

bool fs_is_open_to_others(const char *path)
{
	return mode_of(path) & (S_IWGRP | S_IWOTH);
}

bool fs_folder_is_open(const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");

	return mode_of(folder) & S_IWOTH;
}

bool fs_may_write_beside(const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");

	return access(folder, W_OK | X_OK) == 0;
}

/* Such a file can't be replaced by another one: rename says EBUSY. */
static bool is_mount_point(const char *path)
{
	struct statx status;

	return syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
	       status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Is it a name of a descriptor, such as /dev/stdout? */
static bool leads_into_proc(const char *path)
{
	static const char proc[] = "/proc/";
	char target[sizeof(proc)] = "";

	return readlink(path, target, sizeof(target) - 1) > 0 && strcmp(target, proc) == 0;
}

/* The new content is first written to a file beside it, whose name is longer. */
static bool check_temporary(const char *path, struct error *err)
{
	char *fresh AUTO_FREE = fs_sibling(path, ".", ".tmp");
	struct stat status;

	if (lstat(fresh, &status) != 0)
		return errno == ENOENT ||
		       error_set_errno(err, errno, "can't write the temporary file %s", fresh);
	if (!S_ISDIR(status.st_mode))
		return true; /* it is replaced */
	return error_set(err, "%s is a directory, but a temporary file needs this name", fresh);
}

bool fs_check_target(const char *path, struct error *err)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");
	struct stat status;

	if (stat(path, &status) != 0) {
		if (errno != ENOENT)
			return error_set_errno(err, errno, "can't write %s", path);
	} else if (leads_into_proc(path)) {
		return error_set(err, "%s is not a regular file", path);
	} else if (!check_kind(&status, false, path, err)) {
		return false;
	} else if (is_mount_point(path)) {
		error_set(err, "%s is mounted as a single file, so it can't be replaced", path);
		return error_hint(err, "Mount its directory instead.");
	}
	if (access(folder, W_OK | X_OK) != 0)
		return error_set_errno(err, errno, "can't write to the directory of %s", path);
	return check_temporary(path, err);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool fs_is_same_file(const char *a, const char *b)
{
	char *real_a AUTO_FREE = fs_real_path(a), *real_b AUTO_FREE = fs_real_path(b);
	struct stat x, y;

	bool has_a = stat(real_a, &x) == 0, has_b = stat(real_b, &y) == 0;
	if (has_a || has_b)
		return has_a && has_b && is_same(&x, &y);
	char *folder_a AUTO_FREE = fs_neighbour(real_a, ".");
	char *folder_b AUTO_FREE = fs_neighbour(real_b, ".");
	return strcmp(real_a + folder_length(real_a), real_b + folder_length(real_b)) == 0 &&
	       stat(folder_a, &x) == 0 && stat(folder_b, &y) == 0 && is_same(&x, &y);
}

/* ---- log ---- */

bool fs_log_create(struct fs_log *log, const char *path, struct error *err)
{
	*log = (struct fs_log){.fd = create(path, O_APPEND, PRIVATE, err)};
	if (log->fd < 0)
		return false;
	log->path = mem_copy_text(path);
	return fs_sync_name(path, err);
}

bool fs_log_append(struct fs_log *log, const struct str *bytes, struct error *err)
{
	if (!write_all(log->fd, str_text(bytes), bytes->length) || fdatasync(log->fd) != 0) {
		error_set_errno(err, errno, "can't write %s", log->path);
		if (ftruncate(log->fd, (off_t)log->size_bytes) != 0)
			error_hint(err, "It may end with an incomplete record, which is ignored "
					"when it is read.");
		return false;
	}
	log->size_bytes += bytes->length;
	return true;
}

void fs_log_close(struct fs_log *log)
{
	fs_close(&log->fd);
	mem_free(log->path);
	*log = (struct fs_log){.fd = -1};
}
