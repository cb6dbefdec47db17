/* Asks on the terminal, or on a pipe, whether to go ahead. */
#ifndef CFPROV_APPROVAL_H
#define CFPROV_APPROVAL_H

#include "session.h"

/* Prints the question; true only if the answer is `yes`. */
bool approval_ask(const struct session *session, const char *question) MUST_CHECK;

#endif
