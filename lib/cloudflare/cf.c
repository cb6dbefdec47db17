#include "cloudflare/cf.h"

#include "base/text.h"

#include <string.h>

/* Of one answer; there is hardly ever more than one. */
enum { ERRORS_SHOWN = 5, CHAIN_SHOWN = 4, WARNINGS_SHOWN = 20 };

/* ---- requests ---- */

void cf_add_stores_path(struct str *out, const char *account_id)
{
	str_format(out, "/accounts/%s/secrets_store/stores", account_id);
}

void cf_add_secret_path(struct str *out, const char *account_id, const struct cf_secret_id *secret)
{
	cf_add_stores_path(out, account_id);
	str_format(out, "/%s/secrets", secret->store_id);
	if (secret->secret_id)
		str_format(out, "/%s", secret->secret_id);
}

void cf_add_object_path(struct str *out, const char *account_id, const struct cf_secret_id *id)
{
	if (id->secret_id) {
		cf_add_secret_path(out, account_id, id);
		return;
	}
	cf_add_stores_path(out, account_id);
	str_format(out, "/%s", id->store_id);
}

void cf_add_list_path(struct str *out, const char *account_id, const char *store_id, size_t page)
{
	if (store_id)
		cf_add_secret_path(out, account_id, &(struct cf_secret_id){store_id, NULL});
	else
		cf_add_stores_path(out, account_id);
	/* Oldest first: what is created meanwhile goes to the end and shifts no page. */
	str_format(out, "?page=%zu&per_page=%d&order=created&direction=asc", page, CF_PAGE_SIZE);
}

void cf_add_duplicate_path(
	struct str *out, const char *account_id, const struct cf_secret_id *secret)
{
	cf_add_secret_path(out, account_id, secret);
	str_text_add(out, "/duplicate");
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

void cf_add_create_store_body(struct str *out, const char *name)
{
	cf_add_secret_body(out, &(struct cf_secret){.name = name});
}

static void put_secret(struct json_writer *writer, const struct cf_secret *secret)
{
	json_begin_object(writer, NULL);
	if (secret->name)
		json_put_text(writer, "name", secret->name);
	if (secret->value)
		json_put_text(writer, "value", secret->value);
	if (secret->scopes) {
		char *copy AUTO_FREE = mem_copy_text(secret->scopes), *rest = copy, *scope;
		json_begin_array(writer, "scopes");
		while ((scope = strsep(&rest, ",")))
			json_put_text(writer, NULL, scope);
		json_end(writer);
	}
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

/* ---- what errors mean ---- */

static const char stores_exceeded[] = "maximum_stores_exceeded";
static const char invalid_token[] = "Check that the token is right, active and not expired.";
static const char check_key[] = "Check CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY.";
static const char wait_first[] = "Wait some minutes, then try with a token that works.";
static const char permission[] =
	"Check that the token covers this account and has the permission Account, Secrets Store, "
	"Edit (Read is enough to plan).";

/*
 * The first row that fits counts; 0 and NULL fit anything. Messages are compared as prefixes, codes
 * only if they have one meaning, or together with a word of the message.
 */
static const struct meaning {
	const char *message;
	int64_t code;
	const char *word; /* somewhere in the message */
	int status;
	bool is_forbidden;
	const char *what; /* in our words; NULL: the message is clear */
	const char *hint;
} meanings[] = {
	{.message = stores_exceeded,
		.what = "the account already has as many stores as it may",
		.hint = "Most accounts may have one store, and Cloudflare has often made it "
			"already. Put its name into the manifest to adopt it, or delete it."},
	{.message = "maximum_secrets_exceeded",
		.what = "the account already has as many secrets as it may",
		.hint = "Delete some, or ask Cloudflare for more."},
	{.message = "secret_name_already_exists",
		.hint = "Someone else has just created it. Run plan again to adopt it."},
	{.message = "secret_scope_invalid",
		.hint = "Check `scopes` in the manifest: this account does not know one of them."},
	{.code = 7003, .hint = "Check the account id in the manifest."},
	{.code = 6003,
		.is_forbidden = true,
		.hint = "The token is malformed: copy it again, and check that it is a token and "
			"not a global key."},
	{.code = 9103, .is_forbidden = true, .hint = check_key},
	{.code = 9106, .is_forbidden = true, .hint = check_key},
	{.code = 10502, .is_forbidden = true, .hint = wait_first},
	{.code = 9109,
		.word = "location",
		.is_forbidden = true,
		.what = "not allowed from this address",
		.hint = "The token is limited to other addresses. Add this one to the token's "
			"client IP address filter in Cloudflare, or run cfprov from an address "
			"that the filter allows."},
	{.code = 9109, .word = "Max auth failures", .is_forbidden = true, .hint = wait_first},
	{.code = 9109, .word = "Unauthorized", .hint = permission},
	{.code = 9109, .is_forbidden = true, .hint = invalid_token},
	{.status = 401, .is_forbidden = true, .hint = invalid_token},
	{.status = 403, .hint = permission},
	{.code = 10000, .hint = permission},
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static int64_t code_of(const struct json *item)
{
	int64_t code;

	return json_integer(json_get(item, "code"), &code) ? code : 0;
}

/* Items are objects or texts; lends the text, or NULL. */
static const char *message_of(const struct json *item)
{
	return json_text(item) ? json_text(item) : json_get_text(item, "message");
}

static bool fits(const struct meaning *meaning, int status, const struct json *item)
{
	const char *message = message_of(item) ? message_of(item) : "";

	return (!meaning->message || starts_with(message, meaning->message)) &&
	       (!meaning->code || meaning->code == code_of(item)) &&
	       (!meaning->word || strstr(message, meaning->word)) &&
	       (!meaning->status || meaning->status == status);
}

/* Of all the errors; without any, the status still has a meaning. */
static const struct meaning *meaning_of(int status, const struct json *errors)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const struct json *item = json_first(errors);
		do {
			if (fits(&meanings[i], status, item))
				return &meanings[i];
		} while (item && (item = json_next(item)));
	}
	return NULL;
}

/* ---- what answers say ---- */

/* Adds an item of the envelope, or a link of its chain. */
static void add_message(struct cf_report *report, const struct json *item)
{
	const char *message = message_of(item) ? message_of(item) : "no message";

	edge_add_text(&report->text, message, report->response);
	if (code_of(item))
		str_format(&report->codes, ", code %lld", (long long)code_of(item));
}

/* An error or message: its text, the chain that has the cause of 6003, and where to read more. */
static void add_item(struct cf_report *report, const struct json *item)
{
	const struct json *link = json_first(json_get(item, "error_chain"));
	const char *pointer = json_get_text(json_get(item, "source"), "pointer");
	const char *url = json_get_text(item, "documentation_url");

	add_message(report, item);
	for (int depth = 0; link && depth < CHAIN_SHOWN; depth++, link = json_next(link)) {
		str_text_add(&report->text, ": ");
		add_message(report, link);
	}
	if (pointer && *pointer) {
		str_text_add(
			&report->hint, report->hint.length ? " It is about `" : "It is about `");
		edge_add_text(&report->hint, pointer, report->response);
		str_text_add(&report->hint, "` in the request.");
	}
	if (url && *url) {
		str_text_add(&report->hint, report->hint.length ? " See " : "See ");
		/* without a full stop, which would be copied along */
		edge_add_text(&report->hint, url, report->response);
	}
}

static void describe(
	struct cf_answer *answer, const struct cf_response *response, struct error *err)
{
	struct cf_report report = {.response = response};
	const struct json *errors = json_get(answer->json, "errors"), *first = json_first(errors);
	const struct meaning *meaning = meaning_of(response->status, errors);
	const char *message = json_get_text(first, "message");
	size_t count = json_count(errors), shown = 0;

	if (meaning && meaning->what)
		str_format(&report.text, "%s: ", meaning->what);
	if (meaning)
		str_text_add(&report.hint, meaning->hint);
	for (const struct json *it = first; it && shown < ERRORS_SHOWN; it = json_next(it)) {
		str_text_add(&report.text, shown++ ? "; " : "");
		add_item(&report, it);
	}
	if (count > shown)
		str_format(&report.text, "; and %zu more", count - shown);
	if (!first)
		str_text_add(&report.text, "no reason given");
	edge_finish(&report, err);
	answer->code = code_of(first);
	answer->verdict = meaning && meaning->is_forbidden ? CF_FORBIDDEN : CF_REFUSED;
	answer->is_absent = message && (starts_with(message, "store_not_found") ||
					       starts_with(message, "secret_not_found"));
}

/* Adds the items of a list to answer->warnings, unless they have neither text nor code. */
static void add_warnings(struct cf_answer *answer, const char *key, const char *introduction,
	const struct cf_response *response)
{
	const struct json *list = json_get(answer->json, key);
	const struct json *it = json_is_array(list) ? json_first(list) : NULL;

	for (; it && answer->warnings.count < WARNINGS_SHOWN; it = json_next(it)) {
		struct cf_report report = {.response = response, .is_aside = true};
		if (!message_of(it) && !code_of(it))
			continue;
		str_text_add(&report.text, introduction);
		add_item(&report, it);
		edge_finish(&report, error_list_add(&answer->warnings));
	}
}

/* ---- answers ---- */

static int64_t total(const struct json *info, const char *key)
{
	int64_t number;

	return json_integer(json_get(info, key), &number) && number >= 0 ? number : -1;
}

/* Code 971 means "please wait", and was seen with other statuses, too. */
static bool asks_to_wait(const struct cf_answer *answer, int status)
{
	const struct json *errors = json_get(answer->json, "errors");

	for (const struct json *it = json_first(errors); it && !answer->was_accepted;
		it = json_next(it))
		if (code_of(it) == 971)
			return true;
	return status == 429;
}

static void judge(struct cf_answer *answer, const struct cf_response *response, struct error *err)
{
	const struct json *success = json_get(answer->json, "success");
	bool is_refusal = json_is_false(success) || json_is_array(json_get(answer->json, "errors"));

	answer->was_accepted = response->status / 100 == 2 && !json_is_false(success);
	if (answer->was_accepted && json_is_true(success)) {
		answer->verdict = CF_DONE;
	} else if (!answer->was_accepted && is_refusal) {
		describe(answer, response, err);
	} else {
		answer->retry_after_ms = edge_read(response, answer->json, err);
	}
}

void cf_answer_decode(
	struct cf_answer *answer, const struct cf_response *response, struct error *err)
{
	const struct str *body = response->body;
	struct error ignored CLEANUP(error_release) = {0};
	const struct json *info;

	*answer = CF_NO_ANSWER;
	if (response->status / 100 != 3 && body->length)
		answer->json = json_parse(body->bytes, body->length, &ignored);
	answer->result = json_get(answer->json, "result");
	info = json_get(answer->json, "result_info");
	answer->total_pages = total(info, "total_pages");
	answer->total_count = total(info, "total_count");
	answer->per_page = total(info, "per_page") > 0 ? total(info, "per_page") : 0;
	judge(answer, response, err);
	answer->is_throttled = asks_to_wait(answer, response->status);
	add_warnings(answer, "messages", "Cloudflare says: ", response);
	if (answer->was_accepted)
		add_warnings(answer, "errors",
			"Cloudflare reports an error although the request succeeded: ", response);
}

void cf_answer_release(struct cf_answer *answer)
{
	json_free(answer->json);
	error_list_release(&answer->warnings);
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
	static const char exists[] = "_name_already_exists"; /* secret or store */
	const struct json *errors = json_get(answer->json, "errors");

	for (const struct json *it = json_first(errors); it; it = json_next(it)) {
		const char *message = message_of(it);
		const char *found = message ? strstr(message, exists) : NULL;
		if (found && (!name || has_name(found + strlen(exists), name)))
			return true;
	}
	return false;
}

bool cf_answer_says_full_of_stores(const struct cf_answer *answer)
{
	const struct json *errors = json_get(answer->json, "errors");

	for (const struct json *it = json_first(errors); it; it = json_next(it))
		if (message_of(it) && starts_with(message_of(it), stores_exceeded))
			return true;
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
