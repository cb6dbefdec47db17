/*
 * Cloudflare's API without the wire: its paths and bodies, and what an answer means. Unrelated
 * errors share numeric codes, so messages decide.
 * Source: Cloudflare's API reference, Secrets Store; errors as observed by other clients.
 */
#ifndef CLOUDFLARE_CF_H
#define CLOUDFLARE_CF_H

#include "adapter/json.h"
#include "base/error.h"
#include "base/str.h"
#include "cloudflare/edge.h"

enum { CF_PAGE_SIZE = 100 }; /* the largest that the API allows */

/* ---- requests ---- */

struct cf_secret_id {
	const char *store_id, *secret_id;
};

void cf_add_stores_path(struct str *out, const char *account_id);
/* secret_id NULL: the secrets of the store */
void cf_add_secret_path(struct str *out, const char *account_id, const struct cf_secret_id *secret);
/* secret_id NULL: the store itself */
void cf_add_object_path(struct str *out, const char *account_id, const struct cf_secret_id *id);
/* One page (from 1) of the stores, or of the secrets in a store. */
void cf_add_list_path(
	struct str *out, const char *account_id, const char *store_id_or_null, size_t page);
void cf_add_duplicate_path(
	struct str *out, const char *account_id, const struct cf_secret_id *secret);
void cf_add_quota_path(struct str *out, const char *account_id);
/* For the token of a user (NULL) or of the account. */
void cf_add_verify_path(struct str *out, const char *account_id_or_null);

/*
 * What to write of a secret; NULL members are left out and stay as they are. A comment is cleared
 * by "" or by null; Cloudflare does not document which. Bodies hold values: their memory is wiped
 * when it is freed.
 */
struct cf_secret {
	const char *name;   /* of a new one */
	const char *value;  /* text without NUL */
	const char *scopes; /* with a comma between */
	const char *comment;
	bool has_null_comment; /* and comment is NULL */
};
void cf_add_create_store_body(struct str *out, const char *name);
void cf_add_create_secrets_body(struct str *out, const struct cf_secret *secrets, size_t count);
/* For an update or a duplicate. */
void cf_add_secret_body(struct str *out, const struct cf_secret *secret);

/* ---- answers ---- */

enum cf_verdict {
	CF_DONE,      /* success: true */
	CF_REFUSED,   /* success: false */
	CF_FORBIDDEN, /* ... because the credentials are bad, for any request */
	CF_BROKEN,    /* not an answer of the API: HTML of the edge, half a text, a redirect */
};

struct cf_answer {
	enum cf_verdict verdict;
	/*
	 * The server says that the request was carried out: any 2xx whose `success` is not false,
	 * even if its body is HTML, cut short or empty (CF_BROKEN). It must not be sent again.
	 */
	bool was_accepted;
	struct json *json;          /* owned; NULL if there is none */
	const struct json *result;  /* lent by json */
	int64_t code;               /* of the first error; 0: none */
	bool is_throttled;          /* wait and send it again */
	int64_t retry_after_ms;     /* from the body of an edge error; -1: not said */
	bool is_absent;             /* the store or secret in the path does not exist */
	int64_t total_pages;        /* of a list; -1: not said */
	int64_t total_count;        /* of its items; -1: not said */
	int64_t per_page;           /* items of a full page; 0: not said */
	struct error_list warnings; /* `messages`, and `errors` beside a success */
};

/* Until an answer arrives. */
#define CF_NO_ANSWER                                                                               \
	((struct cf_answer){                                                                       \
		.verdict = CF_BROKEN, .total_pages = -1, .total_count = -1, .retry_after_ms = -1})

/*
 * Reads an answer. With any verdict but CF_DONE, *err has the messages (visible, without secrets),
 * then status, codes and cf-ray in brackets. Its hint says what to do if that is known, which part
 * of the request is meant, and where to read more.
 */
void cf_answer_decode(
	struct cf_answer *answer, const struct cf_response *response, struct error *err);
void cf_answer_release(struct cf_answer *answer);

/*
 * Does an error of the answer say that a secret (or store) of this name exists? NULL: of any name,
 * as some answers don't say which.
 */
bool cf_answer_says_exists(const struct cf_answer *answer, const char *name_or_null) MUST_CHECK;

/* Does an error of the answer say that the account may hold no further store? */
bool cf_answer_says_full_of_stores(const struct cf_answer *answer) MUST_CHECK;

/* A store or a secret in an answer; what is NULL was not said. */
struct cf_object {
	const char *id, *name;
	const char *account_id;
	const char *created, *modified;
	bool is_deleted; /* status "deleted" */
	/* of a secret */
	const char *status, *comment, *store_id;
	const struct json *scopes; /* normally a list of texts */
};

/* Is this a possible id of Cloudflare: 1 to 32 letters, digits, _ and -? */
bool cf_is_id(const char *text);

/* Lends the texts from the JSON. `what` is for the error: "store". */
bool cf_object_decode(const struct json *json, const char *what, struct cf_object *ret_object,
	struct error *err) MUST_CHECK;

/* How many secrets an account may have, and has. */
struct cf_quota {
	int64_t secrets, used;
};
bool cf_quota_decode(
	const struct json *json, struct cf_quota *ret_quota, struct error *err) MUST_CHECK;

struct cf_token {
	const char *status;     /* "active", "disabled", "expired" */
	const char *expires_on; /* RFC 3339; NULL: not said */
};

/* Lends the texts from the JSON. */
bool cf_token_decode(
	const struct json *json, struct cf_token *ret_token, struct error *err) MUST_CHECK;

#endif
