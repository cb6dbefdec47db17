/*
 * HTTP and TLS (libcurl): many requests at a time from one thread, over kept-alive connections.
 *
 *     struct http *http = http_new(&options, &err);
 *     http_start(http, &request);                        any number
 *     while ((response = http_next(http, timeout_ms)))   … http_response_free(response)
 *     http_free(http);
 *
 * libcurl sends a request again by itself when a kept-alive connection turns out to be dead. A
 * request that is marked is_once is kept from that: its outcome is then unknown. The exception is
 * a stream above the last one that a server's GOAWAY names (RFC 9113, section 6.8): the server has
 * not processed it, so it may go out again, here or by the caller (HTTP_REFUSED).
 * Redirects are not followed, TLS is 1.2 or later and always verified, answers are bounded in size
 * and time, nothing but http and https is spoken.
 * Retrying is for others to decide (cloudflare/retry).
 */
#ifndef ADAPTER_HTTP_H
#define ADAPTER_HTTP_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdint.h>

enum { HTTP_BODY_LIMIT = 16 << 20, HTTP_RAY_SIZE = 64 };

struct http;

struct http_options {
	size_t connections;         /* at most so many at a time */
	int64_t connect_timeout_ms; /* for the connection and TLS */
	int64_t timeout_ms;         /* for a whole request */
	bool is_loopback;           /* proxies are then never used */
	int wake_fd;                /* readable: http_next reads it and returns early; -1: none */
};

/* Gives (http_free). */
struct http *http_new(const struct http_options *options, struct error *err) MUST_CHECK;
void http_free(struct http *http);

/*
 * Headers that are sent with many requests; may hold credentials, so its memory is wiped.
 * `name: secret` for each pair. Gives (http_headers_free); requests keep it.
 */
struct http_headers;
struct http_headers *http_headers_new(void) MUST_CHECK;
void http_headers_add(
	struct http_headers *headers, const char *name_and_prefix, const struct secret *secret);
void http_headers_free(struct http_headers *headers);

struct http_request {
	const char *method; /* keeps; a literal */
	const char *url;    /* copied */
	const char *body;   /* keeps until the response is there; NULL: none */
	size_t body_length;
	bool is_once;                       /* must not go out a second time */
	const struct http_headers *headers; /* keeps */
	void *tag;                          /* comes back with the response */
};

/* Starts a request; if the connections are all in use, it waits its turn. */
void http_start(struct http *http, const struct http_request *request);

enum http_outcome {
	HTTP_ANSWERED, /* a whole answer came */
	HTTP_NOT_SENT, /* the server surely did not see the request */
	HTTP_REFUSED,  /* it closed the connection, and surely did not process the request */
	HTTP_NEVER,    /* nor will it: no such host, a bad certificate, no TLS in common */
	HTTP_UNKNOWN,  /* it may have seen it and may have done what it says */
};

struct http_response {
	enum http_outcome outcome;
	void *tag;
	int status; /* 0: no answer */
	struct str body;
	int64_t retry_after_ms; /* -1: not said, or not understood */
	/* the headers Ratelimit and Ratelimit-Policy, all lines of one joined by a comma */
	struct str rate_limits, rate_policies;
	bool is_challenged;      /* cf-mitigated: challenge */
	char ray[HTTP_RAY_SIZE]; /* cf-ray, printable; "" if there was none */
	char *problem;           /* without an answer: what happened, for people; else NULL */
	bool is_tls_trouble;     /* HTTP_NEVER, because of TLS or a certificate */
	int64_t elapsed_us;
};

/*
 * Waits until a response is there, at most timeout_ms, and gives it (http_response_free); NULL:
 * none came in time.
 */
struct http_response *http_next(struct http *http, int64_t timeout_ms) MUST_CHECK;
void http_response_free(struct http_response *response);

/* How many requests were started whose response has not been given yet. */
size_t http_under_way(const struct http *http);

/*
 * How long a Retry-After header asks to wait, from its text (RFC 9110, section 10.2.3): at most
 * INT32_MAX seconds; -1: it is not understood.
 */
int64_t http_retry_after_ms(const char *text, int64_t now_unix_seconds);

/* Splits a URL; false if it is none. Each part is given (free). */
bool http_url_split(const char *url, char **ret_scheme, char **ret_host, bool *ret_has_user,
	struct error *err) MUST_CHECK;

#endif
