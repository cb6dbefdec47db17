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
#include "model/model.h"

enum { CF_PAGE_SIZE = 100 }; /* the largest that the API allows */

/* ---- requests ---- */

/* What a path names: an object, or a collection of objects. */
struct cf_id {
	const char *store;  /* NULL: the stores of the account */
	const char *secret; /* NULL: the store; "": the secrets in it */
};

void cf_add_path(struct str *out, const char *account_id, const struct cf_id *id);
/* One page (from 1) of the stores, or of the secrets in a store. */
void cf_add_list_path(
	struct str *out, const char *account_id, const char *store_id_or_null, size_t page);
void cf_add_quota_path(struct str *out, const char *account_id);

/*
 * What to write of a store (its name) or a secret; NULL members are left out and stay as they are.
 * A comment is cleared by "" or by null; Cloudflare does not document which. Bodies hold values:
 * their memory is wiped when it is freed.
 */
struct cf_body {
	const char *name;   /* of a new one */
	const char *value;  /* text without NUL */
	const char *scopes; /* with a comma between */
	const char *comment;
	bool has_null_comment; /* and comment is NULL */
};
void cf_add_body(struct str *out, const struct cf_body *body);
/* New secrets, as a list. */
void cf_add_bodies(struct str *out, const struct cf_body *bodies, size_t count);

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

#define CF_STORES_EXCEEDED "maximum_stores_exceeded"
#define CF_NAME_EXISTS     "_name_already_exists" /* of a secret or a store */

/* True if an error of the answer has these words in its message. */
bool cf_answer_says(const struct cf_answer *answer, const char *words) MUST_CHECK;

/* Is this a possible id of Cloudflare: 1 to 32 letters, digits, _ and -? */
bool cf_is_id(const char *text);

/* Where the objects of an answer must be. */
struct cf_place {
	const struct account *account;
	const struct object *store; /* NULL: the objects are stores */
};

/*
 * Reads a store or a secret. Its texts are lent by the JSON and the place; its scopes are in the
 * arena. False if it has no usable name or id, or says that it is in another account or store.
 */
bool cf_object_decode(const struct json *json, const struct cf_place *place, struct arena *arena,
	struct object *ret_object, struct error *err) MUST_CHECK;

/* True if an object of an answer exists no longer, as its status says. */
bool cf_is_deleted(const struct object *object) MUST_CHECK;

/* How many secrets an account may have, and has. */
struct cf_quota {
	int64_t secrets, used;
};
bool cf_quota_decode(
	const struct json *json, struct cf_quota *ret_quota, struct error *err) MUST_CHECK;

#endif
