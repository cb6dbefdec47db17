#include "adapter/s3_answer.h"

#include "unit.h"

enum { NOW = 1700000000 }; /* Tue, 14 Nov 2023 22:13:20 GMT */

#define S3(code, message)                                                                          \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code                           \
	"</Code><Message>" message "</Message></Error>"

/* One answer, and what it means; `text` and `hint` are parts of the error, NULL: there is none. */
struct row {
	enum s3_verb verb;
	int status;
	const char *body;
	enum s3_meaning meaning;
	const char *text, *hint;
};

static const struct row rows[] = {
	{S3_GET, 200, "{\"any\":1}", S3_DONE, NULL, NULL},
	{S3_GET, 206, "x", S3_DONE, NULL, NULL},
	{S3_PUT_NEW, 200, "", S3_DONE, NULL, NULL},
	{S3_DELETE, 204, "", S3_DONE, NULL, NULL},
	{S3_PUT, 200, "\n <!DOCTYPE HTML><p>Welcome", S3_REFUSED,
		"https://host is not an object store: it answered with a web page (HTTP 200)",
		"Check `endpoint`"},
	/* the page of a portal or a proxy, which answers everything */
	{S3_GET, 200, "<html>Sign in</html>", S3_REFUSED,
		"https://host is not an object store: it answered with a web page (HTTP 200)",
		"Check `endpoint`"},
	{S3_GET, 404, S3("NoSuchKey", "The specified key does not exist."), S3_ABSENT, NULL, NULL},
	{S3_DELETE, 404, S3("NoSuchKey", ""), S3_ABSENT, NULL, NULL},
	{S3_PUT_NEW, 404, S3("NoSuchKey", "x"), S3_REFUSED, "NoSuchKey: x (HTTP 404, NoSuchKey)",
		NULL},
	/* nothing but S3's own word says that an object is absent */
	{S3_GET, 404, "", S3_REFUSED, "not an object store: it answered with something else", ""},
	{S3_GET, 404, "<html>nginx</html>", S3_REFUSED, "a web page (HTTP 404)", ""},
	{S3_GET, 404, "{\"success\":false}", S3_REFUSED, "answered with JSON", ""},
	{S3_GET, 404, S3("NoSuchBucket", ""), S3_REFUSED,
		"the bucket `states` does not exist at https://host (HTTP 404, NoSuchBucket)",
		"Create it"},
	{S3_PUT_NEW, 412, S3("PreconditionFailed", ""), S3_PRESENT, NULL, NULL},
	{S3_PUT_NEW, 412, "", S3_PRESENT, NULL, NULL},
	{S3_PUT_NEW, 409, S3("ConditionalRequestConflict", "a"), S3_UNCLEAR, "Conflict: a", NULL},
	{S3_PUT_NEW, 409, S3("OperationAborted", "a"), S3_UNCLEAR, "OperationAborted: a", NULL},
	{S3_PUT_NEW, 409, "", S3_UNCLEAR, "HTTP 409", NULL},
	{S3_PUT_NEW, 501, S3("NotImplemented", "A header you provided"), S3_REFUSED,
		"https://host does not support conditional writes (If-None-Match)",
		"Cloudflare R2"},
	{S3_PUT_NEW, 501, "", S3_REFUSED, "does not support conditional writes", "Ceph"},
	{S3_GET, 403, S3("InvalidAccessKeyId", ""), S3_REFUSED,
		"the server does not know the access key ID", "AWS_ACCESS_KEY_ID"},
	{S3_GET, 401, S3("Unauthorized", "Unauthorized"), S3_REFUSED,
		"the server does not know the access key ID", "R2 API token"},
	{S3_GET, 400, S3("InvalidArgument", "Credential access key has length 7, should be 32"),
		S3_REFUSED, "the server does not know the access key ID", "it is not the token"},
	{S3_GET, 400, S3("InvalidArgument", "no"), S3_REFUSED, "InvalidArgument: no", NULL},
	{S3_GET, 403, S3("SignatureDoesNotMatch", "long"), S3_REFUSED,
		"the secret access key is not the one of the access key ID",
		"AWS_SECRET_ACCESS_KEY"},
	{S3_GET, 400, S3("ExpiredToken", ""), S3_REFUSED, "the session token is expired",
		"AWS_SESSION_TOKEN"},
	{S3_GET, 403, S3("RequestTimeTooSkewed", ""), S3_REFUSED,
		"the clock of this machine is 20m behind that of the server", "Set the clock"},
	{S3_GET, 403, S3("AccessDenied", ""), S3_REFUSED, "may not read objects in the bucket `st",
		"s3:ListBucket"},
	{S3_PUT_NEW, 403, S3("AccessDenied", ""), S3_REFUSED, "may not write objects",
		"Object Read & Write"},
	{S3_DELETE, 403, S3("AccessDenied", ""), S3_REFUSED, "may not delete objects", ""},
	{S3_GET, 400,
		"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'auto' is "
		"wrong</Message><Region>eu-west-1</Region></Error>",
		S3_REFUSED, "the bucket `states` is not in the region `auto`, but in `eu-west-1`",
		"Set `region`"},
	{S3_GET, 301,
		"<Error><Code>PermanentRedirect</Code><Endpoint>b.s3-eu-west-1.amazonaws.com"
		"</Endpoint></Error>",
		S3_REFUSED, "its endpoint is b.s3-eu-west-1.amazonaws.com", "endpoint"},
	{S3_GET, 400, S3("InvalidRegionName", "Must be one of: wnam, auto"), S3_REFUSED,
		"region `auto`: Must be one of: wnam, auto", "R2: region auto"},
	{S3_GET, 302, "", S3_REFUSED, "https://host redirected the request", "without the bucket"},
	{S3_GET, 429, S3("TooManyRequests", "Reduce"), S3_LATER, "TooManyRequests: Reduce", NULL},
	{S3_GET, 429, "", S3_LATER, "too many requests", NULL},
	{S3_PUT_NEW, 503, S3("SlowDown", "Reduce"), S3_LATER, "SlowDown: Reduce", NULL},
	{S3_PUT_NEW, 503, S3("XMinioServerNotInitialized", "x"), S3_LATER, "XMinio", NULL},
	{S3_PUT_NEW, 503, "<html>", S3_LATER, "the server answered with HTTP 503", NULL},
	{S3_PUT_NEW, 500, S3("InternalError", "We"), S3_UNCLEAR, "InternalError: We", NULL},
	{S3_PUT_NEW, 500, S3("Odd", "We"), S3_UNCLEAR, "Odd: We", NULL},
	{S3_PUT_NEW, 502, "<html>", S3_UNCLEAR, "the server answered with HTTP 502", NULL},
	{S3_PUT_NEW, 400, S3("RequestTimeout", ""), S3_UNCLEAR, "RequestTimeout", NULL},
	{S3_PUT_NEW, 507, "", S3_REFUSED, "no room", "state gc"},
	{S3_PUT_NEW, 403, S3("QuotaExceeded", ""), S3_REFUSED, "no room", "quota"},
	/* hostile: secrets, control characters, entities, a code that is no word */
	{S3_GET, 400, S3("Odd", "key hunter22 &lt;b&gt; \x1b[31m &amp;amp;."), S3_REFUSED,
		"Odd: key (sensitive value) <b> \\x1b[31m &amp; (HTTP 400, Odd)", NULL},
	{S3_GET, 400, "<Error><Code>two words</Code></Error>", S3_REFUSED, "not an object store",
		""},
	{S3_GET, 400, "<Error><Code>Cut", S3_REFUSED, "not an object store", ""},
};

static void table(void **state)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct scrub scrub CLEANUP(scrub_release) = {0};

	(void)state;
	secret_copy(&secret, "hunter22", 8);
	scrub_know(&scrub, &secret);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const struct s3_asked asked = {
			row->verb, "states", "auto", "https://host", NOW, &scrub};
		struct http_response response = {.outcome = HTTP_ANSWERED,
			.status = row->status,
			.date = "Tue, 14 Nov 2023 22:33:20 GMT"};
		struct error err CLEANUP(error_release) = {0};
		str_text_add(&response.body, row->body);
		enum s3_meaning meaning = s3_answer_read(&asked, &response, &err);
		if (meaning != row->meaning)
			fail_msg("row %zu: %d (%s)", i, (int)meaning, err.message);
		if (row->text)
			expect_text(err.message, row->text);
		else
			expect_no_error(&err);
		if (row->hint)
			expect_text(err.hint, row->hint);
		else if (err.hint)
			fail_msg("row %zu has a hint: %s", i, err.hint);
		str_release(&response.body);
	}
}

/* Without an answer: what libcurl says, and whether the server may have done it. */
static void silence(void **state)
{
	static const struct {
		enum http_outcome outcome;
		enum s3_meaning meaning;
	} table[] = {{HTTP_NOT_SENT, S3_LATER}, {HTTP_REFUSED, S3_LATER}, {HTTP_NEVER, S3_REFUSED},
		{HTTP_UNKNOWN, S3_UNCLEAR}};
	const struct s3_asked asked = {S3_PUT_NEW, "states", "auto", "https://host", NOW, NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		char problem[] = "Timeout was reached";
		struct http_response response = {.outcome = table[i].outcome, .problem = problem};
		assert_int_equal(s3_answer_read(&asked, &response, &err), table[i].meaning);
		expect_error(&err, "no answer from https://host: Timeout was reached");
	}
}

static void clocks(void **state)
{
	static const struct {
		char date[HTTP_DATE_SIZE];
		const char *text;
	} table[] = {{"Tue, 14 Nov 2023 22:33:20 GMT", "is 20m behind that"},
		{"Tue, 14 Nov 2023 17:13:20 GMT", "is 5h ahead of that"}, {"", "differs too much"},
		{"yesterday evening", "differs too much"},
		{"Tue, 14 Nov 2023 22:13:20 GMT", "differs too much"}};
	const struct s3_asked asked = {S3_GET, "states", "auto", "https://host", NOW, NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		struct http_response response = {.outcome = HTTP_ANSWERED, .status = 403};
		memcpy(response.date, table[i].date, sizeof(response.date));
		str_text_add(&response.body, S3("RequestTimeTooSkewed", ""));
		assert_int_equal(s3_answer_read(&asked, &response, &err), S3_REFUSED);
		expect_error(&err, table[i].text);
		str_release(&response.body);
	}
}

static void pauses(void **state)
{
	(void)state;
	assert_int_equal(s3_pause_ms(S3_LATER, 1, -1, 0), 1000);
	assert_int_equal(s3_pause_ms(S3_LATER, 3, -1, 0), 4000);
	assert_int_equal(s3_pause_ms(S3_LATER, 5, -1, 0), 8000);
	assert_int_equal(s3_pause_ms(S3_LATER, 5, -1, 255), 8000 + 8000 * 255 / 1024);
	assert_int_equal(s3_pause_ms(S3_LATER, S3_ATTEMPTS, -1, 0), -1);
	assert_int_equal(s3_pause_ms(S3_LATER, 1, 7000, 0), 7000);
	assert_int_equal(s3_pause_ms(S3_LATER, 1, S3_PAUSE_LIMIT_MS + 1, 0), -1);
	assert_int_equal(s3_pause_ms(S3_UNCLEAR, 1, -1, 0), 250);
	assert_int_equal(s3_pause_ms(S3_REFUSED, 1, -1, 0), -1);
	assert_int_equal(s3_pause_ms(S3_DONE, 1, -1, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(silence),
		cmocka_unit_test(clocks),
		cmocka_unit_test(pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
