/* What comes beside the API's answers, and in place of them: messages, and the words of the edge.
 */
#include "answer.h"

/* ---- what is said besides ---- */

/* The one thing that the answer says besides; `text` NULL: it says nothing. */
static void expect_said(const char *body, const char *text, const char *hint)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(200, body, &err);

	if (!text) {
		assert_int_equal(answer.warnings.count, 0);
	} else {
		assert_int_equal(answer.warnings.count, 1);
		assert_string_equal(answer.warnings.items[0].message, text);
		if (hint)
			assert_string_equal(answer.warnings.items[0].hint, hint);
		else
			assert_null(answer.warnings.items[0].hint);
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
		"The problem is `/0/name` in the request. See https://example.com/v5");
	expect_said(MESSAGES("[{\"message\":\"\\u001b[31m\\nx\"}]"),
		"Cloudflare says: \\x1b[31m\\x0ax", NULL);
	expect_said(
		"{\"success\":true,\"result\":[],\"errors\":[{\"code\":7,\"message\":\"half\"}]}",
		"Cloudflare reported an error although the request succeeded: half (code 7)", NULL);
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
	assert_int_equal(answer.warnings.count, 20);
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
		"Check `scopes` in the manifest. The account does not support one of them. The "
		"problem is "
		"`/0/scopes` in the request. See https://example.com/a See "
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
	assert_int_equal(answer.retry_after_ms, retry_after_ms);
	assert_false(answer.is_absent);
	assert_string_equal(err.message, message);
	assert_int_equal(
		err.hint && strstr(err.hint, "The token is not the cause") != NULL, is_blocked);
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
		"an error at Cloudflare's edge (HTTP 530, error 1033)");
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
	expect(503, "{\"title\":\"T\"}", CF_BROKEN, "unexpected response: {\"title\"");
	expect(503, "[{\"title\":\"T\",\"type\":\"x\"}]", CF_BROKEN, "unexpected response");
	expect(403, "{\"success\":false,\"title\":\"T\",\"error_code\":1020}", CF_REFUSED,
		"no reason given");
	expect(400, "{\"errors\":[\"e\"],\"title\":\"T\",\"error_code\":1020}", CF_REFUSED, "e");
}

/* fault A16 */
static void pages_of_the_firewall(void **state)
{
	static const char challenge[] =
		"Cloudflare's firewall returned a browser challenge (HTTP 403)";
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
		"an error at Cloudflare's edge (HTTP 429, error 1015)");
	expect_edge(403, "error code: 99999999999", false, -1,
		"unexpected response: error code: 99999999999 (HTTP 403)");
	expect_edge(403, "error code: ", false, -1, "unexpected response: error code:  (HTTP 403)");
	/* Words of a page that says yes, or of the API itself, block nobody. */
	expect(200, "<p>Just a moment...</p>", CF_BROKEN, "unexpected response");
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
		expect_text(err.message, "a browser challenge");
		expect_text(err.hint, "The token is not the cause");
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
		"not allowed from this IP address: Cannot use the access token from location: "
		"203.0.113.7 (HTTP 403, code 9109, cf-ray ray-1)");
	expect_no_text(err.hint, "permission");
	cf_answer_release(&answer);
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
		assert_int_equal(cf_answer_says(&answer, CF_STORES_EXCEEDED), table[i].is_full);
		cf_answer_release(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(full_of_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
