/* All that the file system may do. */
#include "adapter/fs.h"

#include "unit.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void expect_content(struct folder *folder, const char *name, const char *content)
{
	struct str bytes CLEANUP(str_release) = {0};

	folder_read(folder, name, &bytes);
	assert_string_equal(str_text(&bytes), content);
}

static struct str bytes_of(const char *text)
{
	struct str bytes = {0};

	str_text_add(&bytes, text);
	return bytes;
}

/* ---- reading ---- */

static void refuse_read(struct folder *folder, const char *name, const char *message)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(fs_read(folder_file(folder, name), 100, &bytes, &err));
	assert_int_equal(err.code == ERROR_ABSENT, strcmp(message, "No such file") == 0);
	expect_error(&err, message);
}

static void reads(void **state)
{
	struct folder *folder = *state;
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	str_text_add(&bytes, "before ");
	folder_write_bytes(folder, "f", "a\0b", 3);
	assert_true(fs_read(folder_file(folder, "f"), 3, &bytes, &err));
	assert_int_equal(bytes.length, 10);
	assert_memory_equal(bytes.bytes, "before a\0b", 11);
	assert_false(fs_read(folder_file(folder, "f"), 2, &bytes, &err));
	expect_error(&err, "larger than 2 bytes");
}

static void refuses_to_read(void **state)
{
	struct folder *folder = *state;

	refuse_read(folder, "absent", "No such file");
	refuse_read(folder, "no/such/folder", "No such file");
	refuse_read(folder, ".", "is a directory");
	assert_int_equal(mkfifo(folder_file(folder, "fifo"), 0600), 0);
	refuse_read(folder, "fifo", "not a regular file");
	assert_int_equal(symlink("/dev/zero", folder_file(folder, "zero")), 0);
	refuse_read(folder, "zero", "not a regular file");
	assert_int_equal(symlink("loop", folder_file(folder, "loop")), 0);
	refuse_read(folder, "loop", "can't open");
	folder_write(folder, "file", "x");
	refuse_read(folder, "file/x", "Not a directory");
}

/* ---- replacing ---- */

static void replaces(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str one CLEANUP(str_release) = bytes_of("one");
	struct str two CLEANUP(str_release) = bytes_of("two");
	struct str none CLEANUP(str_release) = {0};
	const char *path = folder_file(folder, "f"), *backup = folder_file(folder, "f.backup");

	assert_true(fs_replace(path, backup, &one, &err));
	expect_content(folder, "f", "one");
	assert_false(folder_has(folder, "f.backup"));
	assert_true(fs_replace(path, backup, &two, &err));
	expect_content(folder, "f", "two");
	expect_content(folder, "f.backup", "one");
	assert_true(fs_replace(path, backup, &none, &err));
	expect_content(folder, "f", "");
	expect_content(folder, "f.backup", "two");
	assert_int_equal(folder_mode(folder, "f"), 0600);
	assert_int_equal(folder_mode(folder, "f.backup"), 0600);
	assert_int_equal(folder_count(folder), 2);
}

/* Whatever the umask. */
static void replaced_files_keep_their_mode(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = bytes_of("new");
	mode_t before = umask(0);
	const char *path = folder_file(folder, "f"), *backup = folder_file(folder, "f.backup");
	struct stat status;

	folder_write(folder, "f", "old");
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(geteuid() == 0 ? chown(path, 12345, 54321) : 0, 0);
	assert_true(fs_replace(path, backup, &bytes, &err));
	assert_int_equal(folder_mode(folder, "f"), 0664);
	assert_int_equal(folder_mode(folder, "f.backup"), 0664);
	expect_content(folder, "f.backup", "old");
	assert_int_equal(stat(path, &status), 0);
	if (geteuid() == 0)
		assert_true(status.st_uid == 12345 && status.st_gid == 54321);
	/* An output is a new file. */
	assert_true(fs_write(path, &bytes, &err));
	assert_int_equal(folder_mode(folder, "f"), 0600);
	umask(before);
}

/* Neither a link nor a hard link leads an output to another file. */
static void outputs_do_not_follow_links(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = bytes_of("new");
	struct stat status;
	int fd = -1;

	folder_write(folder, "victim", "mine");
	assert_int_equal(symlink("victim", folder_file(folder, "link")), 0);
	assert_int_equal(symlink("nowhere", folder_file(folder, "ahead")), 0);
	assert_int_equal(symlink("/proc/self/fd/1", folder_file(folder, "stdout")), 0);
	assert_int_equal(link(folder_file(folder, "victim"), folder_file(folder, "hard")), 0);

	for (const char *const *name = (const char *const[]){"link", "ahead", "hard", "victim",
		     "stdout", ".", NULL};
		*name; name++) {
		bool is_good = *name[0] == 'v' && unlink(folder_file(folder, "hard")) == 0;
		assert_int_equal(fs_open_to_append(folder_file(folder, *name), &fd, &err), is_good);
		fs_close(&fd);
		error_release(&err);
	}
	assert_false(fs_check_target(folder_file(folder, "stdout"), &err));
	expect_error(&err, "not a regular file");
	assert_false(fs_create(folder_file(folder, "link"), &bytes, &err));
	expect_error(&err, "already exists");
	assert_false(fs_create(folder_file(folder, "ahead"), &bytes, &err));
	expect_error(&err, "already exists");
	assert_false(folder_has(folder, "nowhere"));
	assert_true(fs_write(folder_file(folder, "link"), &bytes, &err));
	assert_int_equal(lstat(folder_file(folder, "link"), &status), 0);
	assert_true(S_ISREG(status.st_mode));
	expect_content(folder, "victim", "mine");
}

/* Of a folder that everybody may write, what others have put there is not believed. */
static void believes_only_ours(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	const char *path = folder_file(folder, "dir/f");
	const uid_t other = 12345;

	assert_int_equal(mkdir(folder_file(folder, "dir"), 0777), 0);
	folder_write(folder, "dir/f", "x");
	assert_true(fs_read_ours(path, 100, &bytes, &err));
	assert_int_equal(chmod(path, 0666), 0);
	assert_true(fs_read_ours(path, 100, &bytes, &err));
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path, other, other), 0);
	assert_false(fs_read_ours(path, 100, &bytes, &err));
	expect_error(&err, "belongs to another user (uid 12345)");
	assert_true(fs_read(path, 100, &bytes, &err));
	assert_int_equal(chown(path, other, getegid()), 0);
	assert_true(fs_read_ours(path, 100, &bytes, &err));
	assert_int_equal(chown(path, other, other), 0);
	assert_int_equal(chown(folder_file(folder, "dir"), other, other), 0);
	assert_true(fs_read_ours(path, 100, &bytes, &err));
}

/* What an earlier run left half written, or somebody has put there, is no obstacle. */
static void leftovers_are_no_obstacle(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = bytes_of("new");

	folder_write(folder, "f", "old");
	folder_write(folder, ".f.tmp", "half of a longer content");
	folder_write(folder, ".f.backup.tmp", "half");
	folder_write(folder, "victim", "mine");
	assert_true(fs_replace(
		folder_file(folder, "f"), folder_file(folder, "f.backup"), &bytes, &err));
	expect_content(folder, "f", "new");
	expect_content(folder, "f.backup", "old");
	assert_false(folder_has(folder, ".f.tmp"));
	assert_false(folder_has(folder, ".f.backup.tmp"));
	assert_int_equal(symlink("victim", folder_file(folder, ".f.tmp")), 0);
	assert_true(fs_replace(folder_file(folder, "f"), NULL, &bytes, &err));
	expect_content(folder, "victim", "mine");
}

static void refuse_replace(struct folder *folder, const char *name)
{
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = bytes_of("new");
	char *backup AUTO_FREE = fs_sibling(folder_file(folder, name), "", ".backup");

	assert_false(fs_replace(folder_file(folder, name), backup, &bytes, &err));
	assert_non_null(err.message);
}

static bool is_target(struct folder *folder, const char *name, const char *why)
{
	struct error err CLEANUP(error_release) = {0};
	bool is_good = fs_check_target(folder_file(folder, name), &err);

	if (!is_good)
		assert_non_null(strstr(err.message, why));
	return is_good;
}

/* fault D6: what is written first is beside it, with a longer name. */
static void targets_have_room_for_a_temporary_file(void **state)
{
	struct folder *folder = *state;
	char name[NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[NAME_MAX - strlen("..tmp")] = '\0';
	assert_true(is_target(folder, name, ""));
	folder_write(folder, name, "old");
	assert_true(is_target(folder, name, ""));
	name[strlen(name)] = 'x';
	name[NAME_MAX - strlen("..tmp") + 1] = '\0';
	assert_false(is_target(folder, name, "File name too long"));
	folder_write(folder, ".f.tmp", "left by a crash");
	assert_true(is_target(folder, "f", ""));
	assert_int_equal(mkdir(folder_file(folder, ".g.tmp"), 0700), 0);
	assert_false(is_target(folder, "g", ".g.tmp is a directory"));
}

static void targets_are_regular(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "f", "old");
	assert_true(is_target(folder, "f", ""));
	assert_true(is_target(folder, "new", ""));
	assert_int_equal(mkdir(folder_file(folder, "dir"), 0700), 0);
	assert_false(is_target(folder, "dir", "is a directory"));
	assert_int_equal(mkfifo(folder_file(folder, "fifo"), 0600), 0);
	assert_false(is_target(folder, "fifo", "not a regular file"));
	assert_false(is_target(folder, "no/f", "can't write to the directory of"));
	assert_false(is_target(folder, "f/f", "can't write"));
	assert_int_equal(symlink("fifo", folder_file(folder, "link")), 0);
	assert_false(is_target(folder, "link", "not a regular file"));
	assert_int_equal(symlink("no/f", folder_file(folder, "ahead")), 0);
	assert_true(is_target(folder, "ahead", ""));
	expect_content(folder, "f", "old");
}

static bool is_same(struct folder *folder, const char *a, const char *b)
{
	char *first AUTO_FREE = mem_copy_text(folder_file(folder, a));

	return fs_is_same_file(first, folder_file(folder, b));
}

static void same_files(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "f", "old");
	folder_write(folder, "g", "old");
	assert_int_equal(mkdir(folder_file(folder, "dir"), 0700), 0);
	assert_int_equal(symlink("../f", folder_file(folder, "dir/link")), 0);
	assert_int_equal(symlink("../new", folder_file(folder, "dir/ahead")), 0);
	assert_int_equal(link(folder_file(folder, "f"), folder_file(folder, "dir/hard")), 0);
	assert_true(is_same(folder, "f", "./f"));
	assert_true(is_same(folder, "f", "dir/../f"));
	assert_true(is_same(folder, "f", "dir/link"));
	assert_true(is_same(folder, "f", "dir/hard"));
	assert_true(is_same(folder, "new", "dir/../new"));
	assert_true(is_same(folder, "new", "dir/ahead"));
	assert_false(is_same(folder, "f", "g"));
	assert_false(is_same(folder, "f", "new"));
	assert_false(is_same(folder, "new", "newer"));
	assert_false(is_same(folder, "new", "dir/new"));
	assert_false(is_same(folder, "no/new", "no/new"));
}

/* /dev/shm is another file system nearly everywhere: no link leads there. */
static void backup_on_another_file_system(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = bytes_of("new"), kept CLEANUP(str_release) = {0};
	char elsewhere[] = "/dev/shm/cfprov-fs.XXXXXX";
	struct stat here, there;

	if (!mkdtemp(elsewhere))
		skip();
	struct str backup CLEANUP(str_release) = {0};
	str_format(&backup, "%s/f.backup", elsewhere);
	folder_write(folder, "f", "old");
	assert_int_equal(stat(folder_file(folder, "f"), &here), 0);
	assert_int_equal(stat(elsewhere, &there), 0);
	bool is_kept = fs_replace(folder_file(folder, "f"), str_text(&backup), &bytes, &err) &&
		       fs_read(str_text(&backup), 100, &kept, &err);
	(void)unlink(str_text(&backup));
	int left = rmdir(elsewhere); /* no temporary file in it */
	assert_true(is_kept);
	assert_string_equal(str_text(&kept), "old");
	assert_int_equal(left, 0);
	expect_content(folder, "f", "new");
	if (here.st_dev == there.st_dev)
		skip();
}

static void refuses_to_replace(void **state)
{
	struct folder *folder = *state;

	refuse_replace(folder, "no/f");
	assert_int_equal(mkdir(folder_file(folder, "dir"), 0700), 0);
	refuse_replace(folder, "dir");
	assert_int_equal(folder_count(folder), 1); /* no leftovers */
	folder_write(folder, "f", "old");
	assert_int_equal(mkdir(folder_file(folder, "f.backup"), 0700), 0);
	refuse_replace(folder, "f");
	expect_content(folder, "f", "old");
	assert_int_equal(folder_count(folder), 3);
	assert_int_equal(mkdir(folder_file(folder, ".f.tmp"), 0700), 0);
	refuse_replace(folder, "f");
	expect_content(folder, "f", "old");
}

/* Runs `act` in a process that may write files of so many bytes only; its exit status. */
static int run_limited(rlim_t bytes, int (*act)(struct folder *folder), struct folder *folder)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(act(folder));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int replace_long(struct folder *folder)
{
	struct error err = {0};
	struct str bytes = {0};

	str_repeat(&bytes, 'x', 10000);
	if (fs_replace(folder_file(folder, "f"), folder_file(folder, "f.backup"), &bytes, &err))
		return 1;
	return strstr(err.message, "can't write") ? 0 : 2;
}

static void disk_full_keeps_the_old(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "f", "old");
	assert_int_equal(run_limited(4096, replace_long, folder), 0);
	expect_content(folder, "f", "old");
	assert_int_equal(folder_count(folder), 1);
}

/* Somebody who reads all the time sees the old or the new, always whole, never nothing. */
static void never_half_seen(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	const char *path = folder_file(folder, "f"), *backup = folder_file(folder, "f.backup");
	int status;

	str_repeat(&bytes, 'a', 50000);
	assert_true(fs_replace(path, backup, &bytes, &err));
	pid_t child = fork();
	assert_true(child >= 0);
	for (int i = 0; child == 0 && i < 100; i++) {
		memset(bytes.bytes, 'a' + i % 26, bytes.length);
		if (!fs_replace(path, backup, &bytes, &err))
			_exit(1);
	}
	if (child == 0)
		_exit(0);
	do {
		struct str seen CLEANUP(str_release) = {0};
		assert_true(fs_read(path, 100000, &seen, &err));
		assert_int_equal(seen.length, 50000);
		for (size_t i = 1; i < seen.length; i++)
			assert_int_equal(seen.bytes[i], seen.bytes[0]);
	} while (waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
}

static void removes(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};

	folder_write(folder, "f", "x");
	assert_true(fs_remove(folder_file(folder, "f"), &err));
	assert_false(folder_has(folder, "f"));
	assert_true(fs_remove(folder_file(folder, "f"), &err));
	assert_int_equal(mkdir(folder_file(folder, "dir"), 0700), 0);
	assert_false(fs_remove(folder_file(folder, "dir"), &err));
	expect_error(&err, "can't remove");
}

/* ---- paths ---- */

static void expect_sibling(const char *path, const char *sibling, const char *neighbour)
{
	char *one AUTO_FREE = fs_sibling(path, ".", ".x");
	char *two AUTO_FREE = fs_neighbour(path, "n");

	assert_string_equal(one, sibling);
	assert_string_equal(two, neighbour);
}

static void paths(void **state)
{
	struct folder *folder = *state;

	expect_sibling("f", ".f.x", "n");
	expect_sibling("a/b/f", "a/b/.f.x", "a/b/n");
	expect_sibling("/f", "/.f.x", "/n");
	folder_write(folder, "f", "x");
	assert_int_equal(symlink("f", folder_file(folder, "link")), 0);
	char *real AUTO_FREE = fs_real_path(folder_file(folder, "link"));
	assert_string_equal(real, folder_file(folder, "f"));
	char *absent AUTO_FREE = fs_real_path(folder_file(folder, "absent"));
	assert_string_equal(absent, folder_file(folder, "absent"));
}

static void expect_path(const char *other, const char *file, const char *path)
{
	char *from AUTO_FREE = fs_path_from(other, file);

	assert_string_equal(from, path);
}

static void paths_from_another_folder(void **state)
{
	(void)state;
	expect_path("f", "g", "g");
	expect_path("f", "/a/g", "/a/g");
	expect_path(".", "./g", "g");
	expect_path("tests/f", "g", "../g");
	expect_path("f", "tests/g", "tests/g");
	expect_path("tests/unit/f", "tests/cli/g", "../cli/g");
}

/* A link to what is not there yet still says where it should be. */
static void beneath(void **state)
{
	struct folder *folder = *state;
	char *top AUTO_FREE = mem_copy_text(folder_file(folder, "top"));
	char *file AUTO_FREE = mem_copy_text(folder_file(folder, "top/f"));

	assert_int_equal(mkdir(top, 0700), 0);
	assert_int_equal(mkdir(folder_file(folder, "topmost"), 0700), 0);
	assert_int_equal(symlink("..", folder_file(folder, "top/up")), 0);
	assert_int_equal(symlink("../g", folder_file(folder, "top/ahead")), 0);
	assert_int_equal(symlink("here", folder_file(folder, "top/stays")), 0);
	for (const char *const *name = (const char *const[]){"top/x", "top/no/x", "top/stays",
		     "top/../top/x", "top/up/top/x", NULL};
		*name; name++) {
		assert_true(fs_is_beneath(top, folder_file(folder, *name)));
		assert_true(fs_is_beneath(file, folder_file(folder, *name)));
	}
	for (const char *const *name = (const char *const[]){"x", "topmost/x", "top/up/x",
		     "top/ahead", "top/no/../../x", "top/no/../x", "top/..", NULL};
		*name; name++)
		assert_false(fs_is_beneath(top, folder_file(folder, *name)));
	assert_true(fs_is_beneath("/", "/x"));
	assert_true(fs_is_beneath(".", "x"));
	assert_true(fs_is_beneath("f", "no/x"));
	assert_false(fs_is_beneath("f", "../x"));
	assert_false(fs_is_beneath("f", "/x"));
}

static void links_to_nothing_are_followed(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(symlink("target", folder_file(folder, "relative")), 0);
	assert_int_equal(
		symlink(folder_file(folder, "relative"), folder_file(folder, "absolute")), 0);
	assert_int_equal(symlink("loop", folder_file(folder, "loop")), 0);
	char *relative AUTO_FREE = fs_real_path(folder_file(folder, "relative"));
	assert_string_equal(relative, folder_file(folder, "target"));
	char *absolute AUTO_FREE = fs_real_path(folder_file(folder, "absolute"));
	assert_string_equal(absolute, folder_file(folder, "target"));
	char *loop AUTO_FREE = fs_real_path(folder_file(folder, "loop"));
	assert_non_null(loop);
}

/* ---- the log ---- */

static void appends(void **state)
{
	struct folder *folder = *state;
	struct error err CLEANUP(error_release) = {0};
	struct str one CLEANUP(str_release) = bytes_of("one\n");
	struct str two CLEANUP(str_release) = bytes_of("two\n");
	struct fs_log log;

	folder_write(folder, "log", "what was there before");
	assert_true(fs_log_create(&log, folder_file(folder, "log"), &err));
	expect_content(folder, "log", "");
	assert_int_equal(folder_mode(folder, "log"), 0600);
	assert_true(fs_log_append(&log, &one, &err));
	expect_content(folder, "log", "one\n");
	assert_true(fs_log_append(&log, &two, &err));
	expect_content(folder, "log", "one\ntwo\n");
	assert_int_equal(log.size_bytes, 8);
	fs_log_close(&log);
	assert_int_equal(log.fd, -1);
	fs_log_close(&log);
	assert_int_equal(symlink("victim", folder_file(folder, "link")), 0);
	folder_write(folder, "victim", "mine");
	assert_true(fs_log_create(&log, folder_file(folder, "link"), &err));
	fs_log_close(&log);
	expect_content(folder, "victim", "mine");
	assert_false(fs_log_create(&log, folder_file(folder, "no/log"), &err));
	expect_error(&err, "no/log");
}

/* What did not fit is cut off again: the log ends with a whole record, and goes on. */
static int append_too_much(struct folder *folder)
{
	struct error err = {0};
	struct str first = bytes_of("first\n"), large = {0}, last = bytes_of("last\n");
	struct fs_log log;

	str_repeat(&large, 'x', 10000);
	if (!fs_log_create(&log, folder_file(folder, "log"), &err) ||
		!fs_log_append(&log, &first, &err))
		return 1;
	if (fs_log_append(&log, &large, &err) || !strstr(err.message, "can't write"))
		return 2;
	error_release(&err);
	return fs_log_append(&log, &last, &err) ? 0 : 3;
}

static void full_log_ends_with_a_whole_record(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(run_limited(4096, append_too_much, folder), 0);
	expect_content(folder, "log", "first\nlast\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(reads),
		test_in_folder(refuses_to_read),
		test_in_folder(replaces),
		test_in_folder(replaced_files_keep_their_mode),
		test_in_folder(outputs_do_not_follow_links),
		test_in_folder(believes_only_ours),
		test_in_folder(leftovers_are_no_obstacle),
		test_in_folder(targets_are_regular),
		test_in_folder(targets_have_room_for_a_temporary_file),
		test_in_folder(same_files),
		test_in_folder(backup_on_another_file_system),
		test_in_folder(refuses_to_replace),
		test_in_folder(disk_full_keeps_the_old),
		test_in_folder(never_half_seen),
		test_in_folder(removes),
		test_in_folder(paths),
		test_in_folder(paths_from_another_folder),
		test_in_folder(beneath),
		test_in_folder(links_to_nothing_are_followed),
		test_in_folder(appends),
		test_in_folder(full_log_ends_with_a_whole_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
