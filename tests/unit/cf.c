#include "answer.h"

static void requests(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	cf_add_list_path(&text, "acc1", NULL, 3);
	assert_string_equal(str_text(&text), "/accounts/acc1/secrets_store/stores?page=3"
					     "&per_page=100&order=created&direction=asc");
	str_clear(&text);
	cf_add_list_path(&text, "acc1", "st1", 12);
	assert_string_equal(str_text(&text),
		"/accounts/acc1/secrets_store/stores/st1/secrets?page=12"
		"&per_page=100&order=created&direction=asc");
	str_clear(&text);
	cf_add_path(&text, "acc1", &(struct cf_id){"st1", NULL});
	assert_string_equal(str_text(&text), "/accounts/acc1/secrets_store/stores/st1");
	str_clear(&text);
	cf_add_path(&text, "acc1", &(struct cf_id){"st1", "x"});
	assert_string_equal(str_text(&text), "/accounts/acc1/secrets_store/stores/st1/secrets/x");
	str_clear(&text);
	cf_add_body(&text, &(struct cf_body){.name = "a\"b\\\n"});
	assert_string_equal(str_text(&text), "{\"name\":\"a\\\"b\\\\\\n\"}");
}

/* What is not named is left out: it stays as it is. */
static void bodies_of_secrets(void **state)
{
	static const struct {
		struct cf_body body;
		const char *text;
	} cases[] = {
		{{0}, "{}"},
		{{.value = "\"", .scopes = "dex,workers"},
			"{\"value\":\"\\\"\",\"scopes\":[\"dex\",\"workers\"]}"},
		{{.comment = "c"}, "{\"comment\":\"c\"}"},
		{{.comment = ""}, "{\"comment\":\"\"}"},
		{{.has_null_comment = true}, "{\"comment\":null}"},
		{{.name = "N", .scopes = "dex"}, "{\"name\":\"N\",\"scopes\":[\"dex\"]}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str text CLEANUP(str_release) = {0};
		cf_add_body(&text, &cases[i].body);
		assert_string_equal(str_text(&text), cases[i].text);
	}
}

static void done(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(200,
		"{\"success\":true,\"errors\":[],\"result\":[{\"id\":\"x\"}],"
		"\"result_info\":{\"total_pages\":7,\"page\":1}}",
		&err);

	(void)state;
	assert_int_equal(answer.verdict, CF_DONE);
	assert_true(json_is_array(answer.result));
	assert_int_equal(answer.total_pages, 7);
	assert_false(answer.is_throttled);
	cf_answer_release(&answer);
	cf_answer_release(&answer);
	expect(201, "{\"success\":true,\"result\":null}", CF_DONE, NULL);
	expect(200, "{\"success\":true}", CF_DONE, NULL);
	expect(200, "{\"success\":true,\"errors\":[{\"code\":1}],\"result\":[]}", CF_DONE, NULL);
}

static void total_pages(void **state)
{
	static const struct {
		const char *info;
		int64_t pages;
	} table[] = {
		{"null", -1},
		{"[]", -1},
		{"{}", -1},
		{"{\"total_pages\":0}", 0},
		{"{\"total_pages\":-1}", -1},
		{"{\"total_pages\":1.5}", -1},
		{"{\"total_pages\":\"3\"}", -1},
		{"{\"total_pages\":1e300}", -1},
		{"{\"total_pages\":9007199254740993}", -1},
		{"{\"total_count\":5}", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str body CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		str_format(&body, "{\"success\":true,\"result\":[],\"result_info\":%s}",
			table[i].info);
		struct cf_answer answer = decode(200, str_text(&body), &err);
		assert_int_equal(answer.total_pages, table[i].pages);
		cf_answer_release(&answer);
	}
}

static void refused(void **state)
{
	(void)state;
	expect(200, "{\"success\":false,\"errors\":[{\"code\":1001,\"message\":\"no\"}]}",
		CF_REFUSED, "no (HTTP 200, code 1001, cf-ray ray-1)");
	expect(200, "{\"success\":false}", CF_REFUSED, "no reason given");
	expect(200, "{\"success\":false,\"errors\":null}", CF_REFUSED, "no reason given");
	expect(200, "{\"success\":false,\"errors\":{}}", CF_REFUSED, "no reason given");
	expect(400, "{\"errors\":[\"a text\"]}", CF_REFUSED, "a text");
	expect(400, "{\"errors\":[7,null,[],{}]}", CF_REFUSED, "no message");
	expect(400, "{\"success\":false,\"errors\":[{\"message\":5,\"code\":\"x\"}]}", CF_REFUSED,
		"no message");
	expect(400, "{\"success\":false,\"errors\":[{\"message\":\"one\"},{\"message\":\"two\"}]}",
		CF_REFUSED, "one; two (HTTP 400, ");
	expect(500, "{\"success\":true,\"errors\":[]}", CF_REFUSED, "no reason given");
	expect(400,
		"{\"success\":false,\"errors\":[{\"code\":6003,\"message\":\"bad\",\"error_chain\":"
		"[{\"code\":6111,\"message\":\"format\"}]}]}",
		CF_FORBIDDEN, "bad: format (HTTP 400, code 6003, code 6111, cf-ray ray-1)");
	expect(409, "{\"success\":false,\"errors\":[{\"code\":1,\"message\":\"store_not_empty\"}]}",
		CF_REFUSED, "store_not_empty");
}

/* What to do is told where it is known. */
static void hints(void **state)
{
	static const struct {
		int status, code;
		const char *message, *hint;
		enum cf_verdict verdict;
	} table[] = {
		{400, 1004, "maximum_stores_exceeded", "adopt it", CF_REFUSED},
		{400, 1004, "maximum_stores_exceeded: 1", "adopt it", CF_REFUSED},
		{404, 7003, "Could not route", "account id", CF_REFUSED},
		{400, 6003, "Invalid request headers", "malformed", CF_FORBIDDEN},
		{400, 9103, "Unknown X-Auth-Key", "CLOUDFLARE_API_KEY", CF_FORBIDDEN},
		{400, 9106, "Missing X-Auth-Key", "CLOUDFLARE_API_KEY", CF_FORBIDDEN},
		{401, 1000, "Invalid API Token", "not expired", CF_FORBIDDEN},
		{403, 9109, "Unauthorized to access requested resource", "permission", CF_REFUSED},
		{400, 9109, "Unauthorized to access requested resource", "permission", CF_REFUSED},
		{403, 9109, "Invalid access token", "correct, active", CF_FORBIDDEN},
		{400, 9109, "Max auth failures reached", "Wait a few minutes", CF_FORBIDDEN},
		{403, 9109, "Cannot use the access token from location: 203.0.113.7",
			"IP address filter", CF_FORBIDDEN},
		{403, 1, "Cannot use it from this location", "permission", CF_REFUSED},
		{400, 10000, "Authentication error", "permission", CF_REFUSED},
		{400, 1, "something else", NULL, CF_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str body CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		str_format(&body,
			"{\"success\":false,\"errors\":[{\"code\":%d,\"message\":\"%s\"}]}",
			table[i].code, table[i].message);
		struct cf_answer answer = decode(table[i].status, str_text(&body), &err);
		assert_int_equal(answer.verdict, table[i].verdict);
		if (table[i].hint)
			expect_text(err.hint, table[i].hint);
		else
			assert_null(err.hint);
		cf_answer_release(&answer);
	}
}

static void broken(void **state)
{
	(void)state;
	expect(200, "", CF_BROKEN, "empty response");
	expect(200, "<html><title>x</title>", CF_BROKEN, "unexpected response: <html><title>x");
	expect(200, "{\"success\":tr", CF_BROKEN, "unexpected response");
	expect(200, "[]", CF_BROKEN, "unexpected response");
	expect(200, "null", CF_BROKEN, "unexpected response");
	expect(200, "{}", CF_BROKEN, "unexpected response");
	expect(200, "{\"success\":\"true\"}", CF_BROKEN, "unexpected response");
	expect(200, "{\"success\":1,\"result\":[]}", CF_BROKEN,
		"does not say whether the request succeeded");
	expect(200, "{\"Success\":true}", CF_BROKEN, "unexpected response");
	expect(200, "{\"success\":true,\"success\":true}", CF_BROKEN, "unexpected response");
	expect(200, "{\"success\":true} x", CF_BROKEN, "unexpected response");
	expect(200, "\xff\xfe", CF_BROKEN, "\\xff\\xfe");
	expect(502, "<html>\x1b[31m\r\nbad", CF_BROKEN, "<html>\\x1b[31m\\x0d\\x0abad");
	expect(500, "{\"success\":true}", CF_BROKEN, "unexpected response");
	expect(204, "", CF_BROKEN, "empty response");
}

static void redirects(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		expect(statuses[i], "", CF_BROKEN,
			"the API redirected the request, and cfprov does not follow redirects");
		expect(statuses[i], "{\"success\":true,\"result\":[]}", CF_BROKEN,
			"redirected the request");
	}
}

static void throttled(void **state)
{
	static const struct {
		int status;
		const char *body;
		bool is_throttled;
	} table[] = {
		{429, "", true},
		{429, "<html>", true},
		{429, "{\"success\":false,\"errors\":[{\"code\":10429}]}", true},
		{400, "{\"success\":false,\"errors\":[{\"code\":971}]}", true},
		{503, "{\"success\":false,\"errors\":[{\"code\":1}]}", false},
		{503, "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct cf_answer answer = decode(table[i].status, table[i].body, &err);
		assert_int_equal(answer.is_throttled, table[i].is_throttled);
		assert_int_not_equal(answer.verdict, CF_DONE);
		cf_answer_release(&answer);
	}
}

static void no_tricks(void **state)
{
	(void)state;
	expect(400,
		"{\"success\":false,\"errors\":[{\"message\":\"\\u001b[31m\\n\\r\\u202e\","
		"\"error_chain\":[{\"message\":\"\\u001b]0;x\"}]},\"\\u001b\"]}",
		CF_REFUSED, "\\x1b[31m\\x0a\\x0d\\u202e: \\x1b]0;x; \\x1b");
}

/* However much the server says, what is shown stays readable. */
static void messages_are_bounded(void **state)
{
	struct str body CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	str_text_add(&body, "{\"success\":false,\"errors\":[");
	for (int i = 0; i < 20000; i++) {
		str_format(&body, "%s{\"code\":%d,\"message\":\"", i ? "," : "", i + 1);
		str_repeat(&body, 'x', 400);
		str_text_add(
			&body, "\",\"error_chain\":[{\"message\":\"y\"},{\"message\":\"y\"}]}");
	}
	str_text_add(&body, "]}");
	struct cf_answer answer = decode(400, str_text(&body), &err);
	assert_true(strlen(err.message) < 10000);
	cf_answer_release(&answer);
	str_clear(&body);
	str_repeat(&body, '<', 1000000);
	error_release(&err);
	answer = decode(400, str_text(&body), &err);
	assert_true(strlen(err.message) < 1000);
	cf_answer_release(&answer);
}

static void deep_nesting(void **state)
{
	struct str body CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&body, "{\"success\":true,\"result\":");
	str_repeat(&body, '[', 5000);
	str_repeat(&body, ']', 5000);
	str_text_add(&body, "}");
	expect(200, str_text(&body), CF_BROKEN, "unexpected response");
}

/* Cut anywhere, with any byte changed: a verdict, and an error if it is not done. */
static void damaged_anywhere(void **state)
{
	static const char text[] =
		"{\"success\":false,\"errors\":[{\"code\":6003,\"message\":\"m\",\"error_chain\":["
		"{\"code\":1,\"message\":\"n\"}]}],\"result\":{\"id\":\"x\",\"name\":\"y\"},"
		"\"result_info\":{\"total_pages\":2}}";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (unsigned mask = 0; mask < 256; mask += 5) {
			struct error err CLEANUP(error_release) = {0};
			char copy[sizeof(text)];
			memcpy(copy, text, sizeof(text));
			copy[at] = (char)((unsigned char)copy[at] ^ mask);
			struct cf_answer answer =
				decode_bytes(200, copy, mask ? sizeof(text) - 1 : at, "", &err);
			assert_int_not_equal(answer.verdict, CF_DONE);
			cf_answer_release(&answer);
		}
	}
}

/* ---- objects ---- */

static const struct account account = {.alias = "prod", .id = "acc1"};
static const struct object keys = {.store = "keys", .id = "st1"};

static bool decode_object(
	const char *text, const struct object *store, struct object *ret_object, struct error *err)
{
	static struct arena arena;
	static struct json *json; /* lends the texts to the object */

	arena_release(&arena);
	json_free(json);
	json = text ? json_parse(text, strlen(text), err) : NULL;
	return cf_object_decode(json, &(struct cf_place){&account, store}, &arena, ret_object, err);
}

static void expect_store(const char *text, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	struct object store = {.id = "untouched"};

	bool is_good = decode_object(text, NULL, &store, &err);
	assert_int_equal(is_good, message == NULL);
	if (message) {
		assert_string_equal(store.id, "untouched");
		expect_no_text(err.message, "\x1b");
		expect_error(&err, message);
	}
}

static void stores(void **state)
{
	static const char *const bad_ids[] = {"null", "7", "\"\"", "\"a/../b\"", "\"..\"",
		"\"a\\r\\nX: y\"", "\"a b\"", "\"a%2Fb\"", "\"\\u001b[1m\"", "\"\xc3\xa4\"", "{}",
		"\"123456789012345678901234567890123\"", "\"a?b\"", "\"a#b\"", "\".\""};

	(void)state;
	expect_store("{\"id\":\"x-_9\",\"name\":\"n\"}", NULL);
	expect_store(
		"{\"id\":\"12345678901234567890123456789012\",\"name\":\"n\",\"more\":1}", NULL);
	expect_store("{\"id\":\"x\"}", "a store without a name");
	expect_store("{\"id\":\"x\",\"name\":null}", "a store without a name");
	expect_store("{\"id\":\"x\",\"name\":5}", "a store without a name");
	expect_store("[]", "a store without a name");
	expect_store("null", "a store without a name");
	expect_store("{\"name\":\"\\u001b[1m\"}", "no valid id for the store \"\\x1b[1m\"");
	for (size_t i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "{\"id\":%s,\"name\":\"n\"}", bad_ids[i]);
		expect_store(str_text(&text), "no valid id for the store \"n\"");
	}
	struct object store;
	struct error err CLEANUP(error_release) = {0};
	assert_false(decode_object(NULL, NULL, &store, &err));
}

/* Only an answer that says so means that something does not exist. */
static void absent(void **state)
{
	static const struct {
		int status;
		const char *message;
		bool is_absent;
	} answers[] = {
		{404, "store_not_found", true},
		{404, "store_not_found: no such store", true},
		{404, "secret_not_found", true},
		{404, "Could not route to /accounts/x", false},
		{404, "account_not_found", false},
		{404, "the store_not_found", false},
		{409, "store_not_empty", false},
		{403, "Authentication error", false},
		{500, "internal", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct str body CLEANUP(str_release) = {0};
		str_format(&body,
			"{\"success\":false,\"errors\":[{\"code\":1001,\"message\":\"%s\"}]}",
			answers[i].message);
		struct cf_answer answer = decode(answers[i].status, str_text(&body), &err);
		assert_int_equal(answer.is_absent, answers[i].is_absent);
		cf_answer_release(&answer);
	}
}

/* A secret that is on its way out is told apart; only its status says so. */
static void deleted(void **state)
{
	static const struct {
		const char *text;
		bool is_deleted;
	} secrets[] = {
		{"{\"id\":\"x\",\"name\":\"n\",\"status\":\"deleted\"}", true},
		{"{\"id\":\"x\",\"name\":\"n\",\"status\":\"active\"}", false},
		{"{\"id\":\"x\",\"name\":\"deleted\"}", false},
		{"{\"id\":\"x\",\"name\":\"n\",\"status\":null}", false},
		{"{\"id\":\"x\",\"name\":\"n\",\"status\":7}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct object object;
		assert_true(decode_object(secrets[i].text, &keys, &object, &err));
		assert_int_equal(cf_is_deleted(&object), secrets[i].is_deleted);
		assert_true(decode_object(secrets[i].text, NULL, &object, &err));
		assert_int_equal(cf_is_deleted(&object), secrets[i].is_deleted);
		assert_int_equal(object.status != NULL, secrets[i].is_deleted);
	}
}

static void expect_scrubbed(const struct scrub *scrub, const char *body, const char *message)
{
	struct error err = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct cf_answer answer;

	str_text_add(&bytes, body);
	cf_answer_decode(&answer,
		&(struct cf_response){.status = 400, .body = &bytes, .ray = "", .scrub = scrub},
		&err);
	expect_no_text(err.message, "hush");
	expect_no_text(err.message, "HUSH");
	cf_answer_release(&answer);
	expect_error(&err, message);
}

/* What was sent is not told, wherever a server puts it; also not a part, where text is cut. */
static void echoes(void **state)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	secret_copy(&secret, "hush\n\"HUSH", 10);
	scrub_know(&scrub, &secret);
	expect_scrubbed(&scrub,
		"{\"success\":false,\"errors\":[{\"code\":7,\"message\":"
		"\"bad \\u0068ush\\n\\\"HUSH.\"}]}",
		"bad (sensitive value). (HTTP 400, code 7");
	expect_scrubbed(&scrub, "{\"success\":false,\"errors\":[\"hush\\n\\\"HUSH\"]}",
		"(sensitive value) (HTTP 400");
	expect_scrubbed(&scrub,
		"{\"success\":false,\"errors\":[{\"message\":\"x\","
		"\"error_chain\":[{\"message\":\"hush\\n\\\"HUSH\"}]}]}",
		"x: (sensitive value) (HTTP 400");
	/* The body that was sent, in a message, and in something that is no answer. */
	expect_scrubbed(&scrub,
		"{\"success\":false,\"errors\":[{\"message\":"
		"\"{\\\"value\\\":\\\"hush\\\\n\\\\\\\"HUSH\\\"}\"}]}",
		"{\"value\":\"(sensitive value)\"}");
	expect_scrubbed(&scrub, "<p>hush\n\"HUSH</p>", "response: <p>(sensitive value)</p>");
	/* The words of the edge. */
	expect_scrubbed(&scrub,
		"{\"title\":\"hush\\n\\\"HUSH\",\"detail\":\"by hush\\n\\\"HUSH.\",\"status\":400,"
		"\"error_code\":1015,\"error_name\":\"hush\\n\\\"HUSH\",\"ray_id\":"
		"\"hush\\n\\\"HUSH\"}",
		"(sensitive value): by (sensitive value) (HTTP 400, error 1015 (sensitive value), "
		"cf-ray (sensitive value))");
	for (size_t before = 50; before < 60; before++) {
		str_clear(&text);
		str_repeat(&text, '.', before);
		str_text_add(&text, "hush\n\"HUSH");
		expect_scrubbed(&scrub, str_text(&text), "......");
	}
	for (size_t before = 290; before < 300; before++) {
		str_clear(&text);
		str_text_add(&text, "{\"success\":false,\"errors\":[\"");
		str_repeat(&text, '.', before);
		str_text_add(&text, "hush\\n\\\"HUSH\"]}");
		expect_scrubbed(&scrub, str_text(&text), "......");
	}
}

static void expect_exists(const char *errors, bool wanted)
{
	struct str body CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	str_format(&body, "{\"success\":false,\"errors\":%s}", errors);
	struct cf_answer answer = decode(400, str_text(&body), &err);
	if (cf_answer_says(&answer, CF_NAME_EXISTS) != wanted)
		fail_msg("%s", errors);
	cf_answer_release(&answer);
}

#define EXISTS(rest) "[{\"code\":1003,\"message\":\"secret_name_already_exists" rest "\"}]"

static void name_exists(void **state)
{
	(void)state;
	expect_exists("[]", false);
	expect_exists("null", false);
	expect_exists("[{\"message\":\"secret_scope_invalid: K1\"}]", false);
	expect_exists("[{\"message\":7},{}]", false);
	expect_exists(EXISTS(""), true);
	expect_exists(EXISTS(": K1"), true);
	expect_exists("[\"x\",{\"message\":\"store_name_already_exists\"}]", true);
}

/* ---- carried out or not ---- */

/* fault A12 */
static void accepted(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum cf_verdict verdict;
		bool was_accepted;
	} table[] = {
		{200, "{\"success\":true,\"result\":{\"id\":\"x\"}}", CF_DONE, true},
		{200, "{\"result\":{\"id\":\"x\",\"name\":\"s\"},\"errors\":[],\"messages\":[]}",
			CF_BROKEN, true},
		{200, "{\"success\":null,\"result\":{},\"errors\":[]}", CF_BROKEN, true},
		{200, "{\"success\":\"false\",\"result\":{},\"errors\":[]}", CF_BROKEN, true},
		{201, "{\"errors\":[{\"code\":1,\"message\":\"odd\"}]}", CF_BROKEN, true},
		{202, "", CF_BROKEN, true},
		{200, "<html>", CF_BROKEN, true},
		{200, "{\"success\":true,\"res", CF_BROKEN, true},
		{200, "null", CF_BROKEN, true},
		{200, "{\"success\":false,\"errors\":[]}", CF_REFUSED, false},
		{200, "{\"success\":false}", CF_REFUSED, false},
		{302, "{\"success\":true}", CF_BROKEN, false},
		{400, "{\"errors\":[]}", CF_REFUSED, false},
		{500, "{\"success\":true,\"result\":{}}", CF_BROKEN, false},
		{429, "", CF_BROKEN, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct cf_answer answer = decode(table[i].status, table[i].body, &err);
		if (answer.verdict != table[i].verdict ||
			answer.was_accepted != table[i].was_accepted)
			fail_msg("HTTP %d %s", table[i].status, table[i].body);
		cf_answer_release(&answer);
	}
}

/* fault A13 */
static void place_of_an_object(void **state)
{
	static const struct {
		const char *json;
		bool is_secret;
		const char *message;
	} table[] = {
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":\"ACC1\"}", false, NULL},
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":null}", false, NULL},
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":7}", true, NULL},
		{"{\"id\":\"x\",\"name\":\"n\"}", true, NULL},
		{"{\"id\":\"x\",\"name\":\"n\",\"store_id\":\"st2\"}", false, NULL},
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":\"acc2\"}", false,
			"returned the store x, which is in the account acc2, not in acc1"},
		{"{\"id\":\"x\",\"name\":\"n\",\"store_id\":\"st2\"}", true,
			"returned the secret x, which is in the store st2, not in st1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct object object;
		bool is_good = decode_object(
			table[i].json, table[i].is_secret ? &keys : NULL, &object, &err);
		assert_int_equal(is_good, table[i].message == NULL);
		if (table[i].message)
			expect_text(err.message, table[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent),
		cmocka_unit_test(deleted),
		cmocka_unit_test(requests),
		cmocka_unit_test(bodies_of_secrets),
		cmocka_unit_test(name_exists),
		cmocka_unit_test(done),
		cmocka_unit_test(total_pages),
		cmocka_unit_test(refused),
		cmocka_unit_test(hints),
		cmocka_unit_test(broken),
		cmocka_unit_test(redirects),
		cmocka_unit_test(throttled),
		cmocka_unit_test(no_tricks),
		cmocka_unit_test(messages_are_bounded),
		cmocka_unit_test(deep_nesting),
		cmocka_unit_test(damaged_anywhere),
		cmocka_unit_test(stores),
		cmocka_unit_test(echoes),
		cmocka_unit_test(accepted),
		cmocka_unit_test(place_of_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
