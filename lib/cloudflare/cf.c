#include "cloudflare/cf.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Of one answer; there is hardly ever more than one. */
enum { ERRORS_SHOWN = 5, CHAIN_SHOWN = 4, WARNINGS_SHOWN = 20 };

/* ---- requests ---- */

void cf_add_path(struct str *out, const char *account_id, const struct cf_id *id)
{
	str_format(out, "/accounts/%s/secrets_store/stores", account_id);
	if (id->store)
		str_format(out, "/%s", id->store);
	if (id->secret)
		str_format(out, "/secrets%s%s", *id->secret ? "/" : "", id->secret);
}

void cf_add_list_path(struct str *out, const char *account_id, const char *store_id, size_t page)
{
	cf_add_path(out, account_id, &(struct cf_id){store_id, store_id ? "" : NULL});
	/* Oldest first: what is created meanwhile goes to the end and shifts no page. */
	str_format(out, "?page=%zu&per_page=%d&order=created&direction=asc", page, CF_PAGE_SIZE);
}

void cf_add_quota_path(struct str *out, const char *account_id)
{
	str_format(out, "/accounts/%s/secrets_store/quota", account_id);
}

static void put_body(struct json_writer *writer, const struct cf_body *body)
{
	json_begin_object(writer, NULL);
	if (body->name)
		json_put_text(writer, "name", body->name);
	if (body->value)
		json_put_text(writer, "value", body->value);
	if (body->scopes)
		json_put_list(writer, "scopes", body->scopes);
	if (body->comment)
		json_put_text(writer, "comment", body->comment);
	else if (body->has_null_comment)
		json_put_null(writer, "comment");
	json_end(writer);
}

void cf_add_bodies(struct str *out, const struct cf_body *bodies, size_t count)
{
	struct json_writer writer = json_writer(out, 0);

	json_begin_array(&writer, NULL);
	for (size_t i = 0; i < count; i++)
		put_body(&writer, &bodies[i]);
	json_end(&writer);
}

void cf_add_body(struct str *out, const struct cf_body *body)
{
	struct json_writer writer = json_writer(out, 0);

	put_body(&writer, body);
}

/* ---- what errors mean ---- */

static const char invalid_token[] = "Check that the token is correct, active and not expired.";
static const char check_key[] = "Check CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY.";
static const char wait_first[] = "Wait a few minutes, then try again with a valid token.";
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
	{.message = CF_STORES_EXCEEDED,
		.what = "the account already has the maximum number of stores",
		.hint = "Most accounts can have only one store, and Cloudflare has often created "
			"it already. Add its name to the manifest to adopt it, or delete it."},
	{.message = "maximum_secrets_exceeded",
		.what = "the account already has the maximum number of secrets",
		.hint = "Delete some, or ask Cloudflare to raise the limit."},
	{.message = "secret_name_already_exists",
		.hint = "Someone else has just created it. Run `cfprov plan` again to adopt it."},
	{.message = "secret_scope_invalid",
		.hint = "Check `scopes` in the manifest. The account does not support one of "
			"them."},
	{.code = 7003, .hint = "Check the account id in the manifest."},
	{.code = 7000, .hint = EDGE_CHECK_URL},
	{.code = 6003,
		.is_forbidden = true,
		.hint = "The token is malformed. Copy it again, and check that it is an API token, "
			"not a global API key."},
	{.code = 9103, .is_forbidden = true, .hint = check_key},
	{.code = 9106, .is_forbidden = true, .hint = check_key},
	{.code = 10502, .is_forbidden = true, .hint = wait_first},
	{.code = 9109,
		.word = "location",
		.is_forbidden = true,
		.what = "not allowed from this IP address",
		.hint = "The token is restricted to other IP addresses. Add this one to the "
			"token's client IP address filter in Cloudflare, or run cfprov from an "
			"allowed address."},
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
		str_text_add(&report->hint,
			report->hint.length ? " The problem is `" : "The problem is `");
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
		str_format(&report.text, " and %zu more", count - shown);
	if (!first)
		str_text_add(&report.text, "no reason given");
	edge_finish(&report, err);
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
			"Cloudflare reported an error although the request succeeded: ", response);
}

void cf_answer_release(struct cf_answer *answer)
{
	json_free(answer->json);
	error_list_release(&answer->warnings);
	*answer = (struct cf_answer){0};
}

bool cf_answer_says(const struct cf_answer *answer, const char *words)
{
	const struct json *errors = json_get(answer->json, "errors");

	for (const struct json *it = json_first(errors); it; it = json_next(it))
		if (message_of(it) && strstr(message_of(it), words))
			return true;
	return false;
}

/* ---- objects ---- */

bool cf_is_id(const char *id)
{
	size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return length >= 1 && length <= 32 && id[length] == '\0';
}

/* Ids are hexadecimal digits, in either case. What an answer does not say is not checked. */
static bool check_place(const struct json *json, const char *id, const char *what,
	const struct cf_place *place, struct error *err)
{
	const char *account_id = json_get_text(json, "account_id");
	const char *store_id = place->store ? json_get_text(json, "store_id") : NULL;
	struct str told CLEANUP(str_release) = {0};
	bool is_other_account = account_id && strcasecmp(account_id, place->account->id) != 0;
	const char *asked = is_other_account ? place->account->id
			    : place->store   ? place->store->id
					     : NULL;
	const char *other = is_other_account ? account_id : store_id;

	if (!is_other_account && (!store_id || strcasecmp(store_id, asked) == 0))
		return true;
	text_add_visible(&told, other, strlen(other), 60);
	error_set(err, "Cloudflare returned the %s %s, which is in the %s %s, not in %s", what, id,
		is_other_account ? "account" : "store", str_text(&told), asked);
	return error_hint(err, "A proxy may be mixing up responses. Check CLOUDFLARE_BASE_URL and "
			       "the proxy settings.");
}

static const char *read_scopes(const struct json *json, struct arena *arena)
{
	const char **scopes AUTO_FREE = mem_alloc(json_count(json) * sizeof(*scopes));
	size_t count = 0;

	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		const char *scope = json_text(it);
		if (scope && *scope && !strchr(scope, ',')) /* else it could be two scopes */
			scopes[count++] = scope;
	}
	return model_scopes(arena, scopes, count);
}

bool cf_object_decode(const struct json *json, const struct cf_place *place, struct arena *arena,
	struct object *ret_object, struct error *err)
{
	const char *what = place->store ? "secret" : "store";
	const char *name = json_get_text(json, "name"), *id = json_get_text(json, "id");
	const char *comment = json_get_text(json, "comment");

	if (!name)
		return error_set(err, "Cloudflare returned a %s without a name", what);
	if (!id || !cf_is_id(id)) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, name, strlen(name), 60);
		return error_set(err, "Cloudflare returned no valid id for the %s \"%s\"", what,
			str_text(&shown));
	}
	if (!check_place(json, id, what, place, err))
		return false;
	*ret_object = (struct object){
		.kind = OBJECT_STORE,
		.account = place->account->alias,
		.store = name,
		.id = id,
		.created = json_get_text(json, "created"),
		.modified = json_get_text(json, "modified"),
		.status = json_get_text(json, "status"),
	};
	if (!place->store) {
		if (!cf_is_deleted(ret_object)) /* the state has none of stores */
			ret_object->status = NULL;
		return true;
	}
	ret_object->kind = OBJECT_SECRET;
	ret_object->store = place->store->store;
	ret_object->secret = name;
	ret_object->scopes = read_scopes(json_get(json, "scopes"), arena);
	ret_object->comment = comment && *comment ? comment : NULL;
	return true;
}

bool cf_is_deleted(const struct object *object)
{
	return object->status && strcmp(object->status, "deleted") == 0;
}

bool cf_quota_decode(const struct json *json, struct cf_quota *ret_quota, struct error *err)
{
	const struct json *secrets = json_get(json, "secrets");
	struct cf_quota quota;

	if (!json_integer(json_get(secrets, "quota"), &quota.secrets) ||
		!json_integer(json_get(secrets, "usage"), &quota.used))
		return error_set(err, "Cloudflare returned no quota");
	*ret_quota = quota;
	return true;
}
