/*
 *   started ──► printing ──► output ended, exited (in any order) ──► reaped
 *                  │                          │
 *                  └── too long, too much, interrupted, stopped ──► killed ──► reaped
 */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addchdir_np and _addclosefrom_np */
#include "adapter/process.h"

#include "adapter/fs.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SLICE_MS = 200,      /* how long a signal just before poll may go unnoticed */
	NAP_MS = 20,         /* between two checks whether it has exited */
	GRACE_MS = 500,      /* from SIGTERM to SIGKILL */
	READ_STEP = 4096,    /* bytes */
	SAID_LIMIT = 8192,   /* bytes of its standard error that are kept */
	SHOWN_LINES = 5,     /* of these bytes */
	SHOWN_COLUMNS = 200, /* of a line */
	FIRST_LINE = 256,    /* bytes, of a #! line */
};

struct run {
	const struct process *process;
	const char *name; /* fit to be shown */
	pid_t pid;
	int output, errors; /* our ends of the pipes; -1: its end was read */
	int64_t deadline_ms, nap_ms;
	bool has_exited;
	struct secret printed;
	struct str said;
};

static void run_release(struct run *run)
{
	fs_close(&run->output);
	fs_close(&run->errors);
	secret_release(&run->printed);
	str_release(&run->said);
}

/* ---- starting ---- */

/* Returns 0 or an errno. */
static int set_actions(
	posix_spawn_file_actions_t *actions, const char *folder, int output, int errors)
{
	int failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	if (!failed)
		failed = posix_spawn_file_actions_adddup2(actions, output, 1);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(actions, errors, 2);
	if (!failed && folder)
		failed = posix_spawn_file_actions_addchdir_np(actions, folder);
		/* Our own descriptors close by themselves; this is for those that we inherited. */
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
	if (!failed)
		failed = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
#endif
	return failed;
}

/* Returns 0 or an errno. */
static int spawn(struct run *run, int output, int errors)
{
	/* A new program inherits which signals are ignored, and we ignore some. */
	static const int numbers[] = {
		SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGXFSZ, SIGCHLD, SIGTTIN, SIGTTOU};
	char *const *argv; /* POSIX promises not to change it */
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults, none;

	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
		mem_exhausted();
	sigemptyset(&none);
	sigemptyset(&defaults);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&defaults, numbers[i]);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	int failed = set_actions(&actions, run->process->folder, output, errors);
	memcpy(&argv, &run->process->argv, sizeof(argv));
	char *const *environment = run->process->environment ? run->process->environment : environ;
	if (!failed)
		failed = posix_spawnp(&run->pid,
			run->process->program ? run->process->program : argv[0], &actions,
			&attributes, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static bool make_pipe(int *ret_end, int *ret_other, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, errno, "can't create a pipe");
	*ret_end = ends[0];
	*ret_other = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ||
	       error_set_errno(err, errno, "can't create a pipe");
}

/* Opens the program where exec would find it; -1: it can't be opened. */
static int open_program(const struct process *process)
{
	const char *name = process->argv[0];
	bool is_path = strchr(name, '/');
	const char *folder = is_path ? process->folder : getenv("PATH");
	int fd = -1;

	if (is_path && (!folder || name[0] == '/'))
		folder = "";
	while (folder && fd < 0) {
		struct str path CLEANUP(str_release) = {0};
		size_t length = is_path ? strlen(folder) : strcspn(folder, ":");
		str_format(&path, "%.*s%s%s", (int)length, folder, length ? "/" : "", name);
		if (access(str_text(&path), X_OK) == 0)
			fd = open(str_text(&path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		folder = folder[length] ? folder + length + 1 : NULL;
	}
	return fd;
}

/*
 * Explains what is wrong with the first line of a script. Linux looks for an interpreter of exactly
 * that name, and reports a missing one as if the script were missing.
 */
static bool hint_at_script(const struct process *process, int why, struct error *err)
{
	int fd CLEANUP(fs_close) = open_program(process);
	char line[FIRST_LINE];
	ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof(line));
	const char *end = length > 2 ? memchr(line, '\n', (size_t)length) : NULL;
	struct str shown CLEANUP(str_release) = {0};

	if (!end || line[0] != '#' || line[1] != '!')
		return false;
	bool is_dos = end[-1] == '\r';
	text_add_visible(&shown, line, (size_t)(end - line) - is_dos, SHOWN_COLUMNS);
	if (is_dos)
		error_hint(err,
			"The script's first line, `%s`, ends in CRLF, so the carriage return "
			"becomes part of the interpreter's name. To convert the script, run: sed "
			"-i 's/\\r$//' SCRIPT",
			str_text(&shown));
	else if (why == ENOENT)
		error_hint(err,
			"The script exists, but the interpreter on its first line does not: %s",
			str_text(&shown));
	return err->hint;
}

static bool refuse_start(const struct run *run, int why, struct error *err)
{
	const char *folder = run->process->folder;

	if (folder && !fs_is_folder(folder))
		return error_set(err, "can't run the command `%s`: there is no directory %s",
			run->name, folder);
	error_set_errno(err, why, "can't run the command `%s`", run->name);
	if (hint_at_script(run->process, why, err))
		return false;
	if (why == ENOENT)
		error_hint(err, "Check that it is installed, in a directory on PATH.");
	if (why == ENOEXEC)
		error_hint(err, "A script must start with a line such as #!/bin/sh.");
	return false;
}

static bool start(struct run *run, struct error *err)
{
	int output CLEANUP(fs_close) = -1, errors CLEANUP(fs_close) = -1;

	if (!make_pipe(&run->output, &output, err) || !make_pipe(&run->errors, &errors, err))
		return false;
	int failed = spawn(run, output, errors);
	return failed ? refuse_start(run, failed, err) : true;
}

/* ---- watching ---- */

static bool read_output(struct run *run, struct error *err)
{
	struct secret *printed = &run->printed;

	if (printed->length + 1 >= printed->room)
		secret_reserve(printed, printed->room ? 2 * printed->room : READ_STEP);
	ssize_t n = read(
		run->output, printed->bytes + printed->length, printed->room - 1 - printed->length);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ||
		       error_set_errno(
			       err, errno, "can't read the output of the command `%s`", run->name);
	if (n == 0)
		fs_close(&run->output);
	printed->length += (size_t)n;
	return printed->length <= run->process->output_limit ||
	       error_set(err, "the command `%s` printed more than %zu bytes", run->name,
		       run->process->output_limit);
}

/* Keeps the end of what it says. False: there is no more for now. */
static bool read_errors(struct run *run)
{
	struct str *said = &run->said;

	str_reserve(said, READ_STEP);
	ssize_t n = read(run->errors, said->bytes + said->length, READ_STEP);
	if (n < 0)
		return errno == EINTR;
	if (n == 0)
		fs_close(&run->errors);
	said->length += (size_t)n;
	if (said->length > SAID_LIMIT) {
		size_t dropped = said->length - SAID_LIMIT / 2;
		/* Half a line might begin with half a secret, which nobody would recognize. */
		while (dropped < said->length && said->bytes[dropped - 1] != '\n')
			dropped++;
		memmove(said->bytes, said->bytes + dropped, said->length - dropped);
		said->length -= dropped;
	}
	return n > 0;
}

/* Waits for something to read, not beyond the deadline. */
static bool read_more(struct run *run, struct error *err)
{
	struct pollfd fds[] = {
		{.fd = run->output, .events = POLLIN}, {.fd = run->errors, .events = POLLIN}};
	int64_t left_ms = run->deadline_ms - clock_monotonic_ms(), wait_ms = SLICE_MS;

	if (run->output < 0) { /* usually it is about to exit */
		wait_ms = run->nap_ms;
		run->nap_ms = run->nap_ms * 2 < NAP_MS ? run->nap_ms * 2 + 1 : NAP_MS;
	}
	if (wait_ms > left_ms)
		wait_ms = left_ms > 0 ? left_ms : 0;
	if (poll(fds, ARRAY_SIZE(fds), (int)wait_ms) <= 0)
		return true;
	if (fds[1].revents)
		(void)read_errors(run);
	return !fds[0].revents || read_output(run, err);
}

/* Notes whether it has exited, without reaping it: so nobody else gets its process id. */
static bool check_exit(struct run *run, struct error *err)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 ||
		info.si_pid == 0)
		return true;
	run->has_exited = info.si_code != CLD_STOPPED;
	if (run->has_exited || (info.si_status != SIGTTIN && info.si_status != SIGTTOU))
		return true;
	error_set(err, "the command `%s` tried to prompt on the terminal", run->name);
	return error_hint(err, "Commands can't prompt while cfprov runs them. Log in first, then "
			       "run cfprov again.");
}

static bool check_time(const struct run *run, struct error *err)
{
	const volatile sig_atomic_t *interrupted = run->process->interrupted;
	long long seconds = (run->process->timeout_ms + 999) / 1000;

	if (interrupted && *interrupted)
		return error_set_code(
			err, ERROR_INTERRUPTED, "the command `%s` was stopped", run->name);
	if (clock_monotonic_ms() < run->deadline_ms)
		return true;
	if (run->has_exited)
		return error_set(err,
			"the command `%s` left a process behind that kept its output open, and was "
			"stopped after %lld s",
			run->name, seconds);
	return error_set(err, "the command `%s` timed out after %lld s", run->name, seconds);
}

static bool watch(struct run *run, struct error *err)
{
	do
		if (!read_more(run, err) || !check_exit(run, err))
			return false;
	while ((run->output >= 0 || !run->has_exited) && check_time(run, err));
	if (err->message)
		return false;
	while (run->errors >= 0 && read_errors(run)) /* others may keep it open: no waiting */
		;
	return true;
}

/* ---- the end ---- */

/* Kills the whole group, which exists until its first process is reaped. */
static void kill_group(struct run *run)
{
	struct error ignored CLEANUP(error_release) = {0};
	int64_t until_ms = clock_monotonic_ms() + GRACE_MS;

	(void)kill(-run->pid, SIGTERM);
	(void)kill(-run->pid, SIGCONT); /* a stopped process gets no other signal */
	while (!run->has_exited && clock_monotonic_ms() < until_ms) {
		(void)poll(NULL, 0, NAP_MS);
		(void)!check_exit(run, &ignored);
		error_release(&ignored);
	}
	(void)kill(-run->pid, SIGKILL);
}

/* Takes what is known to be secret out of what it said, and what it printed itself. */
static void scrub_said(struct run *run)
{
	const struct secret *printed = &run->printed;
	struct scrub own CLEANUP(scrub_release) = {0};
	struct str known CLEANUP(str_release) = {0}, said = {0};

	if (printed->length > SCRUB_SHORTEST)
		scrub_know_text(&own, printed->bytes, printed->length);
	scrub_add(&known, str_text(&run->said), run->said.length, run->process->known);
	scrub_add(&said, str_text(&known), known.length, &own);
	str_release(&run->said);
	run->said = said;
}

/* Where the last lines begin, blank ones not counted. The text ends with no blank line. */
static size_t last_lines(const struct str *said)
{
	size_t from = said->length, lines = 0;

	for (; from; from--) {
		const char *line = said->bytes + from;
		if (line[-1] != '\n' || line[*line == '\r'] == '\n')
			continue;
		if (++lines == SHOWN_LINES)
			break;
	}
	return from;
}

/* Shows the last lines, with " / " between. */
static void hint_stderr(struct run *run, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0}, *said = &run->said;

	scrub_said(run);
	while (said->length && strchr("\r\n ", said->bytes[said->length - 1]))
		said->length--;
	size_t from = last_lines(said);
	while (from < said->length) {
		const char *line = said->bytes + from;
		const char *end = memchr(line, '\n', said->length - from);
		size_t length = end ? (size_t)(end - line) : said->length - from;
		from += length + 1;
		length -= length && line[length - 1] == '\r';
		if (!length)
			continue;
		str_text_add(&shown, shown.length ? " / " : "It printed: ");
		text_add_visible(&shown, line, length, SHOWN_COLUMNS);
	}
	if (shown.length)
		error_hint(err, "%s", str_text(&shown));
}

static bool check_status(struct run *run, int status, struct error *err)
{
	if (WIFSIGNALED(status))
		return error_set(err, "the command `%s` was killed by signal %d (%s)", run->name,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == 0)
		return true;
	error_set(err, "the command `%s` exited with status %d", run->name, WEXITSTATUS(status));
	if (WEXITSTATUS(status) == 127) /* how env, as the interpreter, reports a missing one */
		(void)hint_at_script(run->process, 0, err);
	return false;
}

/* Reaps the program in any case. */
static bool finish(struct run *run, struct error *err)
{
	bool is_good = watch(run, err);
	int status = 0;
	pid_t reaped;

	if (!is_good)
		kill_group(run);
	do
		reaped = waitpid(run->pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	if (is_good && reaped < 0)
		is_good = error_set_errno(
			err, errno, "can't get the exit status of the command `%s`", run->name);
	is_good = is_good && check_status(run, status, err);
	if (!is_good && !err->hint)
		hint_stderr(run, err);
	return is_good;
}

bool process_run(const struct process *process, struct secret *ret_output, struct error *err)
{
	struct run run CLEANUP(run_release) = {.process = process, .output = -1, .errors = -1};
	struct str name CLEANUP(str_release) = {0};
	struct sigaction before, defaults = {.sa_handler = SIG_DFL};

	text_add_visible(&name, process->argv[0], strlen(process->argv[0]), SHOWN_COLUMNS);
	run.name = str_text(&name);
	run.deadline_ms = clock_monotonic_ms() + process->timeout_ms;
	/* While SIGCHLD is ignored, nobody learns how a process ended. */
	bool ignores = sigaction(SIGCHLD, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
	if (ignores)
		(void)sigaction(SIGCHLD, &defaults, NULL);
	secret_reserve(&run.printed, 1); /* no output is an empty secret, not an absent one */
	bool is_good = check_time(&run, err) && start(&run, err) && finish(&run, err);
	if (ignores)
		(void)sigaction(SIGCHLD, &before, NULL);
	if (is_good)
		*ret_output = secret_steal(&run.printed);
	return is_good;
}
