/*
 * The bindings of a Worker to secrets, as its wrangler configuration has them: what stands under
 * `secrets_store_secrets`. https://developers.cloudflare.com/secrets-store/integrations/workers/
 */
#ifndef CFPROV_WRANGLER_H
#define CFPROV_WRANGLER_H

#include "base/error.h"
#include "model/model.h"

struct wrangler_input {
	const struct model *recorded; /* sorted */
	const char *pattern;          /* of addresses, or NULL */
	bool is_toml;                 /* for wrangler.toml; else for wrangler.jsonc */
};

/*
 * Adds the bindings of all secrets that Workers may have (scope `workers`). A binding is called
 * like the secret, made into an identifier of JavaScript. False: they are of several accounts, and
 * a Worker is of one; or two would be called the same. *ret_unknown says how many are left out
 * because it is not known whether they live. Gives the number of bindings in *ret_count.
 */
bool wrangler_add(const struct wrangler_input *input, struct str *out, size_t *ret_count,
	size_t *ret_unknown, struct error *err) MUST_CHECK;

#endif
