/*
 * Cloudflare's API, without the wire: which paths and bodies there are, and what an answer means.
 * Source: Cloudflare's API reference, Secrets Store; errors as observed by other clients. Liberal
 * in what it accepts: numeric codes are shared by unrelated errors, so messages decide.
 */
#ifndef LIVE_CF_H
#define LIVE_CF_H

#include "adapter/json.h"
#include "base/error.h"
#include "base/str.h"
#include "live/edge.h"

enum { CF_PAGE_SIZE = 100 }; /* the largest that the API allows */

/* ---- requests ---- */

struct cf_secret_id {
	const char *store_id, *secret_id;
};

/* /accounts/ID/secrets_store/stores, with a query for one page (from 1) of the list */
void cf_add_stores_path(struct str *out, const char *account_id);
/* One store (secret_id NULL), or one secret. */
void cf_add_object_path(struct str *out, const char *account_id, const struct cf_secret_id *id);
/* store_id NULL: the account's stores; else the secrets in that store */
void cf_add_list_path(struct str *out, const char *account_id, const char *store_id, size_t page);
void cf_add_create_store_body(struct str *out, const char *name);

/* secret_id NULL: the row of the store's secrets, where new ones are posted */
void cf_add_secret_path(struct str *out, const char *account_id, const struct cf_secret_id *secret);
void cf_add_duplicate_path(
	struct str *out, const char *account_id, const struct cf_secret_id *secret);

/*
 * A secret as it is to be written; what is NULL is left out, and stays as it is. A comment is
 * cleared by "", or else by null: which of them Cloudflare means is not documented. Bodies hold
 * values: their memory is ordinary and wiped when it is freed.
 */
struct cf_secret {
	const char *name;   /* of a new one */
	const char *value;  /* text without NUL */
	const char *scopes; /* with a comma between */
	const char *comment;
	bool has_null_comment; /* and comment is NULL */
};
void cf_add_create_secrets_body(struct str *out, const struct cf_secret *secrets, size_t count);
/* Of a change, or of a duplicate. */
void cf_add_secret_body(struct str *out, const struct cf_secret *secret);

/* The quota of an account; what a token is worth: as a user's (NULL), or as the account's own. */
void cf_add_quota_path(struct str *out, const char *account_id);
void cf_add_verify_path(struct str *out, const char *account_id_or_null);

/* ---- answers ---- */

enum cf_verdict {
	CF_DONE,      /* success: true */
	CF_REFUSED,   /* an error that Cloudflare understood and means */
	CF_FORBIDDEN, /* the credentials are bad: no other request with them will do better */
	CF_BROKEN,    /* not an answer of the API: HTML of the edge, half a text, a redirect */
};

struct cf_answer {
	enum cf_verdict verdict;
	/*
	 * Was the request carried out, as far as the server says? Yes with any 2xx whose `success`
	 * is not false, whatever else its body lacks: also if it is HTML, cut short or empty, which
	 * makes the verdict CF_BROKEN. What was accepted must not be sent a second time.
	 */
	bool was_accepted;
	struct json *json;         /* owned; NULL if there is none */
	const struct json *result; /* lent by json */
	int64_t code;              /* of the first error; 0: none */
	bool is_throttled;         /* wait and ask again */
	int64_t retry_after_ms;    /* as the body asks (of the edge only); -1: it does not */
	bool is_absent;            /* what the path names does not exist (any more) */
	int64_t total_pages;       /* of a list; -1: not said */
	int64_t total_count;       /* the same for items */
	int64_t per_page;          /* items of a full page; 0: not said */
	/* What Cloudflare says besides: `messages`, and `errors` beside a success. As errors. */
	struct error_list said;
};

/* What an answer is before one came. */
#define CF_NO_ANSWER                                                                               \
	((struct cf_answer){                                                                       \
		.verdict = CF_BROKEN, .total_pages = -1, .total_count = -1, .retry_after_ms = -1})

/*
 * Reads an answer. With any verdict but CF_DONE *err says what is wrong: the messages (without the
 * secrets), then in brackets status, codes and cf-ray, in a form that is fit to be printed. Its
 * hint says what to do where that is known, what of the request is meant, and where to read more.
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

/* A store or a secret, as lists and creates tell of it. */
struct cf_object {
	const char *id, *name;
	const char *account_id;         /* NULL: not said */
	const char *created, *modified; /* NULL: not said */
	bool is_deleted;                /* a secret that is on its way out */
	/* of a secret */
	const char *status, *comment; /* NULL: not said */
	const char *store_id;         /* NULL: not said */
	const struct json *scopes;    /* a list of texts, if it is any good */
};

/* Is this a possible id of Cloudflare's: 1 to 32 letters, digits, _ and -? */
bool cf_is_id(const char *text);

/* Reads one; lends its texts from the JSON. `what` is for the error: "store". */
bool cf_object_decode(const struct json *json, const char *what, struct cf_object *ret_object,
	struct error *err) MUST_CHECK;

/* How many secrets an account may hold, and holds. */
struct cf_quota {
	int64_t secrets, used;
};
bool cf_quota_decode(
	const struct json *json, struct cf_quota *ret_quota, struct error *err) MUST_CHECK;

struct cf_token {
	const char *status;     /* "active", "disabled", "expired" */
	const char *expires_on; /* RFC 3339; NULL: not said */
};

/* Lends its texts from the JSON. */
bool cf_token_decode(
	const struct json *json, struct cf_token *ret_token, struct error *err) MUST_CHECK;

#endif
