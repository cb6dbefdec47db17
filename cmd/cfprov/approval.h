/* Asks on the terminal, or on a pipe, whether to go ahead. */
#ifndef CFPROV_APPROVAL_H
#define CFPROV_APPROVAL_H

#include "session.h"

struct approval {
	const char *question;
	const char *option; /* what approves in advance: -auto-approve */
	bool is_given;      /* it was passed */
	const char *verb;   /* for "Rollback cancelled." */
};

/*
 * True if it is given, or if the answer to the question is `yes`. Else says that nothing was done
 * or, where nobody may be asked, which option to pass.
 */
bool approval_get(const struct session *session, const struct approval *approval) MUST_CHECK;

#endif
