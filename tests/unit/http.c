#include "adapter/http.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { NOW = 1700000000 }; /* Tue, 14 Nov 2023 22:13:20 GMT */

static void retry_after(void **state)
{
	static const struct {
		const char *text;
		int64_t wait_ms;
	} table[] = {
		{"3", 3000},
		{"0", 0},
		{"007", 7000},
		{"99999999", 99999999000},
		{"-1", -1},
		{"", -1},
		{"+3", -1},
		{"3.5", -1},
		{"3s", -1},
		{"1e3", -1},
		{"soon", -1},
		{"99999999999999999999", (int64_t)INT32_MAX * 1000},
		{"Tue, 14 Nov 2023 22:13:25 GMT", 5000},
		{"Tuesday, 14-Nov-23 22:13:25 GMT", 5000}, /* the obsolete forms of RFC 9110 */
		{"Tue Nov 14 22:13:25 2023", 5000},
		{"Tue, 14 Nov 2023 22:13:20 GMT", 0},
		{"Tue, 14 Nov 2023 22:13:19 GMT", 0}, /* the past */
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Tue, 99 Nov 2023 22:13:25 GMT", -1},
		{"Tue", -1},
		{"\x1b[31m", -1},
		{"\xff", -1},
		{";;;;", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t wait_ms = http_retry_after_ms(table[i].text, NOW);
		if (wait_ms != table[i].wait_ms)
			fail_msg("%s: %lld", table[i].text, (long long)wait_ms);
	}
}

/* fault D3 */
static void retry_after_far_away(void **state)
{
	static const char *const texts[] = {"Sat, 2 Oct 999999919", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Sat, 2 Oct 2147483647 00:00:00 GMT", "2147483647", "2147483648",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808"};
	static const int64_t nows[] = {0, NOW, INT32_MIN, -NOW};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(nows); j++) {
			int64_t wait_ms = http_retry_after_ms(texts[i], nows[j]);
			assert_true(wait_ms >= -1);
			assert_true(wait_ms <= (int64_t)INT32_MAX * 1000);
		}
	assert_int_equal(
		http_retry_after_ms("Sat, 2 Oct 999999919", NOW), (int64_t)INT32_MAX * 1000);
}

/* ---- one exchange with a server of our own ---- */

struct exchange {
	int listener, connection;
	char url[64];
	struct str sent; /* by http */
	const char *answer;
	size_t wanted; /* bytes of the request, after which it is answered */
};

static void exchange_open(struct exchange *exchange, const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	exchange->connection = -1;
	exchange->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(exchange->listener >= 0);
	assert_int_equal(bind(exchange->listener, (void *)&address, size), 0);
	assert_int_equal(listen(exchange->listener, 1), 0);
	assert_int_equal(getsockname(exchange->listener, (void *)&address, &size), 0);
	(void)snprintf(exchange->url, sizeof(exchange->url), "http://127.0.0.1:%d%s",
		ntohs(address.sin_port), path);
}

static void exchange_step(struct exchange *exchange)
{
	char bytes[65536];
	ssize_t n;

	if (exchange->connection < 0)
		exchange->connection = accept(exchange->listener, NULL, NULL);
	if (exchange->connection < 0)
		return;
	while ((n = recv(exchange->connection, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		str_add(&exchange->sent, bytes, (size_t)n);
	const char *end = strstr(str_text(&exchange->sent), "\r\n\r\n");
	size_t body = end ? exchange->sent.length - (size_t)(end + 4 - exchange->sent.bytes) : 0;
	if (!end || body < exchange->wanted || !exchange->answer)
		return;
	assert_true(write(exchange->connection, exchange->answer, strlen(exchange->answer)) > 0);
	exchange->answer = NULL;
}

static struct http *exchange_client(void)
{
	const struct http_options options = {1, 5000, 20000, true, -1};
	struct error err = {0};
	struct http *http = http_new(&options, &err);

	assert_non_null(http);
	return http;
}

/* Gives the response. */
static struct http_response *exchange_request(
	struct exchange *exchange, struct http *http, const struct http_request *request)
{
	struct http_response *response = NULL;

	http_start(http, request);
	while (!response) {
		response = http_next(http, 5);
		exchange_step(exchange);
	}
	return response;
}

static void exchange_close(struct exchange *exchange)
{
	close(exchange->listener);
	if (exchange->connection >= 0)
		close(exchange->connection);
	str_release(&exchange->sent);
}

/* Gives the response to a single request. */
static struct http_response *exchange_run(
	struct exchange *exchange, const struct http_request *request)
{
	struct http *http = exchange_client();
	struct http_response *response = exchange_request(exchange, http, request);

	http_free(http);
	return response;
}

/* A client that keeps the URL of the request before must not mix it up with the next one. */
static void one_url_after_another(void **state)
{
	static const struct {
		const char *url, *line; /* NULL: nothing is sent */
	} cases[] = {
		{"/a?page=1&per_page=100", "GET /a?page=1&per_page=100 HTTP/1.1\r\n"},
		{"/a?page=1&per_page=100", "GET /a?page=1&per_page=100 HTTP/1.1\r\n"},
		{"/a%2Fb/../c", "GET /a%2Fb/../c HTTP/1.1\r\n"},
		{NULL, NULL},
		{"", "GET / HTTP/1.1\r\n"},
		{"/d", "GET /d HTTP/1.1\r\n"},
	};
	struct exchange exchange = {0};
	struct http *http = exchange_client();

	(void)state;
	exchange_open(&exchange, "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str url CLEANUP(str_release) = {0};
		str_format(&url, "%s%s", cases[i].url ? exchange.url : "/e",
			cases[i].url ? cases[i].url : "");
		exchange.sent.length = 0;
		exchange.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
		struct http_response *response = exchange_request(&exchange, http,
			&(struct http_request){.method = "GET", .url = str_text(&url)});
		assert_int_equal(response->outcome, cases[i].line ? HTTP_ANSWERED : HTTP_NEVER);
		if (cases[i].line)
			expect_text(str_text(&exchange.sent), cases[i].line);
		else
			assert_int_equal(exchange.sent.length, 0);
		http_response_free(response);
	}
	http_free(http);
	exchange_close(&exchange);
}

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void signed_get(void **state)
{
	struct exchange exchange = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
					      "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\nhi"};
	struct secret user CLEANUP(secret_release) = {0}, password CLEANUP(secret_release) = {0};
	struct http_headers *headers = http_headers_new();

	(void)state;
	secret_copy(&user, "AKID", 4);
	secret_copy(&password, "hunter22", 8);
	http_headers_add_text(headers, "x-amz-content-sha256: " EMPTY_SHA256);
	exchange_open(&exchange, "/bucket/a%2Bb");
	const struct http_auth auth = {"aws:amz:auto:s3", &user, &password};
	struct http_response *response = exchange_run(&exchange,
		&(struct http_request){
			.method = "GET", .url = exchange.url, .headers = headers, .auth = &auth});
	assert_int_equal(response->outcome, HTTP_ANSWERED);
	assert_int_equal(http_date(response->date), NOW);
	assert_string_equal(str_text(&response->body), "hi");
	expect_text(str_text(&exchange.sent), "GET /bucket/a%2Bb HTTP/1.1\r\n");
	expect_text(str_text(&exchange.sent), "AWS4-HMAC-SHA256 Credential=AKID/");
	expect_text(str_text(&exchange.sent), "/auto/s3/aws4_request");
	expect_text(str_text(&exchange.sent), "SignedHeaders=host;x-amz-content-sha256;x-amz-date");
	expect_no_text(str_text(&exchange.sent), "hunter22");
	http_response_free(response);
	http_headers_free(headers);
	exchange_close(&exchange);
}

/* A body of several MiB is sent though nobody says 100, and what comes back may be limited. */
static void large_put(void **state)
{
	struct exchange exchange = {
		.answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nlonger", .wanted = 3 << 20};
	struct str body CLEANUP(str_release) = {0};
	struct secret user CLEANUP(secret_release) = {0}, password CLEANUP(secret_release) = {0};

	(void)state;
	secret_copy(&user, "bob", 3);
	secret_copy(&password, "hunter22", 8);
	str_repeat(&body, 'x', exchange.wanted);
	exchange_open(&exchange, "/x");
	const struct http_auth auth = {NULL, &user, &password};
	struct http_response *response =
		exchange_run(&exchange, &(struct http_request){.method = "PUT",
						.url = exchange.url,
						.body = body.bytes,
						.body_length = body.length,
						.body_limit = 5,
						.auth = &auth});
	expect_text(str_text(&exchange.sent), "PUT /x HTTP/1.1\r\n");
	expect_text(str_text(&exchange.sent), "Authorization: Basic Ym9iOmh1bnRlcjIy\r\n");
	assert_int_equal(response->outcome, HTTP_UNKNOWN);
	expect_text(response->problem, "the response is larger than");
	http_response_free(response);
	exchange_close(&exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_after),
		cmocka_unit_test(retry_after_far_away),
		cmocka_unit_test(one_url_after_another),
		cmocka_unit_test(signed_get),
		cmocka_unit_test(large_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
