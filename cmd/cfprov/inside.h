/* What is inside stores, where a plan has to know it: one list for each such store, once. */
#ifndef CFPROV_INSIDE_H
#define CFPROV_INSIDE_H

#include "session.h"

/*
 * Adds to what lives the secrets in the stores of these accounts in which secrets are desired,
 * recorded or planned for. Says its errors; accounts that fail are not in `live` any more.
 */
void inside_read_managed(struct session *session, const struct live_input *input);

/*
 * The same for the stores that the plan destroys, or whose secrets it changes, in all accounts,
 * unless they were read before (with -refresh=false the latter were not). *ret_any: something was
 * read that the plan did not know. False: interrupted, or no account is left.
 */
bool inside_read_affected(struct session *session, bool *ret_any) MUST_CHECK;

/*
 * The same for the stores in which the plan changes secrets, or which it destroys. False: some of
 * them could not be read.
 */
bool inside_read_planned(struct session *session, const struct live_input *input) MUST_CHECK;

/* The same for all stores that live. */
bool inside_read_all(struct session *session) MUST_CHECK;

#endif
