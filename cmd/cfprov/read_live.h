/*
 * Reads what exists: the lists of the accounts, and of the secrets in stores where a plan needs
 * them, once for each store. Errors are reported here.
 */
#ifndef CFPROV_READ_LIVE_H
#define CFPROV_READ_LIVE_H

#include "session.h"

/*
 * Credentials, client, the stores of the accounts, and the secrets in stores in which some are
 * desired or recorded. An account that can't be read is left out, and remembered in has_failed;
 * false if none is left.
 */
bool read_live(struct session *session) MUST_CHECK;

/*
 * Adds the secrets in the stores that the plan destroys, or whose secrets it changes, unless they
 * were read before (-refresh=false leaves them out). *ret_any: something was read that the plan did
 * not know. False: interrupted, or no account is left.
 */
bool read_live_affected(struct session *session, bool *ret_any) MUST_CHECK;

/* Fills an empty `live` with what the plan is about. False: not all of that could be read. */
bool read_live_planned(struct session *session) MUST_CHECK;

/* As read_live, but of secrets only those in the stores whose ids are keys of the table. */
bool read_live_only(struct session *session, const struct table *ids) MUST_CHECK;

/* Adds the secrets in all stores that exist, or in those whose ids are keys of the table. */
bool read_live_all(struct session *session) MUST_CHECK;
bool read_live_stores(struct session *session, const struct table *ids) MUST_CHECK;

#endif
