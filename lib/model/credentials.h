/*
 * What proves to Cloudflare who asks: an API token, or the email and global key of a user.
 * Source: Cloudflare's API reference, "Create a store" (X-Auth-Email, X-Auth-Key; Bearer token);
 * its list of token formats (prefixes; those made before have none).
 */
#ifndef MODEL_CREDENTIALS_H
#define MODEL_CREDENTIALS_H

#include "base/error.h"
#include "base/secret.h"

/* Longer ones are mistakes (a key file, a page of HTML); real tokens have 40 to 60 characters. */
enum { CREDENTIALS_LENGTH_LIMIT = 4096 };

struct credentials {
	struct secret token;      /* set: used alone */
	struct secret email, key; /* both set, or neither */
};

/*
 * May these bytes stand in a header: printable ASCII, no space, no quotes around them, not empty,
 * not too long? libcurl would send a line break as the start of another header. The error tells
 * `what` (the name of the variable, say) and what is wrong, never the bytes.
 */
bool credentials_check(const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

/*
 * The same, and is it not the other kind of credential, as its prefix says: a global key (cfk_)
 * where a token is wanted, a token (cfut_, cfat_) where a global key is?
 */
bool credentials_check_token(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;
bool credentials_check_key(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

void credentials_release(struct credentials *credentials);

#endif
