/*
 * A library to preload, which meddles with one file call, network call or allocation of a program.
 * In the environment,
 *     MEDDLE=kill:N        kill -9 right before the Nth call
 *     MEDDLE=kill:N:0:NAME      right before the Nth call of that name
 *     MEDDLE=fail:N:ERRNO:NAME  the Nth call of that name fails, and is not made
 *     MEDDLE=from:N:ERRNO:NAME  so do those after it: a full disk
 *     MEDDLE=short:N:0:NAME     the Nth call of that name gets through half of it
 *     MEDDLE=own:N         the Nth allocation of the program itself fails
 *     MEDDLE=other:N       the Nth allocation of its libraries fails
 *     MEDDLE=map:N         the Nth mapping of memory fails
 *     MEDDLE_LOG=FILE      gets a line for each call, and at the end one with the three numbers of
 *                          allocations, if the program ends by itself
 * A close that fails has closed, as on Linux. Of fcntl, only locks count. What glibc calls inside
 * itself is not seen; neither are stdio's writes.
 */
#undef _FORTIFY_SOURCE /* which has inline functions of the same names */
#define _GNU_SOURCE    /* RTLD_NEXT, dl_iterate_phdr */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names are those of glibc. */
/* NOLINTBEGIN(readability-inconsistent-*,bugprone-reserved-identifier,bugprone-macro-*) */

enum way { NOTHING, KILL, FAIL, FROM, SHORT, OWN, OTHER, MAP };

static enum way way;
static long number, calls, own, other, maps;
static int error_number, log_fd = -1;
static const char *only;      /* calls of this name count; NULL: all */
static uintptr_t first, last; /* where the program itself is */

static int on_object(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t at = (uintptr_t)(info->dlpi_addr + part->p_vaddr);
		if (part->p_type != PT_LOAD)
			continue;
		if (!first || at < first)
			first = at;
		if (at + part->p_memsz > last)
			last = at + part->p_memsz;
	}
	return 1; /* the program comes first */
}

/* Sets a pointer to a function of glibc. */
static void find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	memcpy(function, &found, sizeof(found));
}

static ssize_t (*real_write)(int fd, const void *bytes, size_t size);
static int (*real_open)(const char *path, int flags, ...);
static int (*real_openat)(int at, const char *path, int flags, ...);
static int (*real_close)(int fd);
static int (*real_fcntl)(int fd, int command, ...);

__attribute__((constructor)) static void start(void)
{
	static const char *const ways[] = {
		"", "kill", "fail", "from", "short", "own", "other", "map"};
	const char *what = getenv("MEDDLE"), *path = getenv("MEDDLE_LOG"), *colon;
	int fd;

	dl_iterate_phdr(on_object, NULL);
	find("write", (void *)&real_write);
	find("open", (void *)&real_open);
	find("openat", (void *)&real_openat);
	find("close", (void *)&real_close);
	find("fcntl", (void *)&real_fcntl);
	fd = path ? real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		log_fd = real_fcntl(fd, F_DUPFD_CLOEXEC, 100);
		(void)real_close(fd);
	}
	calls = own = other = maps = 0;
	if (!what || !(colon = strchr(what, ':')))
		return;
	number = strtol(colon + 1, NULL, 10);
	for (int i = 1; i <= MAP; i++)
		if (strncmp(what, ways[i], (size_t)(colon - what)) == 0)
			way = (enum way)i;
	if (!(colon = strchr(colon + 1, ':')))
		return;
	error_number = (int)strtol(colon + 1, NULL, 10);
	if ((colon = strchr(colon + 1, ':')))
		only = colon + 1;
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	char text[256];
	va_list args;

	if (log_fd < 0)
		return;
	va_start(args, format);
	int length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length > (int)sizeof(text) - 1)
		length = (int)sizeof(text) - 1;
	if (real_write(log_fd, text, (size_t)length) != length)
		abort();
}

__attribute__((destructor)) static void end(void)
{
	say("allocations %ld %ld %ld\n", own, other, maps);
}

/* Counts a call; true: it is to fail. */
static int meets(const char *name, long fd)
{
	say("%s %ld\n", name, fd);
	if (only && strcmp(name, only) != 0)
		return 0;
	long at = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (way == KILL && at == number)
		kill(getpid(), SIGKILL);
	if ((way != FAIL || at != number) && (way != FROM || at < number))
		return 0;
	if (strcmp(name, "send") == 0 || strcmp(name, "recv") == 0)
		(void)shutdown((int)fd, SHUT_RDWR); /* as a connection is after an error */
	errno = error_number;
	return 1;
}

/* What open and openat are in programs that are built with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);

/* Of a read or a write: how much it may do. */
static size_t part_of(const char *name, size_t size)
{
	bool is_it = way == SHORT && calls == number && strcmp(name, only) == 0;

	return is_it && size > 1 ? size / 2 : size;
}

/* clang-format off */
#define CALL(type, name, fd, parameters, arguments)                                                \
type name parameters                                                                               \
{                                                                                                  \
	static type (*next) parameters;                                                            \
	if (!next)                                                                                 \
		find(#name, (void *)&next);                                                        \
	return meets(#name, fd) ? (type)-1 : next arguments;                                       \
}

CALL(ssize_t, write, fd, (int fd, const void *b, size_t n), (fd, b, part_of("write", n)))
CALL(ssize_t, read, fd, (int fd, void *b, size_t n), (fd, b, part_of("read", n)))
CALL(ssize_t, pwrite, fd, (int fd, const void *b, size_t n, off_t at), (fd, b, part_of("pwrite", n), at))
CALL(ssize_t, pread, fd, (int fd, void *b, size_t n, off_t at), (fd, b, part_of("pread", n), at))
CALL(ssize_t, send, fd, (int fd, const void *b, size_t n, int flags), (fd, b, part_of("send", n), flags))
CALL(ssize_t, recv, fd, (int fd, void *b, size_t n, int flags), (fd, b, part_of("recv", n), flags))
CALL(int, connect, fd, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n))
CALL(int, socket, kind, (int family, int kind, int protocol), (family, kind, protocol))
CALL(int, poll, (long)n, (struct pollfd *of, nfds_t n, int timeout), (of, n, timeout))
CALL(int, fsync, fd, (int fd), (fd))
CALL(int, fdatasync, fd, (int fd), (fd))
CALL(int, ftruncate, fd, (int fd, off_t size), (fd, size))
CALL(int, fchmod, fd, (int fd, mode_t mode), (fd, mode))
CALL(int, fchown, fd, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(int, fstat, fd, (int fd, struct stat *status), (fd, status))
CALL(int, stat, -1, (const char *path, struct stat *status), (path, status))
CALL(int, lstat, -1, (const char *path, struct stat *status), (path, status))
CALL(int, access, -1, (const char *path, int mode), (path, mode))
CALL(int, rename, -1, (const char *from, const char *to), (from, to))
CALL(int, link, -1, (const char *from, const char *to), (from, to))
CALL(int, unlink, -1, (const char *path), (path))
CALL(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
CALL(ssize_t, readlink, -1, (const char *path, char *to, size_t n), (path, to, n))
CALL(int, pipe, -1, (int ends[2]), (ends))
CALL(int, pipe2, -1, (int ends[2], int flags), (ends, flags))
CALL(int, socketpair, -1, (int family, int kind, int protocol, int ends[2]), (family, kind, protocol, ends))
CALL(int, __open_2, -1, (const char *path, int flags), (path, flags))
CALL(int, __openat_2, at, (int at, const char *path, int flags), (at, path, flags))
/* clang-format on */

int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return meets("open", -1) ? -1 : real_open(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return meets("openat", at) ? -1 : real_openat(at, path, flags, mode);
}

int close(int fd)
{
	bool fails = meets("close", fd);
	int status = real_close(fd);

	if (fails)
		errno = error_number;
	return fails ? -1 : status;
}

static bool is_lock(int command)
{
	return command == F_GETLK || command == F_SETLK || command == F_SETLKW ||
	       command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

int fcntl(int fd, int command, ...)
{
	va_list args;

	va_start(args, command);
	void *what = va_arg(args, void *); /* or an int, or nothing: then it is not looked at */
	va_end(args);
	return is_lock(command) && meets("fcntl", fd) ? -1 : real_fcntl(fd, command, what);
}

/* ---- allocations ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static int has_run_out(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	int is_own = at >= first && at < last;
	long count = __atomic_add_fetch(is_own ? &own : &other, 1, __ATOMIC_RELAXED);

	if (way != (is_own ? OWN : OTHER) || count != number)
		return 0;
	errno = ENOMEM;
	return 1;
}

/* clang-format off */
#define ALLOCATOR(name, parameters, arguments)                                                     \
void *name parameters                                                                              \
{                                                                                                  \
	return has_run_out(__builtin_return_address(0)) ? NULL : __libc_##name arguments;          \
}

ALLOCATOR(malloc, (size_t size), (size))
ALLOCATOR(calloc, (size_t count, size_t size), (count, size))
ALLOCATOR(realloc, (void *memory, size_t size), (memory, size))

#define MAPPER(name, parameters, arguments)                                                        \
void *name parameters                                                                              \
{                                                                                                  \
	static void *(*next) parameters;                                                           \
	if (!next)                                                                                 \
		find(#name, (void *)&next);                                                        \
	if (__atomic_add_fetch(&maps, 1, __ATOMIC_RELAXED) != number || way != MAP)                \
		return next arguments;                                                             \
	errno = ENOMEM;                                                                            \
	return MAP_FAILED;                                                                         \
}

MAPPER(mmap, (void *at, size_t n, int may, int flags, int fd, off_t from), (at, n, may, flags, fd, from))
/* clang-format on */

/* NOLINTEND(readability-inconsistent-*,bugprone-reserved-identifier,bugprone-macro-*) */
