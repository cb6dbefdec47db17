/*
 * Names of environment variables for the secrets of a manifest that is written. Pure.
 *
 *     struct naming naming CLEANUP(naming_release) = {0};
 *     naming_take(&naming, "PROD_TOKEN")                       it means something else
 *     const char *name = naming_variable(&naming, "keys", "api-key")     API_KEY
 *
 * A name is the secret's in capitals, with _ for -, so that any shell can set it. No two secrets
 * share one; a secret of a store that is in several accounts has one name. A variable that means
 * something to the shell, the loader or cfprov itself (PATH, LD_PRELOAD, CLOUDFLARE_API_TOKEN) is
 * never used: its value would become the secret's.
 */
#ifndef MANIFEST_NAMING_H
#define MANIFEST_NAMING_H

#include "base/mem.h"

struct table;

struct naming {
	struct arena arena;
	struct table *taken; /* variables that are in use */
	struct table *names; /* STORE/SECRET -> its variable */
};

void naming_take(struct naming *naming, const char *variable);

/* Lends the name for a secret until naming_release; the same one each time. */
const char *naming_variable(struct naming *naming, const char *store, const char *secret);

void naming_release(struct naming *naming);

#endif
