/*
 * An exchange lives from the first line of its request until libmicrohttpd says that it is over:
 *
 *     begun -> opened (headers) -> body ... -> answered -> delivered
 *                                      |   due ^  |   ^
 *                                      v       |  v   | due
 *                                     waiting     waiting
 *
 * Waiting is being suspended: before the work for the latency, after it for a fault. The work is
 * done when its time has come, whether or not the client is still there.
 *
 * While it waits, and between the drips of a slow answer, it is in server->delays and its
 * connection is suspended; so everything suspended can be found and woken at the end.
 */
#define _GNU_SOURCE /* ppoll; tcp_info, of musl */
#include "server.h"

#include "adapter/fs.h"
#include "control.h"
#include "listen.h"
#include "router.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DRIP_BYTES = 7,
	HANG_UP_CHECK_US = 200000,
	IDLE_LIMIT_S = 400, /* as Cloudflare's edge keeps an idle HTTP/1.1 connection */
	TLS_FILE_LIMIT = 1 << 20,
	LONGEST_SLEEP_US = 1000000000
};

struct connection {
	size_t number, requests;
};

struct exchange {
	struct delay delay; /* first: found again from it */
	struct server *server;
	struct MHD_Connection *connection;
	struct request request;
	struct answer answer;
	int64_t ends_us; /* of the wait under way; -1: never */
	size_t dripped;  /* bytes; with the next drip in *is_drip_due */
	bool is_opened, is_answered, is_drip_due;
};

/* ---- connections and exchanges come and go ---- */

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct connection *own = mem_alloc(sizeof(*own));
		own->number = ++server->sim->stats.connections;
		*socket_context = own;
	} else {
		mem_free(*socket_context);
		*socket_context = NULL;
		server->has_room = true;
	}
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = mem_alloc(sizeof(*exchange));

	exchange->server = context;
	exchange->connection = connection;
	exchange->request.target = mem_copy_text(target);
	return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **memory,
	enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *memory;
	struct server *server = context;

	(void)connection;
	(void)code;
	if (!exchange)
		return;
	delays_drop(&server->delays, &exchange->delay);
	request_release(&exchange->request);
	answer_release(&exchange->answer);
	mem_free(exchange);
	*memory = NULL;
}

static char *copy_header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? mem_copy_text(value) : NULL;
}

static void open_exchange(struct exchange *exchange, const char *method)
{
	struct request *request = &exchange->request;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *own = info->socket_context;

	exchange->is_opened = true;
	request->method = method;
	request->authorization = copy_header(exchange->connection, "Authorization");
	request->auth_email = copy_header(exchange->connection, "X-Auth-Email");
	request->auth_key = copy_header(exchange->connection, "X-Auth-Key");
	request->actor = copy_header(exchange->connection, "X-Cfsim-Actor");
	request->connection = own->number;
	request->nth = ++own->requests;
	router_open(exchange->server->sim, request);
}

static void add_body(struct request *request, const char *bytes, size_t length)
{
	if (request->too_large || request->body.length + length > BODY_LIMIT) {
		request->too_large = true;
		str_release(&request->body);
		return;
	}
	str_add(&request->body, bytes, length);
}

/* ---- delivery ---- */

static int socket_of(const struct exchange *exchange)
{
	return MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
		->connect_fd;
}

/* Connecting a TCP socket to nowhere sends a RST at once. */
static void reset(const struct exchange *exchange)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	if (connect(socket_of(exchange), &nowhere, sizeof(nowhere)) != 0)
		return; /* gone already: as good */
}

static void send_garbage(const struct exchange *exchange)
{
	static const char garbage[] = "\x7f\x45\x4c\x46 this is no HTTP \x01\x02\x03\r\n\r\n";

	if (send(socket_of(exchange), garbage, sizeof(garbage), MSG_NOSIGNAL) < 0)
		return; /* nobody listens: as good */
}

/* Puts the exchange among the delays: until its wait ends, or its client is looked at. */
static void arm(struct exchange *exchange, int64_t now_us)
{
	int64_t check_us = now_us + HANG_UP_CHECK_US, ends_us = exchange->ends_us;
	bool ends_sooner = ends_us >= 0 && ends_us < check_us;

	delays_add(&exchange->server->delays, &exchange->delay, ends_sooner ? ends_us : check_us);
}

/* Suspends the exchange for a time (-1: for ever); libmicrohttpd returns to it afterwards. */
static void wait_ms(struct exchange *exchange, int64_t ms)
{
	int64_t now_us = clock_monotonic_us();

	MHD_suspend_connection(exchange->connection);
	exchange->ends_us = ms < 0 ? -1 : now_us + ms * 1000;
	arm(exchange, now_us);
}

/* Half of the body, then an end that is none. */
static ssize_t read_half(void *context, uint64_t at, char *to, size_t room)
{
	const struct exchange *exchange = context;
	size_t half = exchange->answer.body.length / 2;

	if (at >= half)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t size = half - (size_t)at < room ? half - (size_t)at : room;
	memcpy(to, exchange->answer.body.bytes + at, size);
	return (ssize_t)size;
}

/* All of the body; its size is told by the header only, which lies. */
static ssize_t read_all(void *context, uint64_t at, char *to, size_t room)
{
	const struct str *body = &((const struct exchange *)context)->answer.body;
	size_t left = body->length - (size_t)at, size = left < room ? left : room;

	if (!left)
		return MHD_CONTENT_READER_END_OF_STREAM;
	memcpy(to, body->bytes + at, size);
	return (ssize_t)size;
}

static ssize_t read_drip(void *context, uint64_t at, char *to, size_t room)
{
	struct exchange *exchange = context;
	const struct str *body = &exchange->answer.body;
	size_t left = body->length - (size_t)at, size = left < DRIP_BYTES ? left : DRIP_BYTES;

	exchange->is_drip_due = !exchange->is_drip_due || exchange->server->is_ending;
	if (!exchange->is_drip_due) {
		wait_ms(exchange, exchange->answer.drip_ms);
		return 0;
	}
	size = size < room ? size : room;
	memcpy(to, body->bytes + at, size);
	return (ssize_t)size;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	struct str *body = &exchange->answer.body;
	size_t length = body->length;

	if (exchange->answer.delivery == DELIVER_CUT_SHORT)
		return MHD_create_response_from_callback(
			length, length + 1, read_half, exchange, NULL);
	if (exchange->answer.delivery == DELIVER_TOO_LONG)
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, length + 1, read_all, exchange, NULL);
	if (exchange->answer.delivery == DELIVER_DRIP)
		return MHD_create_response_from_callback(
			length, DRIP_BYTES, read_drip, exchange, NULL);
	return MHD_create_response_from_buffer_with_free_callback(
		length, str_steal(body), mem_free);
}

/* A Content-Length that is half of the truth; as HTTP/1.0, or the body would be chunked. */
static void lie_about_length(struct MHD_Response *response, size_t length)
{
	struct str half CLEANUP(str_release) = {0};

	str_format(&half, "%zu", length / 2);
	MHD_set_response_options(response,
		(enum MHD_ResponseFlags)(
			MHD_RF_INSANITY_HEADER_CONTENT_LENGTH | MHD_RF_HTTP_1_0_SERVER),
		MHD_RO_END);
	MHD_add_response_header(response, "Content-Length", str_text(&half));
	MHD_add_response_header(response, "Connection", "close");
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
	const struct answer *answer = &exchange->answer;
	size_t length = answer->body.length;
	struct MHD_Response *response = make_response(exchange);

	if (!response)
		mem_exhausted();
	if (answer->content_type)
		MHD_add_response_header(response, "Content-Type", answer->content_type);
	for (size_t i = 0; i < answer->header_count; i++)
		MHD_add_response_header(
			response, answer->headers[i].name, answer->headers[i].value);
	if (answer->delivery == DELIVER_TOO_LONG)
		lie_about_length(response, length);
	enum MHD_Result result = MHD_queue_response(exchange->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* MHD_NO closes the connection. */
static enum MHD_Result deliver(struct exchange *exchange)
{
	switch (exchange->answer.delivery) {
	case DELIVER_WHOLE:
	case DELIVER_CUT_SHORT:
	case DELIVER_TOO_LONG:
	case DELIVER_DRIP:
		return send_answer(exchange);
	case DELIVER_RESET:
		reset(exchange);
		return MHD_NO;
	case DELIVER_GARBAGE:
		send_garbage(exchange);
		return MHD_NO;
	case DELIVER_CLOSE:
	case DELIVER_NEVER:
		return MHD_NO;
	}
	return MHD_NO;
}

/* Lets the router do the work. Does the answer wait then, until ends_us? */
static bool work(struct exchange *exchange)
{
	const struct answer *own = &exchange->answer;

	exchange->is_answered = true;
	if (exchange->request.is_control)
		control_answer(exchange->server->sim, &exchange->request, &exchange->answer);
	else
		router_answer(exchange->server->sim, &exchange->request, &exchange->answer);
	exchange->ends_us = own->delay_ms < 0 ? -1 : clock_monotonic_us() + own->delay_ms * 1000;
	return !exchange->server->is_ending &&
	       (own->delivery == DELIVER_NEVER || own->delay_ms > 0);
}

/*
 * A client that gave up must not keep its place for ever. The kernel is asked, not the stream:
 * bytes that nobody has read yet (TLS says good-bye with some) would hide the end. A client that
 * closes only its sending side counts as gone.
 */
static bool has_hung_up(const struct exchange *exchange)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	return getsockopt(socket_of(exchange), IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	       info.tcpi_state != TCP_ESTABLISHED;
}

static bool is_waiting_over(const struct exchange *exchange, int64_t now_us)
{
	if (exchange->server->is_ending)
		return true;
	if (exchange->ends_us >= 0 && now_us >= exchange->ends_us)
		return true;
	return has_hung_up(exchange);
}

static void wake(struct server *server, int64_t now_us)
{
	struct delay *due;

	while ((due = delays_take_due(&server->delays, now_us))) {
		struct exchange *exchange = (struct exchange *)(void *)due;
		bool is_over = is_waiting_over(exchange, now_us);
		if (!exchange->is_answered)
			is_over = (server->is_ending || now_us >= exchange->ends_us) &&
				  !work(exchange);
		if (is_over)
			MHD_resume_connection(exchange->connection);
		else
			arm(exchange, clock_monotonic_us());
	}
}

/* The whole request is here. What is to be worked on or answered later is suspended. */
static enum MHD_Result answer(struct exchange *exchange)
{
	struct server *server = exchange->server;
	int64_t ms = router_latency_ms(server->sim, &exchange->request);

	if (ms > 0 && !server->is_ending)
		wait_ms(exchange, ms);
	else if (work(exchange))
		wait_ms(exchange, exchange->answer.delay_ms);
	else
		return deliver(exchange);
	return MHD_YES;
}

/* params: libmicrohttpd calls it so */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **memory)
{
	struct exchange *exchange = *memory;

	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	if (!exchange->is_opened) {
		open_exchange(exchange, method);
		return fault_is_early(exchange->request.fault) ? answer(exchange) : MHD_YES;
	}
	if (*upload_size) {
		add_body(&exchange->request, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return exchange->is_answered ? deliver(exchange) : answer(exchange);
}

/* ---- life ---- */

static bool read_tls(struct server *server, const struct options *options, struct error *err)
{
	if (!options->tls_cert)
		return true;
	return fs_read(options->tls_cert, TLS_FILE_LIMIT, &server->tls_cert, err) &&
	       fs_read(options->tls_key, TLS_FILE_LIMIT, &server->tls_key, err);
}

/* As many connections as asked for need as many files. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int hold_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct MHD_Daemon *start(struct server *server, int fd)
{
	bool tls = server->tls_cert.length;
	unsigned connections = (unsigned)server->sim->options->max_connections;
	struct MHD_OptionItem tls_options[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert.bytes},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key.bytes},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
					(tls ? MHD_USE_TLS : MHD_NO_FLAG),
		0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_LIMIT_S, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, server, MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 2,
		MHD_OPTION_END);
}

bool server_open(struct server *server, struct sim *sim, struct error *err)
{
	const struct options *options = sim->options;

	*server = (struct server){.sim = sim, .signal_fd = -1};
	raise_file_limit();
	if (!read_tls(server, options, err))
		return false;
	int fd = listen_on(options->host, options->port, &server->port, err);
	if (fd < 0)
		return false;
	server->signal_fd = hold_signals();
	server->daemon = start(server, fd);
	if (!server->daemon) {
		close(fd);
		return error_set(err, "can't start the HTTP server%s",
			options->tls_cert ? ": check the certificate and the key" : "");
	}
	return true;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * How long there is nothing to do; wanted_us -1: nothing else is wanted. At its limit,
 * libmicrohttpd stops listening, and starts again only in the round after one that closed a
 * connection: that round must not wait for something to happen.
 */
static struct timespec idle_time(const struct server *server, int64_t wanted_us)
{
	MHD_UNSIGNED_LONG_LONG own_ms;
	int64_t left_us =
		wanted_us >= 0 && wanted_us < LONGEST_SLEEP_US ? wanted_us : LONGEST_SLEEP_US;

	if (MHD_get_timeout(server->daemon, &own_ms) == MHD_YES && own_ms < LONGEST_SLEEP_US / 1000)
		left_us = least(left_us, (int64_t)own_ms * 1000);
	if (server->delays.first)
		left_us = least(left_us, server->delays.first->due_us - clock_monotonic_us());
	if (server->has_room || left_us < 0)
		left_us = 0;
	return (struct timespec){left_us / 1000000, left_us % 1000000 * 1000};
}

void server_run(struct server *server, int64_t (*tick)(void *context), void *context)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd polled[] = {
		{.fd = info->epoll_fd, .events = POLLIN},
		{.fd = server->signal_fd, .events = POLLIN},
	};

	while (!polled[1].revents) {
		const struct timespec idle = idle_time(server, tick(context));
		if (ppoll(polled, ARRAY_SIZE(polled), &idle, NULL) < 0)
			continue;
		server->has_room = false;
		wake(server, clock_monotonic_us());
		MHD_run(server->daemon);
	}
}

/* Wakes everything, lets it be delivered, and ends. */
void server_close(struct server *server)
{
	if (server->daemon) {
		server->is_ending = true;
		for (int round = 0; round < 2; round++) {
			wake(server, INT64_MAX);
			MHD_run(server->daemon);
		}
		wake(server, INT64_MAX);
		MHD_stop_daemon(server->daemon);
	}
	if (server->signal_fd >= 0)
		close(server->signal_fd);
	str_release(&server->tls_cert);
	str_release(&server->tls_key);
}
