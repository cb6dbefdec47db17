/*
 * Which accounts a command is about that needs no manifest, only accounts: those of -account-id,
 * else the manifest's, else, where there is no manifest, CLOUDFLARE_ACCOUNT_ID.
 */
#ifndef CFPROV_ACCOUNTS_H
#define CFPROV_ACCOUNTS_H

#include "session.h"

/* Are they the manifest's? */
bool accounts_are_of_manifest(const struct cli *cli);

/*
 * Fills session->desired; its objects may be missing. What no manifest gives an alias has the one
 * of the state, if that was read before. Says its errors.
 */
bool accounts_load(struct session *session) MUST_CHECK;

#endif
