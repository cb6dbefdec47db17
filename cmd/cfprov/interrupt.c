#include "interrupt.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

volatile sig_atomic_t interrupt_count;
static int wake_fd = -1;

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	interrupt_count = interrupt_count + 1;
	if (wake_fd >= 0)
		(void)!write(wake_fd, "", 1);
	errno = saved;
}

int interrupt_start(void)
{
	static int started = -1;
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal}, old;
	int ends[2];

	if (started >= 0)
		return started;
	if (pipe(ends) == 0) {
		for (int i = 0; i < 2; i++) {
			(void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
			(void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
		}
		wake_fd = ends[1];
	}
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(numbers);
		i++) /* what the parent ignores (nohup) stays ignored */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
	return started = wake_fd >= 0 ? ends[0] : -1;
}

bool interrupt_wait_input(int wake)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wake, .events = POLLIN}};

	while (interrupt_count == 0)
		if (poll(fds, 2, -1) > 0 && fds[0].revents)
			return true;
	return false;
}
