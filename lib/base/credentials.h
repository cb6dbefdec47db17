/*
 * What authenticates a request: an API token, or the email and global key of a user.
 * Source: Cloudflare's API reference, "Create a store" (X-Auth-Email, X-Auth-Key; Bearer token);
 * its list of token formats (prefixes; those made before have none).
 */
#ifndef BASE_CREDENTIALS_H
#define BASE_CREDENTIALS_H

#include "base/error.h"
#include "base/secret.h"

/* Anything longer is a mistake (a key file, an HTML page): real tokens have 40 to 60 characters. */
enum { CREDENTIALS_LENGTH_LIMIT = 4096 };

struct credentials {
	struct secret token;      /* if set, the only one used */
	struct secret email, key; /* both set, or neither */
	char *origin; /* "the environment variable PROD_TOKEN (cfprov.yaml:3)"; NULL: not known */
};

/*
 * True if the bytes can be the value of a header: 1 to CREDENTIALS_LENGTH_LIMIT printable ASCII
 * characters without spaces and without quotes around them. (libcurl would send a line break as the
 * start of another header.) The error names `what`, such as the variable, and never shows the
 * bytes.
 */
bool credentials_check(const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

/*
 * The same. Also false if the prefix shows the other kind of credential: a global key (cfk_)
 * instead of a token, a token (cfut_, cfat_) instead of a global key.
 */
bool credentials_check_token(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;
bool credentials_check_key(
	const struct secret *secret, const char *what, struct error *err) MUST_CHECK;

void credentials_release(struct credentials *credentials);

#endif
