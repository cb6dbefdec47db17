/*
 * A library to preload, which writes down what of a run a power cut would leave: what was synced.
 *     SYNCED_LOG=FILE      gets a record for everything in the folders at the start, and for each
 *                          file and folder that is synced
 *     SYNCED_IN=A:B...     the folders; without both, nothing happens
 * A record is a line "file INODE SIZE" with the bytes behind it, or "folder INODE" with lines
 * "INODE NAME" and an empty one behind it. Names of folders end in a slash. The inodes are kept
 * open, so that no other file gets their numbers.
 */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT, O_PATH, statx */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static FILE *to;

/* Stdio and raw calls, so that meddle.c does not count them. */
static void hold(const char *path)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	(void)fcntl(fd, F_DUPFD_CLOEXEC, 200);
	(void)syscall(SYS_close, fd);
}

static void record_file(const char *path, const struct statx *status)
{
	static char bytes[65536];
	FILE *from = fopen(path, "re");
	size_t left = from ? status->stx_size : 0, part;

	fprintf(to, "file %llu %zu\n", (unsigned long long)status->stx_ino, left);
	for (; left; left -= part) {
		part = left < sizeof(bytes) ? left : sizeof(bytes);
		memset(bytes, 0, part);
		(void)!fread(bytes, 1, part, from);
		fwrite(bytes, 1, part, to);
	}
	if (from)
		fclose(from);
}

static void list(DIR *folder, const char *path)
{
	for (struct dirent *it; (it = readdir(folder));) {
		char inner[PATH_MAX];
		fprintf(to, "%llu %s%s\n", (unsigned long long)it->d_ino, it->d_name,
			it->d_type == DT_DIR ? "/" : "");
		if (snprintf(inner, sizeof(inner), "%s/%s", path, it->d_name) < PATH_MAX)
			hold(inner);
	}
	fputc('\n', to);
}

static void record(const char *path, bool is_deep)
{
	struct statx status;
	DIR *folder;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_TYPE | STATX_SIZE, &status) != 0)
		return;
	if (S_ISREG(status.stx_mode))
		record_file(path, &status);
	if (!S_ISDIR(status.stx_mode) || !(folder = opendir(path)))
		return;
	fprintf(to, "folder %llu\n", (unsigned long long)status.stx_ino);
	list(folder, path);
	rewinddir(folder);
	for (struct dirent *it; is_deep && (it = readdir(folder));) {
		char inner[PATH_MAX];
		if (strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0 &&
			snprintf(inner, sizeof(inner), "%s/%s", path, it->d_name) < PATH_MAX)
			record(inner, true);
	}
	closedir(folder);
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("SYNCED_LOG"), *in = getenv("SYNCED_IN");

	if (!path || !in)
		return;
	if (!(to = fopen(path, "we")))
		abort();
	for (const char *end; *in; in = *end ? end + 1 : end) {
		char folder[PATH_MAX];
		end = strchrnul(in, ':');
		snprintf(folder, sizeof(folder), "%.*s", (int)(end - in), in);
		record(folder, true);
	}
	fflush(to);
}

static void was_synced(int fd)
{
	char path[64], target[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length > 0) {
		target[length] = '\0';
		hold(target);
	}
	record(path, false);
	fflush(to);
}

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): of a declaration */
#define SYNC(name, fd)                                                                             \
int name(int fd)                                                                                   \
{                                                                                                  \
	static int (*next)(int);                                                                   \
	if (!next)                                                                                 \
		*(void **)&next = dlsym(RTLD_NEXT, #name);                                         \
	int status = next(fd);                                                                     \
	if (status == 0 && to)                                                                     \
		was_synced(fd);                                                                    \
	return status;                                                                             \
}

SYNC(fsync, fd)
SYNC(fdatasync, fildes)
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */
