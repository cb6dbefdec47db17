/* A listening socket on loopback. */
#ifndef CFSIM_LISTEN_H
#define CFSIM_LISTEN_H

#include "base/error.h"

/*
 * Gives the socket, or -1. `host` is localhost, ::1 or an address from 127.0.0.0/8: the simulator
 * has no business outside its machine. *ret_port is the port; with port 0 the system picks it.
 */
int listen_on(const char *host, size_t port, size_t *ret_port, struct error *err) MUST_CHECK;

#endif
