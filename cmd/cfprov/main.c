#include "completion.h"
#include "document.h"
#include "log.h"
#include "man.h"
#include "mistakes.h"
#include "session.h"
#include "stream.h"
#include "term.h"
#include "wipe.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Keeps others out of the memory: no core file (the limit does not stop a pipe in core_pattern,
 * prctl does), no debugger, no /proc/PID/mem or environ for the same user. A closed pipe and a file
 * size limit are errors to report, not signals that kill.
 */
static void set_up_process(void)
{
	const struct rlimit none = {0, 0};

	/*
	 * A file opened later would get the number of a closed standard stream, and a stray message
	 * would end up in the state. These can't be written (or read), so that using them fails.
	 */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			abort();
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* There may be no memory for more than this. The state and its journal survive it, as a kill. */
static void end_exhausted(void)
{
	static const char message[] = "Error: out of memory\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		abort();
	_exit(EXIT_ERROR);
}

static void warn(const struct cli *cli)
{
	const char *const default_paths[] = {MANIFEST_DEFAULT_PATH};
	bool is_given = cli->manifests.count > 0;
	struct error_list warnings CLEANUP(error_list_release) = {0};

	if (cli->command->options & CLI_MANIFEST)
		mistakes_in_environment(is_given ? cli->manifests.items : default_paths,
			is_given ? cli->manifests.count : 1, &warnings);
	term_warnings(&warnings);
}

/* Not in main, so that its frame is unused when leftovers are wiped. */
static int __attribute__((noinline)) run(int argc, char **argv)
{
	struct cli cli CLEANUP(cli_release);
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	int status = EXIT_ERROR;

	bool is_good = cli_parse(argc, argv, &cli, &errors);
	if (cli.json && cli.command && (cli.command->options & CLI_STREAM))
		stream_start();
	if (!is_good) {
		term_errors(&errors);
	} else if (!log_start(term_log, &err)) {
		term_error(&err);
	} else {
		struct session session CLEANUP(session_release);
		assert(cli.command); /* without one it is `help` */
		if (cli.no_color)
			term_no_color();
		if (cli.json && (cli.command->options & CLI_DOCUMENT))
			document_begin();
		warn(&cli);
		session_init(&session, &cli);
		if (session_load_policy(&session) && cli.command->run(&session))
			status = session.status;
	}
	document_end();
	return term_finish() ? status : EXIT_ERROR;
}

/* What completion scripts and make ask for: no commands for people. */
static int run_hidden(int argc, char **argv)
{
	bool is_good = strcmp(argv[0], "__complete") == 0;

	if (is_good)
		completion_print(argc, argv);
	else
		is_good = argc == 2 && man_print(argv[1]);
	return term_finish() && is_good ? EXIT_DONE : EXIT_ERROR;
}

int main(int argc, char **argv)
{
	set_up_process();
	mem_set_tell(end_exhausted);
	term_start();
	bool is_hidden = argc > 1 && strncmp(argv[1], "__", 2) == 0;
	int status = is_hidden ? run_hidden(argc - 1, argv + 1) : run(argc, argv);
	wipe_leftovers();
	return status;
}
