/*
 * The only door through which plaintext comes in: a reference becomes secret bytes.
 */
#ifndef DESIRED_SOURCE_H
#define DESIRED_SOURCE_H

#include "model/credentials.h"
#include "model/model.h"

/*
 * The credentials of an account: from its own `api_token`, or else CLOUDFLARE_API_TOKEN, or else
 * CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY. They are checked; see model/credentials.h.
 */
bool source_credentials(const struct account *account, struct credentials *ret_credentials,
	struct error *err) MUST_CHECK;

#endif
