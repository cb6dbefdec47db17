/*
 * What exists, as a command needs it: the lists of the accounts, and of what is in stores where a
 * plan has to know it, once for each such store. What is said of errors is said here.
 */
#ifndef CFPROV_READ_LIVE_H
#define CFPROV_READ_LIVE_H

#include "session.h"

/*
 * Credentials, client, what exists in the accounts, and the secrets in the stores in which some are
 * desired, recorded or planned for. Accounts that can't be read are left out, said, and remembered
 * in has_failed; false if none is left.
 */
bool read_live(struct session *session) MUST_CHECK;

/*
 * Adds the secrets in the stores that the plan destroys, or whose secrets it changes, unless they
 * were read before (with -refresh=false the latter were not). *ret_any: something was read that the
 * plan did not know. False: interrupted, or no account is left.
 */
bool read_live_affected(struct session *session, bool *ret_any) MUST_CHECK;

/*
 * The same for the stores in which the plan changes secrets, or which it destroys. False: some of
 * them could not be read.
 */
bool read_live_planned(struct session *session, const struct live_input *input) MUST_CHECK;

/* The same for all stores that exist. */
bool read_live_all(struct session *session) MUST_CHECK;

#endif
