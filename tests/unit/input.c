/* Pipes, FIFOs and standard input: what comes, how long it is waited for, and what ends it. */
#include "adapter/input.h"

#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

/* As long as a test may take, more or less. */
static const struct input_patience patience = {.timeout_ms = 60000};

static void refuse_secret(struct folder *folder, const char *name, const char *message)
{
	struct secret secret = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(input_file(folder_file(folder, name), 5000, &patience, &secret, &err));
	assert_null(secret.bytes);
	assert_int_equal(err.code == ERROR_ABSENT, strcmp(message, "No such file") == 0);
	expect_error(&err, message);
}

/* Of every length around where pages end. */
static void reads_secrets(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	char bytes[5001];

	memset(bytes, 'x', sizeof(bytes));
	static const size_t lengths[] = {0, 1, 4094, 4095, 4096, 4097, 5000};
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct secret secret CLEANUP(secret_release) = {0};
		folder_write_bytes(folder, "f", bytes, lengths[i]);
		assert_true(input_file(folder_file(folder, "f"), 5000, &patience, &secret, &err));
		assert_int_equal(secret.length, lengths[i]);
		assert_int_equal(strlen(secret.bytes), lengths[i]);
	}
	folder_write_bytes(folder, "f", bytes, sizeof(bytes));
	refuse_secret(folder, "f", "f is larger than 5000 bytes");
	refuse_secret(folder, "absent", "No such file");
	refuse_secret(folder, ".", "is a directory");
	assert_int_equal(symlink("/dev/zero", folder_file(folder, "zero")), 0);
	refuse_secret(folder, "zero", "not a regular file or a pipe");
}

/* Waits for who writes, in several goes; the end is when all writers have closed it. */
static void reads_secrets_from_a_pipe(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct secret secret CLEANUP(secret_release) = {0};
	const char *path = folder_file(folder, "fifo");
	int status;

	assert_int_equal(mkfifo(path, 0600), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		for (int i = 0; i < 1000; i++)
			if (write(fd, "12345", 5) != 5)
				_exit(1);
		_exit(0);
	}
	assert_true(input_file(path, 5000, &patience, &secret, &err));
	assert_int_equal(secret.length, 5000);
	assert_int_equal(strlen(secret.bytes), 5000);
	assert_true(waitpid(child, &status, 0) == child && status == 0);
}

static volatile sig_atomic_t interrupted;

static void on_alarm(int number)
{
	(void)number;
	interrupted = 1;
}

/* Nobody writes: without the signal this would wait forever. */
static void waiting_can_be_interrupted(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct secret secret = {0};
	const struct sigaction action = {.sa_handler = on_alarm};
	const char *path = folder_file(folder, "fifo");
	const struct input_patience for_ever = {.interrupted = &interrupted};
	const struct itimerval soon = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_false(input_file(path, 5000, &for_ever, &secret, &err));
	assert_int_equal(err.code, ERROR_INTERRUPTED);
	expect_error(&err, "interrupted while reading");
	int writer = open(path, O_RDWR | O_CLOEXEC);
	assert_false(input_file(path, 5000, &for_ever, &secret, &err));
	assert_int_equal(err.code, ERROR_INTERRUPTED);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(writer);
	assert_null(secret.bytes);
}

static void expect_given_up(const struct error *err, const char *what)
{
	expect_text(err->message, what);
	expect_text(err->message, " did not end within 1 s");
	expect_text(err->hint, "Check that something writes to it and then exits");
}

/* Nobody writes; somebody could, and does not; somebody did, and does not end. */
static void waiting_has_an_end(void **state)
{
	struct folder *folder = *state;
	const struct input_patience none = {.timeout_ms = 1};
	const char *path = folder_file(folder, "fifo");
	int writer = -1;

	assert_int_equal(mkfifo(path, 0600), 0);
	for (int i = 0; i < 3; i++) {
		struct error err CLEANUP(error_release) = {0};
		struct secret secret = {0};
		if (i == 1)
			writer = open(path, O_RDWR | O_CLOEXEC);
		if (i == 2)
			assert_int_equal(write(writer, "HUSH", 4), 4);
		assert_false(input_file(path, 5000, &none, &secret, &err));
		assert_null(secret.bytes);
		expect_given_up(&err, "/fifo");
		expect_no_text(err.message, "HUSH");
	}
	close(writer);
}

/* Reads it in both ways, which must fail alike. */
static void refuse_input(const struct input_patience *how, struct error *err)
{
	struct error other CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct secret secret = {0};

	assert_false(input_text(NULL, 5000, how, &bytes, err));
	assert_false(input_secret(5000, how, &secret, &other));
	assert_null(secret.bytes);
	assert_string_equal(err->message, other.message);
	assert_int_equal(err->code, other.code);
}

static void so_has_standard_input(void **state)
{
	static const volatile sig_atomic_t is_interrupted = 1;
	struct error late CLEANUP(error_release) = {0}, stopped CLEANUP(error_release) = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	int before = give_input(ends[0]);
	refuse_input(&(struct input_patience){.timeout_ms = 1}, &late);
	refuse_input(&(struct input_patience){60000, &is_interrupted}, &stopped);
	close(give_input(before));
	close(ends[1]);
	expect_given_up(&late, "standard input");
	assert_int_equal(stopped.code, ERROR_INTERRUPTED);
	expect_error(&stopped, "interrupted while reading standard input");
}

/* What is there already, in a regular file, nobody has to be patient for. */
static void a_file_is_not_waited_for(void **state)
{
	static const volatile sig_atomic_t is_interrupted = 1;
	const struct input_patience none = {1, &is_interrupted};
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct secret secret CLEANUP(secret_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	folder_write(folder, "f", "x");
	assert_true(input_file(folder_file(folder, "f"), 5000, &none, &secret, &err));
	int before = give_input(open(folder_file(folder, "f"), O_RDONLY | O_CLOEXEC));
	assert_true(input_text(NULL, 5000, &none, &bytes, &err));
	close(give_input(before));
	assert_string_equal(str_text(&bytes), "x");
}

/* Every part of the path counts. */
static void exact_files_have_no_links(void **state)
{
	struct folder *folder = *state;
	const char *const bad[] = {
		"link", "away/f", "in/../link", "absent", "in/absent", "in/f/x", "in"};
	const char *const good[] = {"in/f", "in//f", "in/./f", "in/../in/f"};

	assert_int_equal(mkdir(folder_file(folder, "in"), 0700), 0);
	folder_write(folder, "in/f", "x");
	assert_int_equal(symlink("in/f", folder_file(folder, "link")), 0);
	assert_int_equal(symlink("in", folder_file(folder, "away")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
		const char *name = i < ARRAY_SIZE(bad) ? bad[i] : good[i - ARRAY_SIZE(bad)];
		struct secret secret CLEANUP(secret_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		bool is_good =
			input_exact_file(folder_file(folder, name), 5000, &patience, &secret, &err);
		if (is_good != (i >= ARRAY_SIZE(bad)))
			fail_msg("%s: %s", name, is_good ? "was read" : err.message);
	}
	assert_int_equal(unlink(folder_file(folder, "in/f")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(reads_secrets),
		test_in_folder(reads_secrets_from_a_pipe),
		test_in_folder(waiting_can_be_interrupted),
		test_in_folder(waiting_has_an_end),
		cmocka_unit_test(so_has_standard_input),
		test_in_folder(a_file_is_not_waited_for),
		test_in_folder(exact_files_have_no_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
