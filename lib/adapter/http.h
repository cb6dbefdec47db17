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

#include "adapter/http_response.h"
#include "base/secret.h"

enum { HTTP_BODY_LIMIT = 16 << 20 };

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
 * requests keep it. The second starts with those of a JSON API. http_headers_add adds a line, such
 * as "Authorization: Bearer " and a token; http_headers_add_text one that is no secret.
 */
struct http_headers;
struct http_headers *http_headers_new(void) MUST_CHECK;
struct http_headers *http_headers_new_json(void) MUST_CHECK;
void http_headers_add_text(struct http_headers *headers, const char *line);
void http_headers_add(
	struct http_headers *headers, const char *name_and_prefix, const struct secret *secret);
void http_headers_free(struct http_headers *headers);

/*
 * Whom a request is from. libcurl 7.88 signs (AWS signature version 4) what S3 accepts only if the
 * header x-amz-content-sha256 is among the request's, none of its lines removes a header
 * ("Expect:" would be signed and not sent: curl issue 11664), and all but letters, digits and -._~/
 * is percent-encoded in the path (curl issue 13754).
 */
struct http_auth {
	const char *sigv4; /* "aws:amz:REGION:s3"; NULL: basic authentication */
	const struct secret *user, *password;
};

struct http_request {
	const char *method; /* keeps; a literal */
	const char *url;    /* copied */
	const char *body;   /* keeps until the response is given; NULL: none */
	size_t body_length;
	size_t body_limit;                  /* of the answer, in bytes; 0: HTTP_BODY_LIMIT */
	int64_t timeout_ms;                 /* 0: that of the options */
	bool is_once;                       /* must not be sent twice */
	const struct http_headers *headers; /* keeps */
	const struct http_auth *auth;       /* borrows; NULL: none */
	void *tag;                          /* returned with the response */
};

/* Starts a request, which is queued while all connections are in use. */
void http_start(struct http *http, const struct http_request *request);

/* Waits for a response, at most timeout_ms, and gives it (http_response_free); NULL: none came. */
struct http_response *http_next(struct http *http, int64_t timeout_ms) MUST_CHECK;

/* The number of requests whose response has not been given yet. */
size_t http_under_way(const struct http *http);

/* The version of libcurl at run time, and its TLS library with version, or NULL. */
const char *http_version(void);
const char *http_tls_version(void);

#endif
