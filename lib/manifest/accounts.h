/*
 * Inside manifest/: the accounts of a manifest, from `account_id`, `accounts` or the environment.
 */
#ifndef MANIFEST_ACCOUNTS_H
#define MANIFEST_ACCOUNTS_H

#include "manifest/reading.h"

/*
 * Adds the accounts of all documents to the model; if they name none, the environment's
 * (default_account_id, may be NULL). Adds its errors, one if there is no account at all.
 */
void accounts_read(struct reading *r, const char *default_account_id);

#endif
