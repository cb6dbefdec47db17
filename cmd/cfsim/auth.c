#include "auth.h"

#include "base/clock.h"
#include "problems.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct credential *token_entry(struct auth *auth, const char *text, size_t length)
{
	struct str token CLEANUP(str_release) = {0};

	str_add(&token, text, length);
	struct credential *credential = table_get(auth->by_token, str_text(&token));
	if (credential)
		return credential;
	credential = mem_alloc(sizeof(*credential));
	credential->token = str_steal(&token);
	credential->is_account_owned = strncmp(credential->token, "cfat_", 5) == 0;
	auth->tokens = mem_room(
		auth->tokens, auth->token_count, &auth->token_room, sizeof(struct credential *));
	auth->tokens[auth->token_count++] = credential;
	table_put(&auth->by_token, credential->token, credential);
	return credential;
}

static void add_account(struct credential *credential, const char *id, size_t length)
{
	struct str text CLEANUP(str_release) = {0};

	str_add(&text, id, length);
	credential->accounts = mem_room(credential->accounts, credential->account_count,
		&credential->account_room, sizeof(char *));
	credential->accounts[credential->account_count++] = str_steal(&text);
}

/* TOKEN or TOKEN@ID,ID */
static void add_token(struct auth *auth, const char *text)
{
	const char *at = strrchr(text, '@');
	struct credential *credential =
		token_entry(auth, text, at ? (size_t)(at - text) : strlen(text));

	for (const char *id = at; id && *id;) {
		id++;
		size_t length = strcspn(id, ",");
		add_account(credential, id, length);
		id += length;
	}
}

void auth_init(struct auth *auth, const struct options *options)
{
	*auth = (struct auth){.options = options};
	for (size_t i = 0; i < options->tokens.count; i++)
		add_token(auth, options->tokens.items[i]);
	if (!options->tokens.count)
		add_token(auth, "cfsim-token");
}

void auth_release(struct auth *auth)
{
	for (size_t i = 0; i < auth->token_count; i++) {
		struct credential *credential = auth->tokens[i];
		for (size_t a = 0; a < credential->account_count; a++)
			free(credential->accounts[a]);
		free(credential->accounts);
		free(credential->token);
		free(credential);
	}
	free(auth->tokens);
	table_free(&auth->by_token);
}

/* Nothing but printable ASCII without spaces, and something. */
static bool is_well_formed(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static bool is_alphanumeric(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			return false;
	return *text;
}

/* A global key that is sent as a token has the wrong format, says the API. */
static struct credential *identify_bearer(
	struct auth *auth, const char *authorization, const struct problem **ret_problem)
{
	static const char scheme[] = "Bearer ";
	size_t length = sizeof(scheme) - 1;
	const char *key = auth->options->key;

	*ret_problem = &problem_bad_authorization;
	if (strncmp(authorization, scheme, length) != 0 || !is_well_formed(authorization + length))
		return NULL;
	if (key && strcmp(authorization + length, key) == 0)
		return NULL;
	*ret_problem = &problem_unauthorized;
	return table_get(auth->by_token, authorization + length);
}

static struct credential *identify_key(
	struct auth *auth, const struct request *request, const struct problem **ret_problem)
{
	const struct options *options = auth->options;

	*ret_problem = &problem_bad_email;
	if (!is_well_formed(request->auth_email) || !strchr(request->auth_email, '@'))
		return NULL;
	*ret_problem = &problem_bad_key;
	if (!is_alphanumeric(request->auth_key))
		return NULL;
	*ret_problem = &problem_unknown_key;
	if (!options->email || strcmp(options->email, request->auth_email) != 0 ||
		strcmp(options->key, request->auth_key) != 0)
		return NULL;
	return &auth->key;
}

struct credential *auth_identify(
	struct auth *auth, const struct request *request, const struct problem **ret_problem)
{
	if (request->authorization)
		return identify_bearer(auth, request->authorization, ret_problem);
	if (request->auth_email && request->auth_key)
		return identify_key(auth, request, ret_problem);
	*ret_problem = &problem_no_credentials;
	return NULL;
}

bool auth_reaches(
	const struct auth *auth, const struct credential *credential, const char *account_id)
{
	const struct option_list *all = &auth->options->accounts;
	bool exists = !all->count, reached = !credential->account_count;

	for (size_t i = 0; i < all->count && !exists; i++)
		exists = strcmp(all->items[i], account_id) == 0;
	for (size_t i = 0; i < credential->account_count && !reached; i++)
		reached = strcmp(credential->accounts[i], account_id) == 0;
	return exists && reached;
}

static void add_headers(
	struct answer *answer, size_t left, int64_t reset_seconds, const struct options *options)
{
	answer_header(
		answer, "Ratelimit", "\"default\";r=%zu;t=%lld", left, (long long)reset_seconds);
	answer_header(answer, "Ratelimit-Policy", "\"default\";q=%zu;w=%zu",
		options->rate_requests ? options->rate_requests : 1200,
		options->rate_requests ? options->rate_seconds : 300);
}

bool auth_count(struct auth *auth, struct credential *credential, struct answer *answer)
{
	const struct options *options = auth->options;
	size_t limit = options->rate_requests;
	int64_t now = clock_monotonic_ms();

	if (!limit || !credential) {
		add_headers(answer, limit ? limit : 1199, 300, options);
		return true;
	}
	if (now >= credential->window_ends_ms) {
		credential->window_ends_ms = now + (int64_t)options->rate_seconds * 1000;
		credential->window_used = 0;
	}
	bool within = credential->window_used < limit;
	if (within)
		credential->window_used++;
	int64_t seconds = (credential->window_ends_ms - now + 999) / 1000;
	add_headers(answer, limit - credential->window_used, seconds, options);
	if (!within)
		answer_header(answer, "Retry-After", "%lld", (long long)seconds);
	return within;
}
