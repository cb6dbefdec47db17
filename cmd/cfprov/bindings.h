/* Bindings of Workers: made from the state (`output -format=wrangler`), and read from files. */
#ifndef CFPROV_BINDINGS_H
#define CFPROV_BINDINGS_H

#include "manifest/wrangler.h"
#include "session.h"

/* Prints them, or merges them into the file of -out. The state was opened. */
bool bindings_write(struct session *session) MUST_CHECK;

/* Reads the configuration of a Worker. With a policy, no link may lead away from its path. */
bool bindings_read_file(const struct session *session, const char *path, struct wrangler *file,
	struct error *err) MUST_CHECK;

/* Fills session->bindings from the files of -bindings. */
bool bindings_read(struct session *session) MUST_CHECK;

#endif
