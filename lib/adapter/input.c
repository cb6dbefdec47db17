#include "adapter/input.h"

#include "adapter/fs.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FIRST_ROOM = 512, /* bytes, where the size is not known */
	SLICE_MS = 200,   /* how long a signal just before poll may go unnoticed */
};

static const char stdin_name[] = "standard input";

struct input {
	int fd;
	const char *name;
	size_t limit;
	const struct input_patience *patience; /* NULL: a regular file, read without waiting */
	int64_t deadline_ms;                   /* 0: none */
};

/* Waits until there is something to read, or the end of it. */
static bool wait_for(const struct input *input, struct error *err)
{
	const volatile sig_atomic_t *interrupted = input->patience->interrupted;
	struct pollfd fd = {.fd = input->fd, .events = POLLIN};
	int64_t wait_ms = SLICE_MS;

	do {
		if (interrupted && *interrupted)
			return error_set_code(err, ERROR_INTERRUPTED,
				"interrupted while reading %s", input->name);
		int64_t left_ms = input->deadline_ms - clock_monotonic_ms();
		if (input->deadline_ms && left_ms <= 0) {
			error_set(err, "%s did not end within %lld s", input->name,
				(long long)(input->patience->timeout_ms + 999) / 1000);
			return error_hint(err,
				"It is not a regular file, so it is read until its last writer "
				"closes it. Check that something writes to it and then exits.");
		}
		if (input->deadline_ms && left_ms < wait_ms)
			wait_ms = left_ms;
	} while (poll(&fd, 1, (int)wait_ms) <= 0);
	return true;
}

/* Reads what is there, at most `room` bytes; *ret_count 0: the end. */
static bool read_some(
	const struct input *input, char *to, size_t room, size_t *ret_count, struct error *err)
{
	ssize_t n;

	do {
		if (input->patience && !wait_for(input, err))
			return false;
		n = read(input->fd, to, room);
	} while (n < 0 && (errno == EINTR || (errno == EAGAIN && input->patience)));
	if (n < 0)
		return error_set_errno(err, errno, "can't read %s", input->name);
	*ret_count = (size_t)n;
	return true;
}

/* `patience` for all but a regular file. */
static bool read_all(struct input *input, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct stat status;
	size_t room = FIRST_ROOM, count = 0;

	if (fstat(input->fd, &status) == 0 && S_ISREG(status.st_mode)) {
		room = (size_t)status.st_size + 1; /* to reach the end without growing */
	} else {
		input->patience = patience;
		if (patience->timeout_ms && !(input->fd == STDIN_FILENO && isatty(STDIN_FILENO)))
			input->deadline_ms = clock_monotonic_ms() + patience->timeout_ms;
	}
	secret_reserve(&secret, room < input->limit ? room : input->limit + 1);
	do {
		if (secret.length + 1 == secret.room)
			secret_reserve(&secret, 2 * secret.room);
		if (!read_some(input, secret.bytes + secret.length, secret.room - 1 - secret.length,
			    &count, err))
			return false;
		secret.length += count;
		if (secret.length > input->limit)
			return error_set(
				err, "%s is larger than %zu bytes", input->name, input->limit);
	} while (count);
	*ret_secret = secret_steal(&secret);
	return true;
}

bool input_text(const char *path, size_t limit, const struct input_patience *patience,
	struct str *bytes, struct error *err)
{
	int fd CLEANUP(fs_close) = -1;
	struct input input = {.fd = STDIN_FILENO, .name = stdin_name, .limit = limit};
	struct secret secret CLEANUP(secret_release) = {0};
	struct stat status;

	if (path && (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode)))
		return fs_read(path, limit, bytes, err);
	if (path && !fs_open(path, FS_INPUT, &fd, err))
		return false;
	if (path)
		input = (struct input){.fd = fd, .name = path, .limit = limit};
	if (!read_all(&input, patience, &secret, err))
		return false;
	str_add(bytes, secret.bytes, secret.length);
	return true;
}

bool input_secret(size_t limit, const struct input_patience *patience, struct secret *ret_secret,
	struct error *err)
{
	struct input input = {.fd = STDIN_FILENO, .name = stdin_name, .limit = limit};

	if (isatty(STDIN_FILENO)) {
		error_set(err, "%s is a terminal", stdin_name);
		return error_hint(err, "Pipe the input, or redirect a file to it with `<`.");
	}
	return read_all(&input, patience, ret_secret, err);
}

/* Opens input->name and reads it. */
static bool read_file(struct input *input, enum fs_rule rule, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err)
{
	int fd CLEANUP(fs_close) = -1;

	if (!fs_open(input->name, rule, &fd, err))
		return false;
	input->fd = fd;
	return read_all(input, patience, ret_secret, err);
}

bool input_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err)
{
	return read_file(
		&(struct input){.name = path, .limit = limit}, FS_INPUT, patience, ret_secret, err);
}

bool input_exact_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err)
{
	return read_file(
		&(struct input){.name = path, .limit = limit}, FS_EXACT, patience, ret_secret, err);
}
