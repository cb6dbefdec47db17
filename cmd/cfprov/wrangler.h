/*
 * The bindings of a Worker to secrets, as its wrangler configuration has them under
 * `secrets_store_secrets`. https://developers.cloudflare.com/secrets-store/integrations/workers/
 */
#ifndef CFPROV_WRANGLER_H
#define CFPROV_WRANGLER_H

#include "session.h"

/*
 * Prints the bindings of the recorded secrets that Workers may have (scope `workers`) and that the
 * command's argument matches: as TOML or JSON, by -format. A binding is called like the secret,
 * made into an identifier of JavaScript. False, with the error reported: nothing matches; two
 * bindings would have one name; or they are of several accounts, and a Worker is of one.
 */
bool wrangler_print(const struct session *session) MUST_CHECK;

#endif
