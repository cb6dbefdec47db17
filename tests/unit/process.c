#include "adapter/process.h"

#include "unit.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t interrupted;

static struct process shell(const char *const argv[static 4])
{
	return (struct process){.argv = argv, .timeout_ms = 60000, .output_limit = 1 << 20};
}

static void expect_output(const struct process *process, const char *wanted)
{
	struct secret output CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!process_run(process, &output, &err))
		fail_msg("%s (%s)", err.message, err.hint ? err.hint : "");
	assert_non_null(output.bytes);
	assert_int_equal(output.length, strlen(wanted));
	assert_string_equal(output.bytes, wanted);
}

static void prints(const char *script, const char *wanted)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct process process = shell(argv);

	expect_output(&process, wanted);
}

/* What was printed (HUSH, in the scripts) is never told. */
static void refuse(const struct process *process, const char *message, const char *hint)
{
	struct secret output = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(process_run(process, &output, &err));
	assert_null(output.bytes);
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	assert_int_equal(err.hint != NULL, hint != NULL);
	if (hint)
		expect_text(err.hint, hint);
	expect_error(&err, message);
}

static void fails(const char *script, const char *message, const char *hint)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct process process = shell(argv);

	refuse(&process, message, hint);
}

/* How many processes of our own are there, ended or not? None must be left. */
static void expect_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void output_is_taken(void **state)
{
	const char *const argv[] = {"printf", "%s|", "a b", "$HOME", "*", NULL};
	const struct process process = shell(argv);

	(void)state;
	prints("echo hush", "hush\n");
	prints("", "");
	prints("printf a; echo noise >&2; printf b", "ab");
	prints("printf a; exec >&-; exit 0", "a");
	prints("exec >&- 2>&-", "");
	expect_output(&process, "a b|$HOME|*|"); /* no shell */
	expect_no_children();
}

static void much_output_is_taken(void **state)
{
	const char *const argv[] = {"head", "-c", "300000", "/dev/zero", NULL};
	struct process process = shell(argv);
	struct secret output CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	process.output_limit = 300000;
	assert_true(process_run(&process, &output, &err));
	assert_int_equal(output.length, 300000);
	process.output_limit = 299999;
	refuse(&process, "the command `head` printed more than 299999 bytes", NULL);
	fails("while :; do echo HUSH; done", "`sh` printed more than 1048576 bytes", NULL);
	/* as much on the other side, which nobody wants */
	prints("head -c 300000 /dev/zero >&2; echo a", "a\n");
	expect_no_children();
}

static void world_of_the_command(void **state)
{
	struct folder *folder = *state;
	const char *const argv[] = {"./here.sh", NULL};
	struct process process = {
		.argv = argv, .folder = folder->path, .timeout_ms = 60000, .output_limit = 1000};

	folder_write(folder, "here.sh", "#!/bin/sh\necho \"$(cat beside)\"");
	folder_write(folder, "beside", "content");
	refuse(&process, "can't run the command `./here.sh`: Permission denied", "mode");
	assert_int_equal(chmod(folder_file(folder, "here.sh"), 0700), 0);
	expect_output(&process, "content\n");
	process.folder = folder_file(folder, "nowhere");
	refuse(&process, "can't run the command `./here.sh`: there is no directory /tmp/", NULL);
	folder_write(folder, "here.sh", "echo HUSH");
	process.folder = folder->path;
	refuse(&process, "Exec format error", "#!/bin/sh");
	setenv("UNIT_PROCESS", "inherited", true);
	prints("echo $UNIT_PROCESS; cat; pwd >/dev/null", "inherited\n");
}

/* Also one that we hold without O_CLOEXEC: it may be the lock of somebody else. */
/* fault B10 */
static void scripts_with_dos_line_ends(void **state)
{
	static const char hint[] = "ends in CRLF";
	struct folder *folder = *state;
	const char *const argv[] = {"./x.sh", NULL}, *const by_path[] = {"x.sh", NULL};
	struct process process = {
		.argv = argv, .folder = folder->path, .timeout_ms = 60000, .output_limit = 1000};
	char *path AUTO_FREE = mem_copy_text(getenv("PATH"));
	struct str longer CLEANUP(str_release) = {0};

	folder_write(folder, "x.sh", "#!/bin/sh\r\necho HUSH\r\n");
	assert_int_equal(chmod(folder_file(folder, "x.sh"), 0700), 0);
	refuse(&process, "can't run the command `./x.sh`: No such file", hint);
	refuse(&process, "can't run the command `./x.sh`", "`#!/bin/sh`");
	process.argv = by_path;
	str_format(&longer, "/nowhere::%s:%s", folder->path, path);
	assert_int_equal(setenv("PATH", str_text(&longer), 1), 0);
	refuse(&process, "can't run the command `x.sh`", hint);
	assert_int_equal(setenv("PATH", path, 1), 0);
	process.argv = argv;
	folder_write(folder, "x.sh", "#!/usr/bin/env sh\r\necho HUSH\r\n");
	refuse(&process, "the command `./x.sh` exited with status 127", hint);
	folder_write(folder, "x.sh", "#!/no/such/sh -e\necho HUSH\n");
	refuse(&process, "can't run the command `./x.sh`: No such file", "#!/no/such/sh -e");
	folder_write(folder, "x.sh", "#!/bin/sh\nexit 127\n");
	refuse(&process, "exited with status 127", NULL);
	assert_int_equal(unlink(folder_file(folder, "x.sh")), 0);
	refuse(&process, "can't run the command `./x.sh`: No such file", "it is installed");
}

static void no_descriptor_of_ours(void **state)
{
	int fd = open("/dev/null", O_RDONLY), copy = fcntl(fd, F_DUPFD, 9);

	(void)state;
	assert_true(copy >= 9); /* more if whoever runs the tests has that one open */
	prints("ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 "); /* 3 is the folder itself */
	prints("readlink /proc/self/fd/0", "/dev/null\n");
	close(copy);
	close(fd);
}

/* Its own group; and no signal that we ignore or block is ignored or blocked there. */
static void signals_are_as_usual(void **state)
{
	sigset_t some, before;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &some, &before), 0);
	/* The first 31, from the right; glibc has two behind them for itself. */
	prints("sed -n 's/^\\(Sig[IB][gl][nk]\\):.*\\(.......\\)$/\\1 \\2/p' /proc/self/status",
		"SigBlk 0000000\nSigIgn 0000000\n");
	fails("kill -INT $$; echo HUSH", "`sh` was killed by signal 2 (Interrupt)", NULL);
	prints("test $(cut -d ' ' -f 5 /proc/$$/stat) -eq $$ && echo head", "head\n");
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN); /* we are left as we were */
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
}

static void failures_are_told(void **state)
{
	const char *const absent[] = {"no-such-command-here", "-x", NULL, NULL};
	const char *const odd[] = {"no\033[31msuch\n", NULL, NULL, NULL};
	struct process process = shell(absent);

	(void)state;
	refuse(&process, "can't run the command `no-such-command-here`: No such file", "PATH");
	process.argv = odd;
	refuse(&process, "can't run the command `no\\x1b[31msuch\\x0a`", "PATH");
	fails("echo HUSH; exit 3", "the command `sh` exited with status 3", NULL);
	fails("echo HUSH; echo 'key expired' >&2; exit 3", "exited with status 3",
		"It printed: key expired");
	fails("printf '1\\n2\\n3\\n\\n4\\r\\n5\\n6\\n\\n' >&2; exit 1", "status 1",
		"It printed: 2 / 3 / 4 / 5 / 6");
	fails("printf '\\033[31mred\\377' >&2; exit 1", "status 1",
		"It printed: \\x1b[31mred\\xff");
	fails("i=0; while [ $i -lt 3000 ]; do echo HUSH$i; i=$((i+1)); done >&2;"
	      "echo 1 >&2; echo 2 >&2; echo 3 >&2; echo 4 >&2; echo 5 >&2; exit 1",
		"status 1", "It printed: 1 / 2 / 3 / 4 / 5");
	fails("echo HUSH; kill -KILL $$", "`sh` was killed by signal 9 (Killed)", NULL);
	expect_no_children();
}

/* A line of a megabyte is cut at its end, and what was before it is forgotten. */
static void long_lines_are_cut(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	struct secret output = {0};
	const char *const argv[] = {
		"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' y >&2; exit 1", NULL};
	const struct process process = shell(argv);

	(void)state;
	assert_false(process_run(&process, &output, &err));
	assert_true(strlen(err.hint) < 300);
	expect_text(err.hint, "yyy...");
}

/* The script says where it has got to; whoever is left afterwards would hold the fifo. */
static void slow(const char *script, int timeout_ms, const char *message)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct process process = shell(argv);

	process.timeout_ms = timeout_ms;
	refuse(&process, message, NULL);
	expect_no_children();
}

enum {
	AT_ONCE_MS = 50,
	BUSY_MS = 2000, /* in which a shell does a little, however busy the machine is */
};

static void time_is_limited(void **state)
{
	(void)state;
	slow("echo HUSH; sleep 600", AT_ONCE_MS, "the command `sh` timed out after 1 s");
	slow("exec sleep 600", AT_ONCE_MS, "timed out");
	slow("echo HUSH; exec >&- 2>&-; sleep 600", AT_ONCE_MS, "timed out");
	slow("trap '' TERM; exec sleep 600", AT_ONCE_MS, "timed out");
	slow("kill -STOP $$", AT_ONCE_MS, "timed out");
	slow("sleep 600 & echo HUSH", BUSY_MS, "left a process behind that kept its output open");
}

/* Of the whole group nobody lives on: the last holder of the fifo's end is gone. */
static void group_is_stopped(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_file(folder, "fifo");
	struct str script CLEANUP(str_release) = {0};
	char byte;

	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(fcntl(reader, F_SETFL, 0), 0);
	str_format(&script, "exec 9>%s; printf x >&9; (sleep 600 & sleep 600) & sleep 600", path);
	slow(str_text(&script), BUSY_MS, "timed out");
	assert_int_equal(read(reader, &byte, 1), 1);
	assert_int_equal(read(reader, &byte, 1), 0); /* the end: else this would wait forever */
	close(reader);
}

/* Who holds only its standard error, as some daemons do, is not waited for. */
static void daemons_are_left_alone(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_file(folder, "pid");
	struct str script CLEANUP(str_release) = {0}, pid CLEANUP(str_release) = {0};

	str_format(&script, "sleep 600 >/dev/null & echo $! >%s; echo value", path);
	prints(str_text(&script), "value\n");
	folder_read(folder, "pid", &pid);
	assert_int_equal(kill((pid_t)strtol(str_text(&pid), NULL, 10), SIGKILL), 0);
}

static void on_alarm(int number)
{
	(void)number;
	interrupted = 1;
}

static void can_be_interrupted(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo HUSH; sleep 600", NULL};
	struct process process = shell(argv);
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval soon = {{0, 0}, {0, 20000}};
	struct secret output = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	process.interrupted = &interrupted;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	for (int i = 0; i < 2; i++) { /* the second time it is not even started */
		assert_false(process_run(&process, &output, &err));
		assert_int_equal(err.code, ERROR_INTERRUPTED);
		expect_error(&err, "the command `sh` was stopped");
	}
	expect_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_taken),
		cmocka_unit_test(much_output_is_taken),
		test_in_folder(world_of_the_command),
		test_in_folder(scripts_with_dos_line_ends),
		cmocka_unit_test(no_descriptor_of_ours),
		cmocka_unit_test(signals_are_as_usual),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(time_is_limited),
		test_in_folder(group_is_stopped),
		test_in_folder(daemons_are_left_alone),
		cmocka_unit_test(can_be_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
