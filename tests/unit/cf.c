#include "live/cf.h"

#include "unit.h"

static struct cf_answer decode_bytes(
	int status, const char *bytes, size_t length, const char *ray, struct error *err)
{
	struct str body CLEANUP(str_release) = {0};
	struct cf_answer answer;

	str_add(&body, bytes, length);
	cf_answer_decode(
		&answer, &(struct cf_response){.status = status, .body = &body, .ray = ray}, err);
	assert_int_equal(answer.verdict == CF_DONE, err->message == NULL);
	return answer;
}

static struct cf_answer decode(int status, const char *body, struct error *err)
{
	return decode_bytes(status, body, strlen(body), "ray-1", err);
}

static void expect(int status, const char *body, enum cf_verdict verdict, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(status, body, &err);

	if (answer.verdict != verdict)
		fail_msg("HTTP %d %s: verdict %d, %s", status, body, (int)answer.verdict,
			err.message ? err.message : "");
	if (message) {
		char start[16];
		snprintf(start, sizeof(start), " (HTTP %d", status);
		expect_text(err.message, start);
		expect_text(err.message, "ray-1");
		expect_text(err.message, message);
		expect_no_text(err.message, "\n");
		expect_no_text(err.message, "\x1b");
	}
	cf_answer_release(&answer);
}

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
	cf_add_store_path(&text, "acc1", "st1");
	assert_string_equal(str_text(&text), "/accounts/acc1/secrets_store/stores/st1");
	str_clear(&text);
	cf_add_create_store_body(&text, "a\"b\\\n");
	assert_string_equal(str_text(&text), "{\"name\":\"a\\\"b\\\\\\n\"}");
}

/* What is not named is left out: it stays as it is. */
static void bodies_of_secrets(void **state)
{
	static const struct {
		struct cf_secret secret;
		const char *body;
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
		cf_add_secret_body(&text, &cases[i].secret);
		assert_string_equal(str_text(&text), cases[i].body);
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
	assert_int_equal(answer.code, 0);
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
		{403, 9109, "Invalid access token", "right, active", CF_FORBIDDEN},
		{400, 9109, "Max auth failures reached", "Wait some minutes", CF_FORBIDDEN},
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
		assert_int_equal(answer.code, table[i].code);
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
	expect(200, "", CF_BROKEN, "an empty body");
	expect(200, "<html><title>x</title>", CF_BROKEN, "not the API's JSON: <html><title>x");
	expect(200, "{\"success\":tr", CF_BROKEN, "not the API's JSON");
	expect(200, "[]", CF_BROKEN, "not the API's JSON");
	expect(200, "null", CF_BROKEN, "not the API's JSON");
	expect(200, "{}", CF_BROKEN, "not the API's JSON");
	expect(200, "{\"success\":\"true\"}", CF_BROKEN, "not the API's JSON");
	expect(200, "{\"success\":1,\"result\":[]}", CF_BROKEN, "does not say whether it worked");
	expect(200, "{\"Success\":true}", CF_BROKEN, "not the API's JSON");
	expect(200, "{\"success\":true,\"success\":true}", CF_BROKEN, "not the API's JSON");
	expect(200, "{\"success\":true} x", CF_BROKEN, "not the API's JSON");
	expect(200, "\xff\xfe", CF_BROKEN, "\\xff\\xfe");
	expect(502, "<html>\x1b[31m\r\nbad", CF_BROKEN, "<html>\\x1b[31m\\x0d\\x0abad");
	expect(500, "{\"success\":true}", CF_BROKEN, "not the API's JSON");
	expect(204, "", CF_BROKEN, "an empty body");
}

static void redirects(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		expect(statuses[i], "", CF_BROKEN, "a redirect, which cfprov does not follow");
		expect(statuses[i], "{\"success\":true,\"result\":[]}", CF_BROKEN, "a redirect");
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
	assert_int_equal(answer.code, 1);
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
	expect(200, str_text(&body), CF_BROKEN, "not the API's JSON");
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

/* ---- stores ---- */

static void expect_store(const char *text, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) = json_parse(text, strlen(text), &err);
	struct cf_object store = {.id = "untouched"};

	assert_non_null(json);
	bool is_good = cf_object_decode(json, "store", &store, &err);
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
	expect_store("{\"name\":\"\\u001b[1m\"}", "no usable id for the store \"\\x1b[1m\"");
	for (size_t i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "{\"id\":%s,\"name\":\"n\"}", bad_ids[i]);
		expect_store(str_text(&text), "no usable id for the store \"n\"");
	}
	struct cf_object store;
	struct error err CLEANUP(error_release) = {0};
	assert_false(cf_object_decode(NULL, "store", &store, &err));
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
		struct json *json CLEANUP(json_free_pointer) =
			json_parse(secrets[i].text, strlen(secrets[i].text), &err);
		struct cf_object secret;
		assert_true(cf_object_decode(json, "secret", &secret, &err));
		assert_int_equal(secret.is_deleted, secrets[i].is_deleted);
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
	expect_scrubbed(&scrub, "<p>hush\n\"HUSH</p>", "JSON: <p>(sensitive value)</p>");
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

static void expect_exists(const char *errors, const char *name, bool wanted)
{
	struct str body CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	str_format(&body, "{\"success\":false,\"errors\":%s}", errors);
	struct cf_answer answer = decode(400, str_text(&body), &err);
	if (cf_answer_says_exists(&answer, name) != wanted)
		fail_msg("%s: %s", errors, name ? name : "any");
	cf_answer_release(&answer);
}

#define EXISTS(rest) "[{\"code\":1003,\"message\":\"secret_name_already_exists" rest "\"}]"

/* Only a whole name counts, and only what stands behind the message. */
static void which_name_exists(void **state)
{
	(void)state;
	expect_exists("[]", NULL, false);
	expect_exists("null", NULL, false);
	expect_exists("[{\"message\":\"secret_scope_invalid: K1\"}]", NULL, false);
	expect_exists("[{\"message\":\"secret_scope_invalid: K1\"}]", "K1", false);
	expect_exists("[{\"message\":7},{}]", "K1", false);
	expect_exists(EXISTS(""), NULL, true);
	expect_exists(EXISTS(""), "K1", false);
	expect_exists(EXISTS(""), "secret_name_already_exists", false);
	expect_exists(EXISTS(": K1"), NULL, true);
	expect_exists(EXISTS(": K1"), "K1", true);
	expect_exists(EXISTS(": K1"), "K", false);
	expect_exists(EXISTS(": K1"), "K10", false);
	expect_exists(EXISTS(": K1"), "1", false);
	expect_exists(EXISTS(": K-1"), "K", false);
	expect_exists(EXISTS(": K_1"), "1", false);
	expect_exists(EXISTS(": K1"), "k1", false);
	expect_exists(EXISTS(": 'K1', \\\"K2\\\"."), "K1", true);
	expect_exists(EXISTS(": 'K1', \\\"K2\\\"."), "K2", true);
	expect_exists(EXISTS("/K1"), "K1", true);
	expect_exists("[\"secret_name_already_exists: K1\"]", "K1", true);
	expect_exists("[{\"message\":\"other\"},{\"message\":\"secret_name_already_exists: K1\"}]",
		"K1", true);
}

/* ---- what is said besides ---- */

/* The one thing that the answer says besides; `text` NULL: it says nothing. */
static void expect_said(const char *body, const char *text, const char *hint)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(200, body, &err);

	if (!text) {
		assert_int_equal(answer.said.count, 0);
	} else {
		assert_int_equal(answer.said.count, 1);
		assert_string_equal(answer.said.items[0].message, text);
		if (hint)
			assert_string_equal(answer.said.items[0].hint, hint);
		else
			assert_null(answer.said.items[0].hint);
	}
	cf_answer_release(&answer);
}

#define MESSAGES(items) "{\"success\":true,\"result\":null,\"messages\":" items "}"

/* fault A8 */
static void said_besides(void **state)
{
	(void)state;
	expect_said(MESSAGES("[\"v4 ends soon\"]"), "Cloudflare says: v4 ends soon", NULL);
	expect_said(MESSAGES("[{\"code\":10000,\"message\":\"use v5\",\"documentation_url\":"
			     "\"https://example.com/v5\",\"source\":{\"pointer\":\"/0/name\"}}]"),
		"Cloudflare says: use v5 (code 10000)",
		"It is about `/0/name` in the request. See https://example.com/v5");
	expect_said(MESSAGES("[{\"message\":\"\\u001b[31m\\nx\"}]"),
		"Cloudflare says: \\x1b[31m\\x0ax", NULL);
	expect_said(
		"{\"success\":true,\"result\":[],\"errors\":[{\"code\":7,\"message\":\"half\"}]}",
		"Cloudflare reports beside a success: half (code 7)", NULL);
	expect_said("{\"success\":false,\"errors\":[{\"message\":\"no\"}],\"messages\":[\"m\"]}",
		"Cloudflare says: m", NULL);
	expect_said(
		MESSAGES("[{\"message\":\"a\",\"error_chain\":[{\"code\":2,\"message\":\"b\"}]}]"),
		"Cloudflare says: a: b (code 2)", NULL);
}

/* fault A8: of any other shape there is nothing to say, and nothing breaks */
static void said_in_odd_shapes(void **state)
{
	static const char *const nothing[] = {MESSAGES("null"), MESSAGES("7"), MESSAGES("\"x\""),
		MESSAGES("{\"message\":\"x\"}"), MESSAGES("[]"), MESSAGES("[null,7,[],{},true]"),
		MESSAGES("[{\"message\":7}]"), MESSAGES("[{\"message\":{\"message\":\"x\"}}]"),
		MESSAGES("[[\"x\"]]"), MESSAGES("[{\"code\":\"7\"}]"),
		MESSAGES("[{\"code\":1e300}]"), "{\"success\":true,\"errors\":{\"message\":\"x\"}}",
		"[\"x\"]", "\"x\""};
	static const char *const odd[] = {
		"{\"code\":{},\"message\":\"x\"}",
		"{\"message\":\"x\",\"documentation_url\":[],\"source\":7}",
		"{\"message\":\"x\",\"documentation_url\":\"\",\"source\":{\"pointer\":\"\"}}",
		"{\"message\":\"x\",\"source\":{\"pointer\":{}}}",
		"{\"message\":\"x\",\"source\":[{\"pointer\":\"/a\"}]}",
		"{\"message\":\"x\",\"error_chain\":{}}",
		"{\"message\":\"x\",\"error_chain\":7}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		expect_said(nothing[i], NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct str body CLEANUP(str_release) = {0};
		str_format(&body, MESSAGES("[%s]"), odd[i]);
		expect_said(str_text(&body), "Cloudflare says: x", NULL);
		str_clear(&body);
		str_format(&body, "{\"success\":false,\"errors\":[%s]}", odd[i]);
		expect(400, str_text(&body), CF_REFUSED, "x (HTTP 400, cf-ray ray-1)");
	}
	expect(400, "{\"success\":false,\"errors\":[{\"message\":\"x\",\"error_chain\":[7,{}]}]}",
		CF_REFUSED, "x: no message: no message (HTTP 400");
}

static void said_is_bounded(void **state)
{
	struct str body CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	str_text_add(&body, "{\"success\":true,\"messages\":[");
	for (int i = 0; i < 20000; i++)
		str_format(&body, "%s\"%d\"", i ? "," : "", i);
	str_text_add(&body, "]}");
	struct cf_answer answer = decode(200, str_text(&body), &err);
	assert_int_equal(answer.said.count, 20);
	cf_answer_release(&answer);
}

/* fault A8 */
static void pointers_of_errors(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(400,
		"{\"success\":false,\"errors\":[{\"code\":1001,\"message\":\"secret_scope_"
		"invalid\","
		"\"documentation_url\":\"https://example.com/a\","
		"\"source\":{\"pointer\":\"/0/scopes\"}},"
		"{\"message\":\"two\",\"documentation_url\":\"https://example.com/b\"}]}",
		&err);

	(void)state;
	assert_string_equal(
		err.message, "secret_scope_invalid; two (HTTP 400, code 1001, cf-ray ray-1)");
	assert_string_equal(err.hint,
		"Check `scopes` in the manifest: this account does not know one of them. It is "
		"about `/0/scopes` in the request. See https://example.com/a See "
		"https://example.com/b");
	cf_answer_release(&answer);
}

/* fault A8: what the second error means counts, too */
static void every_error_counts(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(400,
		"{\"success\":false,\"errors\":[\"first\",{\"code\":6003,\"message\":\"second\"},"
		"{\"code\":971,\"message\":\"third\"}]}",
		&err);

	(void)state;
	assert_int_equal(answer.verdict, CF_FORBIDDEN);
	assert_true(answer.is_throttled);
	expect_text(err.message, "first; second; third (HTTP 400, code 6003, code 971");
	expect_text(err.hint, "malformed");
	cf_answer_release(&answer);
}

/* ---- the edge ---- */

static void expect_edge(
	int status, const char *body, bool is_blocked, int64_t retry_after_ms, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode_bytes(status, body, strlen(body), "", &err);

	assert_int_equal(answer.verdict, CF_BROKEN);
	assert_int_equal(answer.is_blocked, is_blocked);
	assert_int_equal(answer.retry_after_ms, retry_after_ms);
	assert_int_equal(answer.code, 0);
	assert_false(answer.is_absent);
	assert_string_equal(err.message, message);
	if (is_blocked)
		expect_text(err.hint, "the token is not the cause");
	cf_answer_release(&answer);
}

/* fault A10 */
static void problems_of_the_edge(void **state)
{
	(void)state;
	expect_edge(429,
		"{\"type\":\"https://developers.cloudflare.com/support/1015/\",\"title\":\"Error "
		"1015: You are being rate limited\",\"status\":429,\"detail\":\"Too many "
		"requests.\",\"error_code\":1015,\"error_name\":\"rate_limited\",\"ray_id\":"
		"\"9a8b\",\"retryable\":true,\"retry_after\":30}",
		false, 30000,
		"Error 1015: You are being rate limited: Too many requests (HTTP 429, error 1015 "
		"rate_limited, cf-ray 9a8b)");
	expect_edge(403,
		"{\"title\":\"Access denied\",\"detail\":\"Access denied\",\"error_code\":\"1020\","
		"\"type\":\"about:blank\",\"retryable\":false}",
		true, -1,
		"Cloudflare's firewall blocked the request: Access denied (HTTP 403, error 1020)");
	expect_edge(530, "{\"error_code\":1033,\"retry_after\":\"120\"}", false, 120000,
		"an error of Cloudflare's edge (HTTP 530, error 1033)");
	expect_edge(502, "{\"type\":\"about:blank\",\"title\":\"\\u001b[31mBad\\n\"}", false, -1,
		"\\x1b[31mBad (HTTP 502)");
}

/* fault A10: members that are odd, and what only looks alike */
static void odd_problems(void **state)
{
	static const char *const odd[] = {"-1", "1.5", "1e300", "99999999999", "\"soon\"", "null",
		"[]", "{}", "\"\"", "\"-3\"", "true"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct str body CLEANUP(str_release) = {0};
		str_format(&body,
			"{\"title\":\"T\",\"status\":%s,\"detail\":7,\"error_code\":%s,"
			"\"error_name\":[],\"ray_id\":{},\"retryable\":7,\"retry_after\":%s}",
			odd[i], odd[i], odd[i]);
		expect_edge(503, str_text(&body), false, -1, "T (HTTP 503)");
	}
	expect(503, "{\"title\":\"T\"}", CF_BROKEN, "not the API's JSON: {\"title\"");
	expect(503, "[{\"title\":\"T\",\"type\":\"x\"}]", CF_BROKEN, "not the API's JSON");
	expect(403, "{\"success\":false,\"title\":\"T\",\"error_code\":1020}", CF_REFUSED,
		"no reason given");
	expect(400, "{\"errors\":[\"e\"],\"title\":\"T\",\"error_code\":1020}", CF_REFUSED, "e");
}

/* fault A16 */
static void pages_of_the_firewall(void **state)
{
	static const char challenge[] =
		"Cloudflare's firewall answered with a challenge for browsers (HTTP 403)";
	static const char block[] = "Cloudflare's firewall blocked the request (HTTP 403)";

	(void)state;
	expect_edge(403, "<html><title>Just a moment...</title>", true, -1, challenge);
	expect_edge(403, "<script>window._cf_chl_opt={}</script>", true, -1, challenge);
	expect_edge(403, "<h1>Sorry, you have been blocked</h1>", true, -1, block);
	expect_edge(403, "<title>Attention Required! | Cloudflare</title>", true, -1, block);
	expect_edge(403, "<h1>Error 1020</h1>", true, -1, block);
	expect_edge(403, "error code: 1020", true, -1,
		"Cloudflare's firewall blocked the request (HTTP 403, error 1020)");
	expect_edge(429, "error code: 1015", false, -1,
		"an error of Cloudflare's edge (HTTP 429, error 1015)");
	expect_edge(403, "error code: 99999999999", false, -1,
		"something that is not the API's JSON: error code: 99999999999 (HTTP 403)");
	expect_edge(403, "error code: ", false, -1,
		"something that is not the API's JSON: error code:  (HTTP 403)");
	/* Words of a page that says yes, or of the API itself, block nobody. */
	expect(200, "<p>Just a moment...</p>", CF_BROKEN, "not the API's JSON");
	expect(403, "{\"success\":false,\"errors\":[\"Just a moment...\"]}", CF_REFUSED, "Just");
}

/* fault A16: the header is enough, whatever the page is like */
static void challenged_by_header(void **state)
{
	static const char *const bodies[] = {"", "<html>", "{\"title\":\"T\",\"status\":403}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct str body CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct cf_answer answer;
		str_text_add(&body, bodies[i]);
		cf_answer_decode(&answer,
			&(struct cf_response){
				.status = 403, .body = &body, .ray = "", .is_challenged = true},
			&err);
		assert_true(answer.is_blocked);
		expect_text(err.message, "a challenge for browsers");
		expect_text(err.hint, "the token is not the cause");
		cf_answer_release(&answer);
	}
}

/* fault A16 */
static void address_not_allowed(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(403,
		"{\"success\":false,\"errors\":[{\"code\":9109,\"message\":"
		"\"Cannot use the access token from location: 203.0.113.7\"}]}",
		&err);

	(void)state;
	assert_string_equal(err.message,
		"not allowed from this address: Cannot use the access token from location: "
		"203.0.113.7 (HTTP 403, code 9109, cf-ray ray-1)");
	expect_no_text(err.hint, "permission");
	cf_answer_release(&answer);
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
static void account_of_an_object(void **state)
{
	static const struct {
		const char *json, *account_id;
	} table[] = {
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":\"acc1\"}", "acc1"},
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":null}", NULL},
		{"{\"id\":\"x\",\"name\":\"n\",\"account_id\":7}", NULL},
		{"{\"id\":\"x\",\"name\":\"n\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err CLEANUP(error_release) = {0};
		struct cf_object store;
		struct json *json CLEANUP(json_free_pointer) =
			json_parse(table[i].json, strlen(table[i].json), &err);
		assert_true(cf_object_decode(json, "store", &store, &err));
		if (table[i].account_id)
			assert_string_equal(store.account_id, table[i].account_id);
		else
			assert_null(store.account_id);
	}
}

/* fault A11 */
static void full_of_stores(void **state)
{
	static const struct {
		const char *errors;
		bool is_full;
	} table[] = {
		{"[{\"code\":1003,\"message\":\"maximum_stores_exceeded\"}]", true},
		{"[\"x\",\"maximum_stores_exceeded: 1\"]", true},
		{"[{\"code\":1003,\"message\":\"maximum_secrets_exceeded\"}]", false},
		{"[7,{}]", false},
		{"null", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str body CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		str_format(&body, "{\"success\":false,\"errors\":%s}", table[i].errors);
		struct cf_answer answer = decode(400, str_text(&body), &err);
		assert_int_equal(cf_answer_says_full_of_stores(&answer), table[i].is_full);
		cf_answer_release(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent),
		cmocka_unit_test(deleted),
		cmocka_unit_test(requests),
		cmocka_unit_test(bodies_of_secrets),
		cmocka_unit_test(which_name_exists),
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
		cmocka_unit_test(said_besides),
		cmocka_unit_test(said_in_odd_shapes),
		cmocka_unit_test(said_is_bounded),
		cmocka_unit_test(pointers_of_errors),
		cmocka_unit_test(every_error_counts),
		cmocka_unit_test(problems_of_the_edge),
		cmocka_unit_test(odd_problems),
		cmocka_unit_test(pages_of_the_firewall),
		cmocka_unit_test(challenged_by_header),
		cmocka_unit_test(address_not_allowed),
		cmocka_unit_test(accepted),
		cmocka_unit_test(account_of_an_object),
		cmocka_unit_test(full_of_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
