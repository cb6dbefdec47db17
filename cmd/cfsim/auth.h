/*
 * Credentials: API tokens and the global key, what they may do, which accounts they reach, and how
 * many requests they may make. Error codes as Cloudflare uses them for each kind of mistake.
 *
 * Tokens come from the command line, or as a JSON array (or one object); only "token" must be
 * there:
 *
 *     [{"token": "T", "accounts": ["ID"], "access": "write"|"read"|"none",
 *       "status": "active"|"disabled"|"expired", "not_before": TIME, "expires_on": TIME,
 *       "expires_after": N}]
 *
 * TIME is like 2026-01-02T03:04:05Z, in UTC. A token expires after N requests, too: a test need not
 * wait for it.
 */
#ifndef CFSIM_AUTH_H
#define CFSIM_AUTH_H

#include "adapter/table.h"
#include "envelope.h"
#include "options.h"

enum access { ACCESS_WRITE, ACCESS_READ, ACCESS_NONE }; /* to the Secrets Store */

struct credential {
	char *token;     /* NULL: the email and key */
	char **accounts; /* that it reaches; none: all */
	size_t account_count, account_room;
	bool is_account_owned; /* the token starts with cfat_ */
	enum access access;
	const char *status;            /* static text: what it was set to; NULL: "active" */
	char *not_before, *expires_on; /* NULL: no bound */
	int64_t requests_left;         /* until it expires; -1: no bound */
	int64_t window_ends_ms;
	size_t window_used;
};

struct auth {
	const struct options *options; /* keeps */
	struct credential **tokens;
	size_t token_count, token_room;
	struct table *by_token;
	struct credential key;
};

/* A token that --token names twice reaches the accounts of both. Release it in any case. */
bool auth_init(struct auth *auth, const struct options *options, struct error *err) MUST_CHECK;
void auth_release(struct auth *auth);

/*
 * Adds tokens from JSON, as described above. What is known of a token of the same name is
 * replaced. On failure, those before the wrong one were added. Errors never quote a token.
 */
bool auth_add(struct auth *auth, const char *bytes, size_t length, struct error *err) MUST_CHECK;

/* Lends whose request it is, or NULL and what is wrong. */
struct credential *auth_identify(
	struct auth *auth, const struct request *request, const struct problem **ret_problem);

/* "active", "disabled" or "expired". */
const char *auth_status(const struct credential *credential);

/*
 * Returns why the credential may not make a request, or NULL. `is_store`: the request is for the
 * Secrets Store; `writes`: it changes something. A request that an active credential makes counts
 * towards its expires_after.
 */
const struct problem *auth_check(
	struct credential *credential, bool is_store, bool writes) MUST_CHECK;

/* May it use this account, and does the account exist? */
bool auth_reaches(
	const struct auth *auth, const struct credential *credential, const char *account_id);

/*
 * Counts the request and adds the headers Ratelimit and Ratelimit-Policy. False: it is over the
 * limit; then there is Retry-After, too, unless --answer leaves it out. Without --rate-limit there
 * is always plenty left.
 */
bool auth_count(struct auth *auth, struct credential *credential, struct answer *answer);

#endif
