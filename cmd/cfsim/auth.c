#include "auth.h"

#include "adapter/fs.h"
#include "base/clock.h"
#include "problems.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS_LIMIT = 16 << 20 };

static struct credential *token_entry(struct auth *auth, const char *text, size_t length)
{
	struct str token CLEANUP(str_release) = {0};

	str_add(&token, text, length);
	struct credential *credential = table_get(auth->by_token, str_text(&token));
	if (credential)
		return credential;
	credential = mem_alloc(sizeof(*credential));
	credential->token = str_steal(&token);
	credential->requests_left = -1;
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
static void add_token(struct auth *auth, const char *text, enum access access)
{
	const char *at = strrchr(text, '@');
	struct credential *credential =
		token_entry(auth, text, at ? (size_t)(at - text) : strlen(text));

	credential->access = access;
	for (const char *id = at; id && *id;) {
		id++;
		size_t length = strcspn(id, ",");
		add_account(credential, id, length);
		id += length;
	}
}

/* ---- tokens from JSON ---- */

static bool find_word(
	const struct json *value, const char *const *words, size_t count, size_t *ret_at)
{
	for (size_t i = 0; i < count && json_is_string(value); i++) {
		if (strcmp(json_text(value), words[i]) == 0) {
			*ret_at = i;
			return true;
		}
	}
	return false;
}

static bool set_access(struct credential *credential, const struct json *value)
{
	static const char *const words[] = {"write", "read", "none"};
	size_t at = 0;
	bool ok = find_word(value, words, ARRAY_SIZE(words), &at);

	credential->access = (enum access)at;
	return ok;
}

static bool set_status(struct credential *credential, const struct json *value)
{
	static const char *const words[] = {"active", "disabled", "expired"};
	size_t at = 0;
	bool ok = find_word(value, words, ARRAY_SIZE(words), &at);

	credential->status = words[at];
	return ok;
}

/* All moments have one form, so that they compare as texts. */
static bool set_time(char **ret_time, const struct json *value)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	const char *text = json_text(value);

	if (!text || strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	mem_free(*ret_time);
	*ret_time = mem_copy_text(text);
	return true;
}

static bool set_accounts(struct credential *credential, const struct json *value)
{
	for (const struct json *it = json_first(value); it; it = json_next(it)) {
		if (!json_is_string(it))
			return false;
		add_account(credential, json_text(it), strlen(json_text(it)));
	}
	return json_is_array(value);
}

static bool set_member(struct credential *credential, const struct json *value)
{
	const char *key = json_key(value);

	if (strcmp(key, "token") == 0)
		return true;
	if (strcmp(key, "access") == 0)
		return set_access(credential, value);
	if (strcmp(key, "status") == 0)
		return set_status(credential, value);
	if (strcmp(key, "not_before") == 0)
		return set_time(&credential->not_before, value);
	if (strcmp(key, "expires_on") == 0)
		return set_time(&credential->expires_on, value);
	if (strcmp(key, "expires_after") == 0)
		return json_integer(value, &credential->requests_left) &&
		       credential->requests_left >= 0;
	return strcmp(key, "accounts") == 0 && set_accounts(credential, value);
}

static void clear_entry(struct credential *credential)
{
	for (size_t i = 0; i < credential->account_count; i++)
		mem_free(credential->accounts[i]);
	credential->account_count = 0;
	credential->access = ACCESS_WRITE;
	credential->status = NULL;
	credential->requests_left = -1;
	mem_free(credential->not_before);
	mem_free(credential->expires_on);
	credential->not_before = credential->expires_on = NULL;
}

static bool add_object(struct auth *auth, const struct json *object, struct error *err)
{
	const char *token = json_get_text(object, "token");

	if (!token || !*token)
		return error_set(err, "\"token\" is missing");
	struct credential *credential = token_entry(auth, token, strlen(token));
	clear_entry(credential);
	for (const struct json *it = json_first(object); it; it = json_next(it))
		if (!set_member(credential, it))
			return error_set(err, "invalid \"%s\"", json_key(it));
	return true;
}

bool auth_add(struct auth *auth, const char *bytes, size_t length, struct error *err)
{
	struct json *json CLEANUP(json_free_pointer) = json_parse(bytes, length, err);
	size_t number = 1;

	if (!json)
		return error_prefix(err, "tokens");
	if (!json_is_array(json))
		return add_object(auth, json, err) || error_prefix(err, "token");
	for (const struct json *it = json_first(json); it; it = json_next(it), number++)
		if (!add_object(auth, it, err))
			return error_prefix(err, "token %zu", number);
	return true;
}

/* ---- life ---- */

static bool add_file(struct auth *auth, const char *path, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!fs_read(path, TOKENS_LIMIT, &bytes, err))
		return false;
	return auth_add(auth, str_text(&bytes), bytes.length, err) || error_prefix(err, "%s", path);
}

bool auth_init(struct auth *auth, const struct options *options, struct error *err)
{
	*auth = (struct auth){.options = options, .key.requests_left = -1};
	for (size_t i = 0; i < options->tokens.count; i++)
		add_token(auth, options->tokens.items[i], ACCESS_WRITE);
	if (!options->tokens.count)
		add_token(auth, "cfsim-token", ACCESS_WRITE);
	for (size_t i = 0; i < options->read_only_tokens.count; i++)
		add_token(auth, options->read_only_tokens.items[i], ACCESS_READ);
	return !options->token_file || add_file(auth, options->token_file, err);
}

void auth_release(struct auth *auth)
{
	for (size_t i = 0; i < auth->token_count; i++) {
		struct credential *credential = auth->tokens[i];
		clear_entry(credential);
		mem_free(credential->accounts);
		mem_free(credential->token);
		mem_free(credential);
	}
	mem_free(auth->tokens);
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

const char *auth_status(const struct credential *credential)
{
	char now[CLOCK_TEXT_SIZE];

	if (credential->status && strcmp(credential->status, "active") != 0)
		return credential->status;
	clock_text(clock_unix_seconds(), now);
	if (!credential->requests_left ||
		(credential->expires_on && strcmp(now, credential->expires_on) >= 0))
		return "expired";
	return "active";
}

static bool is_usable(const struct credential *credential)
{
	char now[CLOCK_TEXT_SIZE];

	clock_text(clock_unix_seconds(), now);
	return strcmp(auth_status(credential), "active") == 0 &&
	       (!credential->not_before || strcmp(now, credential->not_before) >= 0);
}

const struct problem *auth_check(struct credential *credential, bool is_store, bool writes)
{
	if (!is_usable(credential))
		return &problem_unauthorized;
	if (credential->requests_left > 0)
		credential->requests_left--;
	if (is_store && credential->access == ACCESS_NONE)
		return &problem_forbidden;
	return writes && credential->access != ACCESS_WRITE ? &problem_forbidden : NULL;
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

static void add_retry_after(struct answer *answer, int64_t seconds, const struct choices *choices)
{
	char date[sizeof("Wed, 21 Oct 2026 07:28:00 GMT")];
	time_t when = (time_t)(clock_unix_seconds() + seconds);
	struct tm utc;

	if (choice_is(choices, CHOICE_RETRY_AFTER, "seconds"))
		answer_header(answer, "Retry-After", "%lld", (long long)seconds);
	if (choice_is(choices, CHOICE_RETRY_AFTER, "date") && gmtime_r(&when, &utc) &&
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc))
		answer_header(answer, "Retry-After", "%s", date);
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
		add_retry_after(answer, seconds, &options->choices);
	return within;
}
