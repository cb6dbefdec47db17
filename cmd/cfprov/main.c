#include "cli.h"
#include "log.h"
#include "stream.h"
#include "term.h"
#include "wipe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * A closed standard stream would give its number to the next file opened, and a stray message
 * would land in the state. What is opened here can't be written to (or read from), so that using
 * the stream fails as it should.
 */
static void occupy_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			abort();
}

/*
 * Nobody looks into the memory: no core files (a pipe in core_pattern gets one in spite of the
 * limit, not in spite of prctl), no debugger, no /proc/PID/mem or environ for the same user. A
 * closed pipe or a limit is an error to report, not a death.
 */
static void set_up_process(void)
{
	const struct rlimit none = {0, 0};

	occupy_standard_streams();
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* Also of a command line that is wrong behind or before -json. */
static bool wants_stream(const struct cli *cli, char **argv, bool is_good)
{
	bool is_json = cli->json;

	for (; !is_good && *argv; argv++)
		is_json |= strcmp(*argv, "-json") == 0 || strcmp(*argv, "--json") == 0;
	return is_json && cli->command && (cli->command->options & CLI_STREAM);
}

/* Apart from main, so that its frame is dead when leftovers are wiped. */
static int __attribute__((noinline)) run(int argc, char **argv)
{
	struct cli cli CLEANUP(cli_release);
	struct error err CLEANUP(error_release) = {0};
	int status = EXIT_ERROR;

	bool is_good = cli_parse(argc, argv, &cli, &err);
	if (wants_stream(&cli, argv, is_good))
		stream_start();
	if (!is_good || !log_start(term_log, &err)) {
		term_error(&err);
	} else {
		if (cli.no_color)
			term_no_color();
		status = cli.command->run(&cli);
	}
	return term_finish() ? status : EXIT_ERROR;
}

int main(int argc, char **argv)
{
	set_up_process();
	term_start();
	int status = run(argc, argv);
	wipe_leftovers();
	return status;
}
