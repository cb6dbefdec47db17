/*
 * Where a state is kept: in a local file, in a bucket of an object store, or at the address of a
 * server that speaks Terraform's http protocol. manifest/ reads it, source/backend_env fills in
 * what the manifest leaves to the environment, source/permit asks the policy about it, and
 * state/backend opens it. Pure.
 *
 * It borrows its texts: they are lent by the model or the arena that it was read into. A text that
 * the kind does not have, or that nobody has set yet, is NULL.
 */
#ifndef MODEL_LOCATION_H
#define MODEL_LOCATION_H

#include "base/str.h"
#include "model/model.h"

/* For tables, and for what only one kind has. */
enum location_kind { LOCATION_LOCAL, LOCATION_S3, LOCATION_HTTP, LOCATION_KINDS };

/* In the prefix (or the address): one state for each account, whose id takes its place. */
#define LOCATION_ACCOUNT_ID "${ACCOUNT_ID}"

/* Credentials of the backend, by their sources; VALUE_NONE: from the environment. */
enum location_secret {
	LOCATION_ACCESS_KEY, /* s3 */
	LOCATION_SECRET_KEY,
	LOCATION_SESSION_TOKEN,
	LOCATION_PASSWORD, /* http */
	LOCATION_SECRETS
};

struct location {
	enum location_kind kind; /* only location, its decoding, and the backends look at it */
	struct place place; /* in the manifest; file NULL: it does not say where the state is */

	const char *path; /* local: as the system takes it */

	/* s3: a prefix has neither a slash at its ends nor empty, "." or ".." parts */
	const char *bucket, *prefix;
	const char *endpoint; /* without a path */
	const char *region;

	const char *address;                     /* http */
	const char *username;                    /* NULL: none */
	const char *lock_address;                /* NULL: the server has no lock */
	const char *unlock_address;              /* NULL: as lock_address */
	const char *update_method;               /* NULL: POST */
	const char *lock_method, *unlock_method; /* NULL: LOCK, UNLOCK */

	struct value_source secrets[LOCATION_SECRETS];
};

/* In a local file. The path is lent. */
struct location location_of_file(const char *path);
bool location_is_file(const struct location *location);

/* The variables of the environment that may hold credentials of a backend; ends with NULL. */
extern const char *const location_variables[];

/* True if each account has a place of its own; and, lent in the arena, that place. */
bool location_is_split(const struct location *location);
struct location location_of_account(
	const struct location *location, const char *account_id, struct arena *arena);

/* Adds what messages call it: cfprov.state.json, s3://BUCKET/PREFIX, https://HOST/PATH. */
void location_add_name(const struct location *location, struct str *out);

/*
 * Adds the URL that tells a remote one apart from all others, for policies: of s3 it has endpoint,
 * bucket and prefix. Adds nothing if it is not known yet.
 */
void location_add_url(const struct location *location, struct str *out);

#endif
