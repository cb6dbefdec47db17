/*
 * The HTTP server (libmicrohttpd): one thread, one epoll. It reads requests, lets the router
 * answer them and delivers the answers, also late, broken or not at all, as they say.
 *
 *     if (server_open(&server, sim, &err)) {
 *             server.port is what it listens on
 *             server_run(&server, tick, context);     until SIGTERM or SIGINT
 *             server_close(&server);
 *     }
 */
#ifndef CFSIM_SERVER_H
#define CFSIM_SERVER_H

#include "delay.h"
#include "sim.h"

struct MHD_Daemon;

struct server {
	struct sim *sim; /* keeps */
	struct MHD_Daemon *daemon;
	struct delays delays;
	struct str tls_cert, tls_key;
	size_t port;
	int signal_fd;
	bool has_room;  /* a connection was closed in this round */
	bool is_ending; /* nothing waits any longer */
};

/* Listens, and from here on holds SIGTERM and SIGINT back for server_run. */
bool server_open(struct server *server, struct sim *sim, struct error *err) MUST_CHECK;

/*
 * Serves until SIGTERM or SIGINT. Calls tick after each round of requests; it gives in how many
 * microseconds it wants to be called at the latest, or -1.
 */
void server_run(struct server *server, int64_t (*tick)(void *context), void *context);

/* Answers what waits, at once, and closes all connections. */
void server_close(struct server *server);

#endif
