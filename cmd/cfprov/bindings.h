/* `output -format=wrangler`: bindings of a Worker, made from the state. */
#ifndef CFPROV_BINDINGS_H
#define CFPROV_BINDINGS_H

#include "session.h"

/* Prints them, or merges them into the file of -out. The state was opened. */
bool bindings_write(struct session *session) MUST_CHECK;

#endif
