#include "live/cf.h"

#include "base/text.h"

#include <string.h>

enum { MESSAGE_COLUMNS = 300, BODY_BYTES = 60 };
enum { ERRORS_SHOWN = 5 }; /* of one answer; there is hardly ever more than one */

/* ---- requests ---- */

void cf_add_stores_path(struct str *out, const char *account_id)
{
	str_format(out, "/accounts/%s/secrets_store/stores", account_id);
}

void cf_add_store_path(struct str *out, const char *account_id, const char *store_id)
{
	cf_add_stores_path(out, account_id);
	str_format(out, "/%s", store_id);
}

void cf_add_list_path(struct str *out, const char *account_id, const char *store_id, size_t page)
{
	if (store_id) {
		cf_add_store_path(out, account_id, store_id);
		str_text_add(out, "/secrets");
	} else {
		cf_add_stores_path(out, account_id);
	}
	/* Oldest first: what is made meanwhile comes at the end and moves nothing between pages. */
	str_format(out, "?page=%zu&per_page=%d&order=created&direction=asc", page, CF_PAGE_SIZE);
}

void cf_add_create_store_body(struct str *out, const char *name)
{
	struct json_writer writer = json_writer(out, 0);

	json_begin_object(&writer, NULL);
	json_put_text(&writer, "name", name);
	json_end(&writer);
}

void cf_add_secret_path(struct str *out, const char *account_id, const struct cf_secret_id *secret)
{
	cf_add_store_path(out, account_id, secret->store_id);
	str_text_add(out, "/secrets");
	if (secret->secret_id)
		str_format(out, "/%s", secret->secret_id);
}

void cf_add_duplicate_path(
	struct str *out, const char *account_id, const struct cf_secret_id *secret)
{
	cf_add_secret_path(out, account_id, secret);
	str_text_add(out, "/duplicate");
}

static void put_scopes(struct json_writer *writer, const char *scopes)
{
	char *copy AUTO_FREE = mem_copy_text(scopes), *rest = copy, *scope;

	json_begin_array(writer, "scopes");
	while ((scope = strsep(&rest, ",")))
		json_put_text(writer, NULL, scope);
	json_end(writer);
}

static void put_secret(struct json_writer *writer, const struct cf_secret *secret)
{
	json_begin_object(writer, NULL);
	if (secret->name)
		json_put_text(writer, "name", secret->name);
	if (secret->value)
		json_put_text(writer, "value", secret->value);
	if (secret->scopes)
		put_scopes(writer, secret->scopes);
	if (secret->comment)
		json_put_text(writer, "comment", secret->comment);
	else if (secret->has_null_comment)
		json_put_null(writer, "comment");
	json_end(writer);
}

void cf_add_create_secrets_body(struct str *out, const struct cf_secret *secrets, size_t count)
{
	struct json_writer writer = json_writer(out, 0);

	json_begin_array(&writer, NULL);
	for (size_t i = 0; i < count; i++)
		put_secret(&writer, &secrets[i]);
	json_end(&writer);
}

void cf_add_secret_body(struct str *out, const struct cf_secret *secret)
{
	struct json_writer writer = json_writer(out, 0);

	put_secret(&writer, secret);
}

void cf_add_quota_path(struct str *out, const char *account_id)
{
	str_format(out, "/accounts/%s/secrets_store/quota", account_id);
}

void cf_add_verify_path(struct str *out, const char *account_id_or_null)
{
	if (account_id_or_null)
		str_format(out, "/accounts/%s/tokens/verify", account_id_or_null);
	else
		str_text_add(out, "/user/tokens/verify");
}

/* ---- what errors mean ---- */

static const char name_exists[] = "secret_name_already_exists";

/* Messages are compared as prefixes, codes only where a code has one meaning. 0: any. */
static const struct meaning {
	const char *message;
	int64_t code;
	int status;
	bool is_forbidden;
	const char *hint;
} meanings[] = {
	{"maximum_stores_exceeded", 0, 0, false,
		"The account holds as many stores as it may (often one, made by Cloudflare "
		"itself). "
		"Put that store's name into the manifest and adopt it, or delete it."},
	{"maximum_secrets_exceeded", 0, 0, false,
		"The account holds as many secrets as it may. Delete some, or ask for more."},
	{name_exists, 0, 0, false,
		"Somebody made it just now. Run plan again: it offers to adopt it."},
	{"secret_scope_invalid", 0, 0, false,
		"Check `scopes` in the manifest: this account does not know one of them."},
	{NULL, 7003, 0, false, "Check the account id in the manifest."},
	{NULL, 6003, 0, true,
		"The token is malformed: copy it again, and check that it is a token "
		"and not a global key."},
	{NULL, 9103, 0, true, "Check CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY."},
	{NULL, 9106, 0, true, "Check CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY."},
	{NULL, 10502, 0, true, "Wait some minutes, then try with a token that works."},
	{NULL, 0, 401, true, "Check that the token is right, active and not expired."},
	{NULL, 0, 403, false,
		"Check that the token covers this account and has the permission Account, Secrets "
		"Store, Edit (Read is enough to plan)."},
	{NULL, 10000, 0, false,
		"Check that the token is right and covers this account, with the permission "
		"Account, "
		"Secrets Store, Edit."},
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static const struct meaning *meaning_of(int status, int64_t code, const char *message)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const struct meaning *it = &meanings[i];
		if (it->message && starts_with(message, it->message))
			return it;
		if ((it->code && it->code == code) || (it->status && it->status == status))
			return it;
	}
	return NULL;
}

/* ---- answers ---- */

/* At first without the secrets, then shortened: else a part of one might be left. */
static void add_shown(struct str *out, const char *text, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, text, strlen(text), response->scrub);
	text_add_visible(out, str_text(&scrubbed), scrubbed.length, MESSAGE_COLUMNS);
}

static void add_body(struct str *out, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, response->body->bytes, response->body->length, response->scrub);
	size_t shown = scrubbed.length < BODY_BYTES ? scrubbed.length : BODY_BYTES;
	text_add_visible(out, str_text(&scrubbed), shown, BODY_BYTES);
}

/* One error of the envelope: `code` may be missing; 6003 carries the real cause in a chain. */
static void add_message(
	struct str *out, const struct json *item, const struct cf_response *response)
{
	const char *message = json_text(item) ? json_text(item) : json_get_text(item, "message");
	const struct json *chain = json_first(json_get(item, "error_chain"));
	int64_t code;

	if (json_integer(json_get(item, "code"), &code) && code)
		str_format(out, "code %lld: ", (long long)code);
	add_shown(out, message ? message : "no message", response);
	for (int depth = 0; chain && depth < 4; depth++, chain = json_next(chain)) {
		str_text_add(out, " (");
		if (json_integer(json_get(chain, "code"), &code) && code)
			str_format(out, "%lld: ", (long long)code);
		message = json_get_text(chain, "message");
		add_shown(out, message ? message : "no message", response);
		str_char(out, ')');
	}
}

static void describe(
	struct cf_answer *answer, const struct cf_response *response, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};
	const struct json *first = json_first(json_get(answer->json, "errors"));
	const char *message = json_get_text(first, "message");

	str_format(&text, "HTTP %d", response->status);
	size_t told = 0;
	for (const struct json *it = first; it && told < ERRORS_SHOWN; it = json_next(it), told++) {
		str_text_add(&text, ", ");
		add_message(&text, it, response);
	}
	size_t count = json_count(json_get(answer->json, "errors"));
	if (count > told)
		str_format(&text, ", and %zu more", count - told);
	if (!first)
		str_text_add(&text, ", and no reason given");
	if (*response->ray)
		str_format(&text, " (cf-ray %s)", response->ray);
	error_set(err, "%s", str_text(&text));
	(void)!json_integer(json_get(first, "code"), &answer->code);
	const struct meaning *meaning =
		meaning_of(response->status, answer->code, message ? message : "");
	answer->verdict = meaning && meaning->is_forbidden ? CF_FORBIDDEN : CF_REFUSED;
	answer->is_absent = message && (starts_with(message, "store_not_found") ||
					       starts_with(message, "secret_not_found"));
	if (meaning)
		error_hint(err, "%s", meaning->hint);
}

/* The first words of a body that is no JSON, for people. */
static void describe_broken(const struct cf_response *response, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};
	const struct str *body = response->body;
	int status = response->status;

	str_format(&text, "HTTP %d", status);
	if (*response->ray)
		str_format(&text, " (cf-ray %s)", response->ray);
	if (status >= 300 && status < 400)
		str_text_add(&text, ", a redirect, which cfprov does not follow");
	else if (!body->length)
		str_text_add(&text, " with an empty body");
	else
		str_text_add(&text, " with something that is not the API's JSON: ");
	if (body->length && status / 100 != 3)
		add_body(&text, response);
	error_set(err, "%s", str_text(&text));
	if (status / 100 == 3)
		error_hint(err, "Check CLOUDFLARE_BASE_URL.");
}

static int64_t total(const struct json *info, const char *key)
{
	int64_t number;

	return json_integer(json_get(info, key), &number) && number >= 0 ? number : -1;
}

void cf_answer_decode(
	struct cf_answer *answer, const struct cf_response *response, struct error *err)
{
	const struct str *body = response->body;
	int status = response->status;
	struct error ignored CLEANUP(error_release) = {0};
	const struct json *info;

	*answer = (struct cf_answer){.verdict = CF_BROKEN};
	if (status / 100 != 3 && body->length)
		answer->json = json_parse(body->bytes, body->length, &ignored);
	const struct json *success = json_get(answer->json, "success");
	answer->result = json_get(answer->json, "result");
	info = json_get(answer->json, "result_info");
	answer->total_pages = total(info, "total_pages");
	answer->total_count = total(info, "total_count");
	answer->per_page = total(info, "per_page") > 0 ? total(info, "per_page") : 0;
	if (json_is_true(success) && status / 100 == 2)
		answer->verdict = CF_DONE;
	else if (json_is_false(success) || json_is_array(json_get(answer->json, "errors")))
		describe(answer, response, err);
	else
		describe_broken(response, err);
	/* 971 is Cloudflare's "please wait", seen with other statuses, too. */
	answer->is_throttled = status == 429 || answer->code == 971;
}

void cf_answer_release(struct cf_answer *answer)
{
	json_free(answer->json);
	*answer = (struct cf_answer){0};
}

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789_-";

/* Is the name in the text as a whole, and not as a part of another one? */
static bool has_name(const char *text, const char *name)
{
	size_t wanted = strlen(name), length;

	for (; *text; text += length) {
		text += strcspn(text, name_characters);
		length = strspn(text, name_characters);
		if (length == wanted && memcmp(text, name, length) == 0)
			return true;
	}
	return false;
}

bool cf_answer_says_exists(const struct cf_answer *answer, const char *name)
{
	const struct json *errors = json_get(answer->json, "errors");

	for (const struct json *it = json_first(errors); it; it = json_next(it)) {
		const char *message = json_text(it) ? json_text(it) : json_get_text(it, "message");
		const char *found = message ? strstr(message, name_exists) : NULL;
		if (found && (!name || has_name(found + strlen(name_exists), name)))
			return true;
	}
	return false;
}

bool cf_is_id(const char *id)
{
	size_t length = strspn(id, name_characters);

	return length >= 1 && length <= 32 && id[length] == '\0';
}

bool cf_object_decode(
	const struct json *json, const char *what, struct cf_object *ret_object, struct error *err)
{
	const char *status = json_get_text(json, "status");
	struct cf_object object = {
		.id = json_get_text(json, "id"),
		.name = json_get_text(json, "name"),
		.account_id = json_get_text(json, "account_id"),
		.created = json_get_text(json, "created"),
		.modified = json_get_text(json, "modified"),
		.is_deleted = status && strcmp(status, "deleted") == 0,
		.status = status,
		.comment = json_get_text(json, "comment"),
		.store_id = json_get_text(json, "store_id"),
		.scopes = json_get(json, "scopes"),
	};

	if (!object.name)
		return error_set(err, "Cloudflare's answer has a %s without a name", what);
	if (!object.id || !cf_is_id(object.id)) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, object.name, strlen(object.name), 60);
		return error_set(err, "Cloudflare's answer has no usable id for the %s \"%s\"",
			what, str_text(&shown));
	}
	*ret_object = object;
	return true;
}

bool cf_quota_decode(const struct json *json, struct cf_quota *ret_quota, struct error *err)
{
	const struct json *secrets = json_get(json, "secrets");
	struct cf_quota quota;

	if (!json_integer(json_get(secrets, "quota"), &quota.secrets) ||
		!json_integer(json_get(secrets, "usage"), &quota.used))
		return error_set(err, "Cloudflare's answer has no quota");
	*ret_quota = quota;
	return true;
}

bool cf_token_decode(const struct json *json, struct cf_token *ret_token, struct error *err)
{
	struct cf_token token = {
		.status = json_get_text(json, "status"),
		.expires_on = json_get_text(json, "expires_on"),
	};

	if (!token.status)
		return error_set(err, "Cloudflare's answer does not say what the token is worth");
	*ret_token = token;
	return true;
}
