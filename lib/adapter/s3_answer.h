/*
 * What an object store's answer means, and what to do about it: a pure table. No XML parser: an
 * error of S3 is <Error><Code>…</Code><Message>…</Message></Error>, and the text between two tags
 * is all that is looked for.
 *
 * Only S3's own code proves that an object is absent: a page of another server with status 404 must
 * not pass for "there is no state yet". What repeats a request is decided by the caller; how long
 * it waits before, by s3_pause_ms.
 *
 * Sources: Amazon S3 API reference, "Error responses"; Cloudflare, "R2: error codes"; Ceph,
 * "S3 common response status codes"; curl issues 11664 and 13754; and answers of Ceph 16.
 */
#ifndef ADAPTER_S3_ANSWER_H
#define ADAPTER_S3_ANSWER_H

#include "adapter/http_response.h"
#include "base/scrub.h"

enum s3_verb {
	S3_GET,
	S3_PUT,     /* whatever is there */
	S3_PUT_NEW, /* If-None-Match: * */
	S3_DELETE,
};

enum s3_meaning {
	S3_DONE,
	S3_ABSENT,  /* GET, DELETE: there is no such object */
	S3_PRESENT, /* S3_PUT_NEW: there is one already: somebody's, or ours of an earlier attempt
		     */
	S3_LATER,   /* it was not done, or doing it again is harmless: wait and repeat */
	S3_UNCLEAR, /* it may have been done, or may be yet: wait and look */
	S3_REFUSED, /* it was not done, and repeating won't help */
	S3_STOPPED, /* the user asked to stop; it may have been done */
};

/* What a request was; all of it is borrowed. */
struct s3_asked {
	enum s3_verb verb;
	const char *bucket, *region, *origin; /* origin: https://host */
	int64_t now;                          /* seconds since 1970, when the answer came */
	const struct scrub *scrub;            /* the secrets that were sent; may be NULL */
};

/* Fills *err unless the meaning is S3_DONE, S3_ABSENT or S3_PRESENT. */
enum s3_meaning s3_answer_read(
	const struct s3_asked *asked, const struct http_response *response, struct error *err);

/*
 * How long to wait before the next attempt, in ms, after so many (from 1); -1: not at all, because
 * there were enough, or the server asks for more than S3_PAUSE_LIMIT_MS. `jitter` is 0 to 255.
 */
enum { S3_ATTEMPTS = 6, S3_PAUSE_LIMIT_MS = 60000 };
int64_t s3_pause_ms(enum s3_meaning meaning, int attempt, int64_t retry_after_ms, int jitter);

#endif
