/*
 * What authenticates a request: an API token, or the email and global key of a user.
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
 * True if the bytes can be the value of a header: printable ASCII, no space, not in quotes, not
 * empty, not too long. (libcurl would send a line break as the start of another header.) The error
 * names `what`, for example the variable, and never shows the bytes.
 */
bool credentials_check(const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

/*
 * The same, and false if the prefix shows the other kind of credential: a global key (cfk_) in
 * place of a token, a token (cfut_, cfat_) in place of a global key.
 */
bool credentials_check_token(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;
bool credentials_check_key(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

void credentials_release(struct credentials *credentials);

#endif
