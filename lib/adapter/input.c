#include "adapter/input.h"

#include "adapter/fs.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
	READ_STEP = 1 << 16,
	SLICE_MS = 200, /* how long a signal that came just before poll goes unnoticed */
};

static const char input_name[] = "the standard input";

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* What is read, how far, and for how long. */
struct input {
	int fd;
	const char *name;
	size_t limit;
	bool waits; /* it is no regular file: somebody has to write it */
	int64_t deadline_ms;
	struct input_patience patience;
};

static void be_patient(struct input *input, const struct input_patience *patience)
{
	input->waits = true;
	input->patience = *patience;
	input->deadline_ms = clock_monotonic_ms() + patience->timeout_ms;
}

static bool give_up(const struct input *input, struct error *err)
{
	error_set(err, "%s did not come to its end within %lld s", input->name,
		(long long)(input->patience.timeout_ms + 999) / 1000);
	return error_hint(err, "It is no regular file, and is read until nobody has it open for "
			       "writing: see that something writes to it, and then ends.");
}

/* Until there is something to read, or the end of it. */
static bool wait_for(const struct input *input, struct error *err)
{
	const volatile sig_atomic_t *interrupted = input->patience.interrupted;
	struct pollfd fd = {.fd = input->fd, .events = POLLIN};
	int64_t wait_ms = SLICE_MS;

	do {
		if (interrupted && *interrupted)
			return error_set_code(err, ERROR_INTERRUPTED,
				"interrupted while reading %s", input->name);
		if (input->patience.timeout_ms) {
			int64_t left_ms = input->deadline_ms - clock_monotonic_ms();
			if (left_ms <= 0)
				return give_up(input, err);
			wait_ms = left_ms < SLICE_MS ? left_ms : SLICE_MS;
		}
	} while (poll(&fd, 1, (int)wait_ms) <= 0);
	return true;
}

/* Reads what there is, at most `room` bytes; *ret_count 0: no more will come. */
static bool read_some(
	const struct input *input, char *to, size_t room, size_t *ret_count, struct error *err)
{
	ssize_t n;

	do {
		if (input->waits && !wait_for(input, err))
			return false;
		n = read(input->fd, to, room);
	} while (n < 0 && (errno == EINTR || (errno == EAGAIN && input->waits)));
	if (n < 0)
		return error_set_errno(err, errno, "can't read %s", input->name);
	*ret_count = (size_t)n;
	return true;
}

static bool is_within(const struct input *input, size_t length, struct error *err)
{
	return length <= input->limit ||
	       error_set(err, "%s is larger than %zu bytes", input->name, input->limit);
}

static bool read_text(const struct input *input, struct str *bytes, struct error *err)
{
	size_t before = bytes->length, count = 0;

	do {
		str_reserve(bytes, READ_STEP);
		if (!read_some(input, bytes->bytes + bytes->length, READ_STEP, &count, err))
			return false;
		bytes->length += count;
		if (!is_within(input, bytes->length - before, err))
			return false;
	} while (count);
	bytes->bytes[bytes->length] = '\0';
	return true;
}

/* Whoever types is not hurried. */
static struct input standard_input(size_t limit, const struct input_patience *patience)
{
	struct input input = {.fd = STDIN_FILENO, .name = input_name, .limit = limit};
	struct stat status;

	if (fstat(STDIN_FILENO, &status) != 0 || S_ISREG(status.st_mode))
		return input;
	be_patient(&input, patience);
	if (isatty(STDIN_FILENO))
		input.patience.timeout_ms = 0;
	return input;
}

bool input_text(
	size_t limit, const struct input_patience *patience, struct str *bytes, struct error *err)
{
	const struct input input = standard_input(limit, patience);

	return read_text(&input, bytes, err);
}

/* `expected`: how much there seems to be, in bytes. */
static bool read_secret(
	const struct input *input, size_t expected, struct secret *ret_secret, struct error *err)
{
	struct secret secret CLEANUP(secret_release) = {0};
	size_t count = 0;

	/* One more than that, so that the end is met without growing. */
	secret_reserve(&secret, expected < input->limit ? expected + 1 : input->limit + 1);
	do {
		if (secret.length + 1 == secret.room)
			secret_reserve(&secret, 2 * secret.room);
		if (!read_some(input, secret.bytes + secret.length, secret.room - 1 - secret.length,
			    &count, err))
			return false;
		secret.length += count;
		if (!is_within(input, secret.length, err))
			return false;
	} while (count);
	*ret_secret = secret_steal(&secret);
	return true;
}

bool input_file(const char *path, size_t limit, const struct input_patience *patience,
	struct secret *ret_secret, struct error *err)
{
	struct input input = {.fd = -1, .name = path, .limit = limit};
	int fd CLEANUP(close_file) = -1;
	struct stat status;

	if (!fs_open(path, true, &fd, &status, err))
		return false;
	input.fd = fd;
	if (!S_ISREG(status.st_mode))
		be_patient(&input, patience);
	return read_secret(&input, (size_t)status.st_size, ret_secret, err);
}

bool input_secret(size_t limit, const struct input_patience *patience, struct secret *ret_secret,
	struct error *err)
{
	const struct input input = standard_input(limit, patience);

	if (isatty(STDIN_FILENO)) {
		error_set(err, "%s is a terminal", input_name);
		return error_hint(err, "Pipe it in, or send a file there with <.");
	}
	return read_secret(&input, 0, ret_secret, err);
}
