/*
 * An object store that speaks S3: objects by key in one bucket. Requests are signed by libcurl
 * (AWS signature version 4; see http.h for what that demands), addressed by path, and sent once:
 * whoever calls decides about another attempt. Plain text is allowed by the URL alone (http_url).
 *
 *     struct s3 *s3 = s3_new(&options, &err);
 *     s3_send(s3, requests, count, answers);      side by side
 *     s3_answer_release(&answers[i]);
 *     s3_free(s3);
 *
 * The keys of the credentials are in wiped memory, and no text here shows them.
 */
#ifndef ADAPTER_S3_H
#define ADAPTER_S3_H

#include "adapter/s3_answer.h"
#include "base/secret.h"

#include <signal.h>

enum { S3_CONNECTIONS = 8, S3_QUICK_MS = 5000 };

struct s3_request {
	enum s3_verb verb;
	const char *key;        /* borrows, with all others, until s3_send returns */
	const struct str *body; /* S3_PUT, S3_PUT_NEW: not empty */
	size_t first_bytes;     /* S3_GET: no more than the first ones are needed; 0: all */
	bool may_stop;          /* an interrupt ends it: S3_STOPPED */
	bool is_quiet;          /* whoever waits for another attempt says nothing about it */
	bool is_quick;          /* no answer within S3_QUICK_MS: S3_UNCLEAR */
};

struct s3_answer {
	enum s3_meaning meaning;
	int status;             /* 0: there was no answer */
	struct str body;        /* of S3_GET. A server may send more than first_bytes. */
	int64_t retry_after_ms; /* -1: not said */
	struct error err;       /* see s3_answer_read */
};

/* For a log: what was sent, and what came. All of it is lent. */
struct s3_exchange {
	const char *method, *key;
	size_t sent_bytes, received_bytes;
	int status;          /* 0: no answer, or (before it) not yet */
	int64_t date;        /* of the answer, since 1970; -1: it has none */
	const char *problem; /* NULL: none */
	int64_t elapsed_us;
	bool is_over;
};

struct s3_options {         /* all of it is kept */
	const char *origin; /* https://host:port */
	bool is_loopback;
	const char *bucket, *region;
	const struct secret *access_key, *secret_key, *session_token; /* the last: NULL: none */
	size_t body_limit;                                            /* of an answer */
	const volatile sig_atomic_t *interrupted;                     /* may be NULL */
	void (*on_exchange)(void *context, const struct s3_exchange *exchange); /* may be NULL */
	void *context;
};

/* Gives (s3_free). Sends nothing. An error if the environment names a proxy that is not valid. */
struct s3 *s3_new(const struct s3_options *options, struct error *err) MUST_CHECK;
void s3_free(struct s3 *s3);

/* Fills all answers (s3_answer_release). */
void s3_send(
	struct s3 *s3, const struct s3_request *requests, size_t count, struct s3_answer *answers);
void s3_answer_release(struct s3_answer *answer);

#endif
