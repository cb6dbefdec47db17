/* What unit tests share: cmocka, checks of errors, and a folder of one's own that is cleaned up. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- checks ---- */

static inline void expect_text(const char *text, const char *part)
{
	if (!text || !part || !strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part ? part : "(nothing)",
			text ? text : "(nothing)");
}

static inline void expect_no_text(const char *text, const char *part)
{
	if (text && strstr(text, part))
		fail_msg("\"%s\" is in: %s", part, text);
}

/* The error says this; afterwards it is empty again. */
static inline void expect_error(struct error *err, const char *part)
{
	expect_text(err->message, part);
	error_release(err);
}

static inline void expect_no_error(const struct error *err)
{
	if (err->message)
		fail_msg("there is an error: %s", err->message);
}

/* ---- a folder ---- */

struct folder {
	char path[64];
	struct arena paths; /* those that folder_file has lent */
};

/* For the time of one test, this is standard input. Gives what was it before. */
static inline int give_input(int fd)
{
	int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	assert_true(fd >= 0 && before >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	return before;
}

static inline void folder_make(struct folder *folder)
{
	*folder = (struct folder){.path = "/tmp/cfprov-unit-XXXXXX"};
	assert_non_null(mkdtemp(folder->path));
}

/* Lends the path of a file in the folder. */
static inline const char *folder_file(struct folder *folder, const char *name)
{
	return arena_format(&folder->paths, "%s/%s", folder->path, name);
}

static inline bool folder_has(struct folder *folder, const char *name)
{
	struct stat status;

	return lstat(folder_file(folder, name), &status) == 0;
}

/* The permission bits of a file, links not followed. */
static inline unsigned folder_mode(struct folder *folder, const char *name)
{
	struct stat status;

	assert_int_equal(lstat(folder_file(folder, name), &status), 0);
	return status.st_mode & 07777;
}

static inline void folder_write_bytes(
	struct folder *folder, const char *name, const char *bytes, size_t length)
{
	int fd = open(folder_file(folder, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	close(fd);
}

static inline void folder_write(struct folder *folder, const char *name, const char *text)
{
	folder_write_bytes(folder, name, text, strlen(text));
}

/* Adds what the file holds; nothing, if there is none. */
static inline void folder_read(struct folder *folder, const char *name, struct str *out)
{
	int fd = open(folder_file(folder, name), O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		str_add(out, bytes, (size_t)n);
	if (fd >= 0)
		close(fd);
}

/* How many files and folders stand in it. */
static inline size_t folder_count(const struct folder *folder)
{
	DIR *dir = opendir(folder->path);
	size_t count = 0;

	assert_non_null(dir);
	for (const struct dirent *it; (it = readdir(dir));)
		count += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
	closedir(dir);
	return count;
}

/* Removes the folder with all files (and empty folders) in it. */
static inline void folder_remove(struct folder *folder)
{
	DIR *dir = opendir(folder->path);

	if (!dir)
		return;
	for (const struct dirent *it; (it = readdir(dir));) {
		if (strcmp(it->d_name, ".") == 0 || strcmp(it->d_name, "..") == 0)
			continue;
		const char *path = folder_file(folder, it->d_name);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	closedir(dir);
	(void)rmdir(folder->path);
}

/* For cmocka_unit_test_setup_teardown: *state is the folder. */
static inline int folder_setup(void **state)
{
	struct folder *folder = mem_alloc(sizeof(*folder));

	folder_make(folder);
	*state = folder;
	return 0;
}

static inline int folder_teardown(void **state)
{
	struct folder *folder = *state;

	folder_remove(folder);
	arena_release(&folder->paths);
	mem_free(*state);
	return 0;
}

#define test_in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

#endif
