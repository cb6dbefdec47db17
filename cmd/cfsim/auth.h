/*
 * Credentials: API tokens and the global key, which accounts they reach, and how many requests
 * they may make. Error codes as Cloudflare gives them for each kind of mistake.
 */
#ifndef CFSIM_AUTH_H
#define CFSIM_AUTH_H

#include "adapter/table.h"
#include "envelope.h"
#include "options.h"

struct credential {
	char *token;     /* NULL: the email and key */
	char **accounts; /* that it reaches; none: all */
	size_t account_count, account_room;
	bool is_account_owned; /* the token starts with cfat_ */
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

/* A token that --token names twice reaches the accounts of both. */
void auth_init(struct auth *auth, const struct options *options);
void auth_release(struct auth *auth);

/* Lends whose request it is, or NULL and what is wrong. */
struct credential *auth_identify(
	struct auth *auth, const struct request *request, const struct problem **ret_problem);

/* May it use this account, and does the account exist? */
bool auth_reaches(
	const struct auth *auth, const struct credential *credential, const char *account_id);

/*
 * Counts the request and adds the headers Ratelimit and Ratelimit-Policy. False: it is over the
 * limit; then there is Retry-After, too. Without --rate-limit there is always plenty left.
 */
bool auth_count(struct auth *auth, struct credential *credential, struct answer *answer);

#endif
