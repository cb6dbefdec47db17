#include "adapter/http_loop.h"

#include "base/clock.h"
#include "base/mem.h"

enum { LONGEST_WAIT_MS = 60000 };

/* ---- what libcurl calls ---- */

static int on_socket(CURL *easy, curl_socket_t socket, int wanted, void *context, void *unused)
{
	struct http_loop *loop = context;
	size_t at = 1;

	(void)easy;
	(void)unused;
	while (at < loop->count && loop->sockets[at].fd != socket)
		at++;
	if (wanted == CURL_POLL_REMOVE) {
		if (at < loop->count)
			loop->sockets[at] = loop->sockets[--loop->count];
		return 0;
	}
	if (at == loop->count) {
		loop->sockets =
			mem_room(loop->sockets, loop->count, &loop->room, sizeof(*loop->sockets));
		loop->count++;
	}
	loop->sockets[at] = (struct pollfd){.fd = socket,
		.events = (short)((wanted & CURL_POLL_IN ? POLLIN : 0) |
				  (wanted & CURL_POLL_OUT ? POLLOUT : 0))};
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct http_loop *loop = context;

	(void)multi;
	loop->due_ms = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
	return 0;
}

/* ---- turns ---- */

void http_loop_init(struct http_loop *loop, CURLM *multi, int wake_fd)
{
	*loop = (struct http_loop){.multi = multi, .due_ms = -1};
	loop->sockets = mem_room(NULL, 0, &loop->room, sizeof(*loop->sockets));
	loop->sockets[loop->count++] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
}

void http_loop_release(struct http_loop *loop)
{
	mem_free(loop->sockets);
	mem_free(loop->ready);
}

static void handle(struct http_loop *loop, curl_socket_t socket, int events)
{
	int running;

	if (curl_multi_socket_action(loop->multi, socket, events, &running) != CURLM_OK)
		mem_exhausted();
}

/* libcurl changes the sockets while it handles some: those that are ready are taken first. */
static void handle_ready(struct http_loop *loop)
{
	size_t count = 0;

	for (size_t i = 1; i < loop->count; i++) {
		if (!loop->sockets[i].revents)
			continue;
		loop->ready = mem_room(loop->ready, count, &loop->ready_room, sizeof(*loop->ready));
		loop->ready[count++] = loop->sockets[i];
	}
	for (size_t i = 0; i < count; i++) {
		short events = loop->ready[i].revents;
		handle(loop, loop->ready[i].fd,
			(events & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0) |
				(events & POLLOUT ? CURL_CSELECT_OUT : 0) |
				(events & (POLLERR | POLLNVAL) ? CURL_CSELECT_ERR : 0));
	}
}

bool http_loop_turn(struct http_loop *loop, int64_t wait_ms)
{
	int64_t left_ms = loop->due_ms - clock_monotonic_ms();

	if (wait_ms > LONGEST_WAIT_MS)
		wait_ms = LONGEST_WAIT_MS;
	if (loop->due_ms >= 0 && left_ms < wait_ms)
		wait_ms = left_ms > 0 ? left_ms : 0;
	int ready = poll(loop->sockets, (nfds_t)loop->count, (int)wait_ms);
	if (ready > 0)
		handle_ready(loop);
	/* Also what has been added since the last turn. */
	if (loop->due_ms >= 0 && loop->due_ms <= clock_monotonic_ms()) {
		loop->due_ms = -1;
		handle(loop, CURL_SOCKET_TIMEOUT, 0);
	}
	return ready > 0 && loop->sockets[0].revents;
}
