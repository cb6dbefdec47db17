/*
 * What became of a request: whether the server may have seen it, its answer, or what to tell
 * people. Filled by http.
 */
#ifndef ADAPTER_HTTP_RESPONSE_H
#define ADAPTER_HTTP_RESPONSE_H

#include "adapter/proxy.h"

#include <stdint.h>

enum { HTTP_RAY_SIZE = 64, HTTP_DATE_SIZE = 40 };

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
	int64_t retry_after_ms;    /* -1: absent or not understood */
	char date[HTTP_DATE_SIZE]; /* the header Date, see http_date; "": absent */
	/* the headers Ratelimit and Ratelimit-Policy, lines joined by commas */
	struct str rate_limits, rate_policies;
	bool is_challenged;      /* cf-mitigated: challenge */
	char ray[HTTP_RAY_SIZE]; /* cf-ray, printable; "": absent */
	char *problem;           /* what happened, for people; NULL: answered */
	char *advice;            /* what to do about a proxy; NULL: it is not its fault */
	bool is_tls_trouble;     /* TLS will never work with this server */
	int64_t elapsed_us;
};

void http_response_free(struct http_response *response);

/* A transfer that has ended; all of it is borrowed. */
struct http_end {
	void *easy; /* libcurl's handle */
	int code;   /* libcurl's */
	const char *reason;
	int sendings;     /* that the server may have processed */
	bool was_refused; /* the last sending, which is not counted */
	const struct proxy *proxy;
	size_t body_limit;
};

/* Fills all but tag and body. */
void http_response_fill(struct http_response *response, const struct http_end *end);

/* Seconds since 1970 of a header Date (RFC 9110, section 5.6.7); -1: it is not understood. */
int64_t http_date(const char *text);

/*
 * The wait that a Retry-After header asks for (RFC 9110, section 10.2.3), at most INT32_MAX
 * seconds; -1: it is not understood.
 */
int64_t http_retry_after_ms(const char *text, int64_t now_unix_seconds);

#endif
