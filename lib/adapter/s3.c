#include "adapter/s3.h"

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "base/clock.h"

#include <assert.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 15000,
	TIMEOUT_MS = 60000,
	BYTES_PER_MS = 32, /* the slowest line that a state is to get through */
	POLL_MS = 200,     /* how soon an interrupt is noticed */
};

/*
 * The connections are shared: of a state that is split by account, each part has a struct s3, and
 * all have one server. That is safe because nothing is under way between two calls of s3_send.
 */
static struct {
	struct http *http; /* NULL: there is none yet */
	size_t users;
} shared[2]; /* by is_loopback */

struct s3 {
	struct s3_options options;
	struct scrub scrub;
	char *sigv4;
	struct http_auth auth;
};

/* A request that is under way. */
struct flight {
	const struct s3_request *request;
	struct s3_answer *answer;
	struct http_headers *headers;
};

static const char *const methods[] = {
	[S3_GET] = "GET", [S3_PUT] = "PUT", [S3_PUT_NEW] = "PUT", [S3_DELETE] = "DELETE"};

static struct http **http_of(const struct s3 *s3)
{
	return &shared[s3->options.is_loopback].http;
}

static bool open_http(const struct s3 *s3, struct error *err)
{
	const struct http_options options = {.connections = S3_CONNECTIONS,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
		.is_loopback = s3->options.is_loopback,
		.wake_fd = -1};

	if (!*http_of(s3))
		*http_of(s3) = http_new(&options, err);
	return *http_of(s3) != NULL;
}

struct s3 *s3_new(const struct s3_options *options, struct error *err)
{
	struct s3 *s3 = mem_alloc(sizeof(*s3));
	struct str sigv4 CLEANUP(str_release) = {0};

	s3->options = *options;
	if (!open_http(s3, err)) {
		mem_free(s3);
		return NULL;
	}
	shared[options->is_loopback].users++;
	str_format(&sigv4, "aws:amz:%s:s3", options->region);
	s3->sigv4 = str_steal(&sigv4);
	s3->auth = (struct http_auth){s3->sigv4, options->access_key, options->secret_key};
	scrub_know(&s3->scrub, options->access_key);
	scrub_know(&s3->scrub, options->secret_key);
	if (options->session_token)
		scrub_know(&s3->scrub, options->session_token);
	return s3;
}

void s3_free(struct s3 *s3)
{
	if (!s3)
		return;
	if (--shared[s3->options.is_loopback].users == 0)
		http_free(mem_steal(http_of(s3)));
	scrub_release(&s3->scrub);
	mem_free(s3->sigv4);
	mem_free(s3);
}

/* All but what needs no escaping anywhere, as the signature of S3 wants it; slashes stay. */
static void add_encoded(struct str *url, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";

	for (; *text; text++)
		if (strchr(plain, *text))
			str_char(url, *text);
		else
			str_format(url, "%%%02X", (unsigned)(unsigned char)*text);
}

static struct http_headers *make_headers(const struct s3 *s3, const struct s3_request *request)
{
	struct http_headers *headers = http_headers_new();
	struct str line CLEANUP(str_release) = {0};
	const struct secret *session = s3->options.session_token;
	char hash[CRYPT_SHA256_SIZE];

	crypt_sha256(request->body ? request->body->bytes : "",
		request->body ? request->body->length : 0, hash);
	str_format(&line, "x-amz-content-sha256: %s", hash);
	http_headers_add_text(headers, str_text(&line));
	if (session && session->length)
		http_headers_add(headers, "x-amz-security-token: ", session);
	if (request->body)
		http_headers_add_text(headers, "Content-Type: application/octet-stream");
	if (request->verb == S3_PUT_NEW)
		http_headers_add_text(headers, "If-None-Match: *");
	if (request->first_bytes) {
		str_clear(&line);
		str_format(&line, "Range: bytes=0-%zu", request->first_bytes - 1);
		http_headers_add_text(headers, str_text(&line));
	}
	return headers;
}

static void report(
	const struct s3 *s3, const struct s3_request *request, const struct http_response *response)
{
	struct s3_exchange exchange = {.method = methods[request->verb],
		.key = request->key,
		.sent_bytes = request->body ? request->body->length : 0};

	if (!s3->options.on_exchange)
		return;
	if (response) {
		exchange.is_over = true;
		exchange.status = response->status;
		exchange.date = http_date(response->date);
		exchange.received_bytes = response->body.length;
		exchange.problem = response->problem;
		exchange.elapsed_us = response->elapsed_us;
	}
	s3->options.on_exchange(s3->options.context, &exchange);
}

static int64_t timeout_of(const struct s3 *s3, const struct s3_request *request)
{
	size_t bytes = request->body ? request->body->length : 0;

	if (request->is_quick)
		return S3_QUICK_MS;
	if (request->verb == S3_GET && !request->first_bytes)
		bytes = s3->options.body_limit;
	return TIMEOUT_MS + (int64_t)(bytes / BYTES_PER_MS);
}

static void start(struct s3 *s3, struct flight *flight)
{
	const struct s3_request *request = flight->request;
	struct str url CLEANUP(str_release) = {0};

	assert((request->verb == S3_PUT || request->verb == S3_PUT_NEW) == (request->body != NULL));
	str_format(&url, "%s/", s3->options.origin);
	add_encoded(&url, s3->options.bucket);
	str_char(&url, '/');
	add_encoded(&url, request->key);
	flight->headers = make_headers(s3, request);
	report(s3, request, NULL);
	http_start(*http_of(s3), &(struct http_request){.method = methods[request->verb],
					 .url = str_text(&url),
					 .body = request->body ? request->body->bytes : NULL,
					 .body_length = request->body ? request->body->length : 0,
					 .body_limit = s3->options.body_limit,
					 .timeout_ms = timeout_of(s3, request),
					 .headers = flight->headers,
					 .auth = &s3->auth,
					 .tag = flight});
}

static void finish(struct s3 *s3, struct http_response *response)
{
	struct flight *flight = response->tag;
	struct s3_answer *answer = flight->answer;
	const struct s3_asked asked = {flight->request->verb, s3->options.bucket,
		s3->options.region, s3->options.origin, clock_unix_seconds(), &s3->scrub};

	report(s3, flight->request, response);
	answer->meaning = s3_answer_read(&asked, response, &answer->err);
	answer->status = response->status;
	answer->retry_after_ms = response->retry_after_ms;
	if (answer->meaning == S3_DONE && flight->request->verb == S3_GET) {
		answer->body = response->body;
		response->body = (struct str){0};
	}
	http_headers_free(flight->headers);
	flight->headers = NULL;
	http_response_free(response);
}

static bool is_interrupted(const struct s3 *s3)
{
	return s3->options.interrupted && *s3->options.interrupted;
}

/* What is under way is given up, with its connections. */
static void stop(struct s3 *s3, struct flight *flights, size_t count)
{
	struct error ignored CLEANUP(error_release) = {0};

	http_free(mem_steal(http_of(s3)));
	for (size_t i = 0; i < count; i++) {
		struct s3_answer *answer = flights[i].answer;
		if (!flights[i].headers)
			continue;
		http_headers_free(flights[i].headers);
		answer->meaning = S3_STOPPED;
		error_set_code(&answer->err, ERROR_INTERRUPTED, "interrupted");
	}
	if (!open_http(s3, &ignored))
		mem_exhausted(); /* the environment was good before */
}

void s3_send(
	struct s3 *s3, const struct s3_request *requests, size_t count, struct s3_answer *answers)
{
	struct flight *flights = mem_alloc(count * sizeof(*flights));
	size_t left = count;
	bool may_stop = true;

	for (size_t i = 0; i < count; i++) {
		flights[i] = (struct flight){&requests[i], &answers[i], NULL};
		answers[i] = (struct s3_answer){.retry_after_ms = -1};
		may_stop &= requests[i].may_stop;
		start(s3, &flights[i]);
	}
	while (left && !(may_stop && is_interrupted(s3))) {
		struct http_response *response = http_next(*http_of(s3), POLL_MS);
		if (!response)
			continue;
		finish(s3, response);
		left--;
	}
	if (left)
		stop(s3, flights, count);
	mem_free(flights);
}

void s3_answer_release(struct s3_answer *answer)
{
	str_release(&answer->body);
	error_release(&answer->err);
	*answer = (struct s3_answer){0};
}
