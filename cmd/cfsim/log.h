/*
 * The request log: one line of JSON a request, written before its answer is sent. It shows which
 * names a body has, but of texts only those under "name", "comment", "scopes" and "ids"; all
 * others become "(blanked)". Headers are not logged, so that no token can be.
 */
#ifndef CFSIM_LOG_H
#define CFSIM_LOG_H

#include "exchange.h"
#include "target.h"

struct log {
	int fd;          /* -1: there is no log */
	struct str line; /* kept for its room */
};

/* `path` NULL: none. Appends to a file that is there. */
bool log_open(struct log *log, const char *path, struct error *err) MUST_CHECK;
void log_request(struct log *log, struct request *request, const struct target *target,
	const struct answer *answer);
void log_close(struct log *log);

#endif
