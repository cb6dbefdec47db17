/* Landlock, where the kernel has it; and what happens where it has not. */
#include "adapter/confine.h"

#include "adapter/fs.h"
#include "unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { FIRST_CALL = 444, LAST_CALL = 446 };

static long version(void)
{
	return syscall(FIRST_CALL, NULL, (size_t)0, 1);
}

/* Runs it in a process of its own, which it may confine. */
static void expect_in_child(bool (*run)(struct folder *folder), struct folder *folder)
{
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(run(folder) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static bool write_file(struct folder *folder, const char *name)
{
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, "x");
	return fs_write(folder_file(folder, name), &bytes, &err);
}

static bool confine_to(struct folder *folder, const char *name)
{
	char *top AUTO_FREE = mem_copy_text(folder_file(folder, name));
	const char *const folders[] = {top, "/no/such/folder"};

	return confine_writes(folders, ARRAY_SIZE(folders));
}

static bool writes_only_there(struct folder *folder)
{
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	int log = -1, fd = -1;
	char *backup AUTO_FREE = mem_copy_text(folder_file(folder, "in/sub/b"));

	if (!fs_open_to_append(folder_file(folder, "log"), &log, &err) || !confine_to(folder, "in"))
		return false;
	/* In there: create, replace, back up into another folder, remove, read elsewhere. */
	bool is_good = write_file(folder, "in/a") && write_file(folder, "in/sub/c") &&
		       fs_replace(folder_file(folder, "in/a"), backup, &bytes, &err) &&
		       fs_remove(folder_file(folder, "in/a"), &err) &&
		       fs_read(folder_file(folder, "victim"), 9, &bytes, &err) &&
		       write(log, "x", 1) == 1; /* open before */
	fs_close(&log);
	/* Elsewhere: nothing, nor through links, nor anything but files. */
	is_good &= !write_file(folder, "out/a") && !write_file(folder, "new");
	is_good &= open(folder_file(folder, "victim"), O_WRONLY | O_CLOEXEC) < 0;
	is_good &= open(folder_file(folder, "in/link"), O_WRONLY | O_CLOEXEC) < 0;
	is_good &= version() < 3 || truncate(folder_file(folder, "victim"), 0) != 0;
	is_good &= unlink(folder_file(folder, "victim")) != 0;
	is_good &= mkdir(folder_file(folder, "in/dir"), 0700) != 0;
	is_good &= symlink("x", folder_file(folder, "in/new-link")) != 0;
	is_good &= !fs_open_to_append(folder_file(folder, "log"), &fd, &err);
	return is_good;
}

static void prepare(struct folder *folder)
{
	for (const char *const *name = (const char *const[]){"in", "in/sub", "out", NULL}; *name;
		name++)
		assert_int_equal(mkdir(folder_file(folder, *name), 0700), 0);
	folder_write(folder, "victim", "mine");
	assert_int_equal(symlink("../victim", folder_file(folder, "in/link")), 0);
}

static void in_force(void **state)
{
	struct folder *folder = *state;
	struct str bytes CLEANUP(str_release) = {0};

	if (version() < 1)
		skip();
	prepare(folder);
	expect_in_child(writes_only_there, folder);
	folder_read(folder, "victim", &bytes);
	assert_string_equal(str_text(&bytes), "mine");
	/* The parent is as free as before. */
	assert_true(write_file(folder, "out/a"));
}

/* Landlock's calls give ENOSYS, as in a kernel without it. */
static bool take_landlock_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_CALL, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_SIZE(code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 &&
	       prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program, 0L, 0L) == 0;
}

static bool is_free_without(struct folder *folder)
{
	return take_landlock_away() && version() < 1 && errno == ENOSYS &&
	       !confine_to(folder, "in") && write_file(folder, "out/a");
}

static void without_landlock(void **state)
{
	struct folder *folder = *state;

	prepare(folder);
	expect_in_child(is_free_without, folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(in_force),
		test_in_folder(without_landlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
