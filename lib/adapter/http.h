/*
 * HTTP and TLS (libcurl): many requests at once from one thread, over kept-alive connections.
 *
 *     struct http *http = http_new(&options, &err);
 *     http_start(http, &request);                        any number
 *     while ((response = http_next(http, timeout_ms)))   ... http_response_free(response)
 *     http_free(http);
 *
 * libcurl sends a request again by itself when a kept-alive connection turns out to be dead. With
 * is_once it does not: the outcome is then unknown. The exception is a stream above the last one
 * named by a server's GOAWAY (RFC 9113, section 6.8). The server has not processed it, so it may
 * go out again, here or by the caller (HTTP_REFUSED).
 * Redirects are not followed. TLS is 1.2 or later and always verified, against SSL_CERT_FILE and
 * SSL_CERT_DIR if one of them is set, or else the system's certificates. Answers are limited in
 * size and time. Proxies come from the environment (proxy.h); no text here shows their user or
 * password. Only http and https are spoken. Callers decide about retries (cloudflare/retry).
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
	size_t connections;         /* at most, at a time */
	int64_t connect_timeout_ms; /* for the connection and TLS */
	int64_t timeout_ms;         /* for a whole request */
	bool is_loopback;           /* no proxies */
	int wake_fd; /* when readable, http_next reads it and returns early; -1: none */
};

/* Gives (http_free). An error if the environment names a proxy that is not valid. */
struct http *http_new(const struct http_options *options, struct error *err) MUST_CHECK;
void http_free(struct http *http);

/*
 * Headers for many requests, with credentials: their memory is wiped. Gives (http_headers_free);
 * requests keep it. http_headers_add adds a line, such as "Authorization: Bearer " and a token.
 */
struct http_headers;
struct http_headers *http_headers_new(void) MUST_CHECK;
void http_headers_add(
	struct http_headers *headers, const char *name_and_prefix, const struct secret *secret);
void http_headers_free(struct http_headers *headers);

struct http_request {
	const char *method; /* keeps; a literal */
	const char *url;    /* copied */
	const char *body;   /* keeps until the response is given; NULL: none */
	size_t body_length;
	bool is_once;                       /* must not be sent twice */
	const struct http_headers *headers; /* keeps */
	void *tag;                          /* returned with the response */
};

/* Starts a request, which is queued while all connections are in use. */
void http_start(struct http *http, const struct http_request *request);

enum http_outcome {
	HTTP_ANSWERED, /* a complete answer came */
	HTTP_NOT_SENT, /* the server has certainly not seen the request */
	HTTP_REFUSED,  /* the server has certainly not processed it, and closed the connection */
	HTTP_NEVER,    /* not sent, and never will be: unknown host, bad certificate, no common TLS,
			  refused by a proxy */
	HTTP_UNKNOWN,  /* the server may have processed it */
};

struct http_response {
	enum http_outcome outcome;
	void *tag;
	int status; /* 0: no answer */
	struct str body;
	int64_t retry_after_ms; /* -1: absent or not understood */
	/* the headers Ratelimit and Ratelimit-Policy, lines joined by commas */
	struct str rate_limits, rate_policies;
	bool is_challenged;      /* cf-mitigated: challenge */
	char ray[HTTP_RAY_SIZE]; /* cf-ray, printable; "": absent */
	char *problem;           /* what happened, for people; NULL: answered */
	char *advice;            /* what to do about a proxy; NULL: it is not its fault */
	bool is_tls_trouble;     /* TLS will never work with this server */
	int64_t elapsed_us;
};

/* Waits for a response, at most timeout_ms, and gives it (http_response_free); NULL: none came. */
struct http_response *http_next(struct http *http, int64_t timeout_ms) MUST_CHECK;
void http_response_free(struct http_response *response);

/* The number of requests whose response has not been given yet. */
size_t http_under_way(const struct http *http);

/*
 * The wait that a Retry-After header asks for (RFC 9110, section 10.2.3), at most INT32_MAX
 * seconds; -1: it is not understood.
 */
int64_t http_retry_after_ms(const char *text, int64_t now_unix_seconds);

/* The version of libcurl at run time, and its TLS library with version, or NULL. */
const char *http_version(void);
const char *http_tls_version(void);

#endif
