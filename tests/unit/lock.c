/* The lock: who holds it, and what it does not lock. */
#include "adapter/lock.h"

#include "adapter/fs.h"
#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void expect_content(struct folder *folder, const char *name, const char *content)
{
	struct str bytes CLEANUP(str_release) = {0};

	folder_read(folder, name, &bytes);
	assert_string_equal(str_text(&bytes), content);
}

static void locks(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str held CLEANUP(str_release) = {0};
	struct lock one, two;
	const char *path = folder_file(folder, ".lock");

	folder_write(folder, ".lock", "a longer text that a killed process has left there");
	assert_true(lock_take(&one, path, &held, &err));
	assert_string_equal(str_text(&held), "a longer text that a killed process has left there");
	assert_true(lock_write(&one, "it is me", &err));
	expect_content(folder, ".lock", "it is me");
	str_clear(&held);
	/* Also against another in the same process. */
	assert_false(lock_take(&two, path, &held, &err));
	assert_int_equal(err.code, ERROR_BUSY);
	assert_string_equal(str_text(&held), "it is me");
	assert_int_equal(two.fd, -1);
	error_release(&err);
	expect_content(folder, ".lock", "it is me");
	assert_true(lock_drop(&one, &err));
	assert_false(folder_has(folder, ".lock"));
	assert_true(lock_drop(&one, &err));
	str_clear(&held);
	assert_true(lock_take(&two, path, &held, &err));
	assert_int_equal(held.length, 0);
	assert_int_equal(folder_mode(folder, ".lock"), 0600);
	assert_true(lock_write(&two, "and me", &err));
	lock_leave(&two);
	assert_true(lock_take(&one, path, &held, &err));
	assert_string_equal(str_text(&held), "and me");
	assert_true(lock_drop(&one, &err));
	assert_false(folder_has(folder, ".lock"));
}

/* A folder in its place stands for all that can't be removed. */
static void lock_says_what_stays(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_file(folder, ".lock");
	struct error err CLEANUP(error_release) = {0};
	struct str held CLEANUP(str_release) = {0};
	struct lock lock;

	assert_true(lock_take(&lock, path, &held, &err));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(lock_drop(&lock, &err));
	assert_int_equal(lock.fd, -1);
	expect_text(err.message, "can't remove ");
	assert_int_equal(rmdir(path), 0);
	error_release(&err);
	assert_true(lock_take(&lock, path, &held, &err));
	assert_int_equal(unlink(path), 0);
	assert_true(lock_drop(&lock, &err)); /* nothing stays */
}

static void refuse_lock(struct folder *folder, const char *name)
{
	struct error err CLEANUP(error_release) = {0};
	struct str held CLEANUP(str_release) = {0};
	struct lock lock;

	assert_false(lock_take(&lock, folder_file(folder, name), &held, &err));
	assert_int_not_equal(err.code, ERROR_BUSY);
	expect_text(err.message, name);
	assert_int_equal(lock.fd, -1);
}

static void refuses_to_lock(void **state)
{
	struct folder *folder = *state;

	refuse_lock(folder, "no/.lock");
	assert_int_equal(mkdir(folder_file(folder, "dir"), 0700), 0);
	refuse_lock(folder, "dir");
	folder_write(folder, "victim", "mine");
	assert_int_equal(symlink("victim", folder_file(folder, "link")), 0);
	refuse_lock(folder, "link");
	assert_int_equal(symlink("new", folder_file(folder, "ahead")), 0);
	refuse_lock(folder, "ahead");
	assert_false(folder_has(folder, "new"));
	assert_int_equal(link(folder_file(folder, "victim"), folder_file(folder, "hard")), 0);
	refuse_lock(folder, "hard");
	expect_content(folder, "victim", "mine");
	assert_int_equal(mkfifo(folder_file(folder, "fifo"), 0600), 0);
	refuse_lock(folder, "fifo");
	if (geteuid() != 0)
		skip();
	assert_int_equal(unlink(folder_file(folder, "hard")), 0);
	assert_int_equal(chown(folder_file(folder, "victim"), 12345, 12345), 0);
	refuse_lock(folder, "victim");
	expect_content(folder, "victim", "mine");
}

/* A lock goes with its process, however that ends. */
static void lock_goes_with_its_process(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str held CLEANUP(str_release) = {0};
	struct lock lock;
	const char *path = folder_file(folder, ".lock");
	int status;

	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)!(lock_take(&lock, path, &held, &err) &&
			lock_write(&lock, "gone soon", &err));
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	expect_content(folder, ".lock", "gone soon");
	assert_true(lock_take(&lock, path, &held, &err));
	assert_string_equal(str_text(&held), "gone soon");
	assert_true(lock_drop(&lock, &err));
}

/* Many processes count in one file, each only while it holds the lock: no count is lost. */
static void lock_keeps_others_out(void **state)
{
	enum { PROCESSES = 8, ROUNDS = 25 };
	struct folder *folder = *state;
	const char *path = folder_file(folder, ".lock"), *count = folder_file(folder, "count");
	struct error err CLEANUP(error_release) = {0};
	struct str held CLEANUP(str_release) = {0};
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		for (int round = 0; child == 0 && round < ROUNDS;) {
			struct lock lock;
			struct str bytes = {0};
			error_release(&err);
			str_clear(&held);
			if (!lock_take(&lock, path, &held, &err))
				continue;
			error_release(&err);
			(void)!fs_read(count, 100000, &bytes, &err);
			str_char(&bytes, 'x');
			int fd = open(count, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
			if (write(fd, bytes.bytes, bytes.length) > 0)
				round++;
			close(fd);
			str_release(&bytes);
			(void)!lock_drop(&lock, &err);
		}
		if (child == 0)
			_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_true(wait(&status) > 0 && status == 0);
	struct str bytes CLEANUP(str_release) = {0};
	folder_read(folder, "count", &bytes);
	assert_int_equal(bytes.length, PROCESSES * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(locks),
		test_in_folder(lock_says_what_stays),
		test_in_folder(refuses_to_lock),
		test_in_folder(lock_goes_with_its_process),
		test_in_folder(lock_keeps_others_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
