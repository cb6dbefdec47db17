/*
 * Inside the runner: an operation (op) carries out one row, or several that share a request. It
 * holds the callback for its next event: `answered` for the answer to its request, `found` for the
 * result of a look. There is one file each for creating, updating, destroying and looking.
 */
#ifndef APPLY_OP_H
#define APPLY_OP_H

#include "adapter/table.h"
#include "apply/executor.h"
#include "cloudflare/live.h"

/* The first member of whatever an answer's tag points to. */
enum tag_kind { TAG_OP, TAG_LOOK };

struct cf_runner;
struct op;

/* The result of a look. */
struct finding {
	const struct model *names;   /* the list, sorted; NULL: it was a GET by id */
	const struct object *object; /* of a GET by id: as it is now; NULL: it does not exist */
	const struct error *err;     /* set: the look failed */
	bool is_late;                /* objects that it lacks are absent; see cloudflare/patience */
};

typedef void op_answered(struct cf_runner *r, struct op *op, struct client_answer *answer);
typedef void op_found(struct cf_runner *r, struct op *op, const struct finding *finding);

/*
 * A list, or a GET by id, for all ops that wait for it. An op that arrives while it is in progress
 * waits for the next one.
 */
struct look {
	enum tag_kind tag;   /* TAG_LOOK */
	struct live_get get; /* id NULL: a list */
	struct object store; /* get.store, if it has one */
	struct live_listing listing;
	struct model model;
	struct op *served, *waiting;
	bool is_in_progress;
	int64_t due_ms;       /* monotonic; INT64_MAX: no op waits for it */
	struct look *earlier; /* list of all looks */
};

struct op {
	enum tag_kind tag;     /* TAG_OP */
	op_answered *answered; /* NULL: it has sent nothing yet */
	op_found *found;
	struct op *next;    /* that waits for the same look, or is idle */
	struct op *earlier; /* list of all ops */
	struct account_ops *account;
	const struct row **rows; /* several: new secrets of one store */
	size_t count;
	bool is_sent;      /* a request whose answer has not come yet */
	struct cf_id id;   /* in the path of its last request */
	struct error seen; /* why the outcome is unknown, or the batch was refused */

	/* creating */
	int unseen;         /* requests that may still be carried out */
	int throttled;      /* answers with 429 so far */
	bool has_destroyed; /* the first half of a replacement is done */
	bool may_exist;     /* an earlier request may have been carried out */
	bool was_accepted;  /* Cloudflare reports success, or the name exists: do not send again */
	bool was_refused;   /* the API refused the batch: send what no list shows one by one */

	/* updating, or completing a duplicate */
	struct object made; /* the object so far, if it has an id; texts in the arena */
	bool is_clearing;   /* a comment by sending null, after "" did not work */

	/* destroying a store */
	struct object *unmanaged; /* secrets that the plan does not name; in the runner's arena */
	size_t unmanaged_count;
	bool forces; /* the store is not empty: destroy the secrets in it, too */

	/* looking */
	bool is_looking;
	int64_t ended_ms;    /* when the request ended; monotonic */
	int64_t looked_ms;   /* age of the request when the last look began; -1: none yet */
	int64_t patience_ms; /* see cloudflare/patience */
	struct look *look;
};

struct account_ops {
	const struct live_account *account;
	struct table *lists; /* id of a store, or "" for the account's stores -> look */
	struct table *made;  /* name of a store created in this run -> its record */
};

struct cf_runner {
	struct runner runner; /* first member: the public interface */
	const struct runner_options *options;
	struct account_ops *accounts; /* one for each account */
	struct arena arena;
	struct op *ops;      /* the last of all */
	struct op *idle;     /* of these, those that have ended; the next ones are made of them */
	struct look *looks;  /* the same */
	struct table *ids;   /* of live objects and those created in this run; see op_is_new */
	bool has_live_ids;   /* `ids` has those of live objects */
	int64_t next_due_ms; /* of the first look; INT64_MAX: none */
	bool is_stopping;
	struct outcome *ended, **next_ended; /* a queue */
};

struct op *op_new(
	struct cf_runner *r, struct account_ops *account, const struct row **rows, size_t count);

/* After each step of an op: if it has sent nothing and looks for nothing, it has ended. */
void op_settle(struct cf_runner *r, struct op *op);

/* The row of an op that has just one. */
const struct row *op_row(const struct op *op);

/* Lends the id of the store that contains the op's secrets; NULL: unknown. */
const char *op_store_id(const struct cf_runner *r, const struct op *op);

struct op_request {
	const char *method; /* the client repeats any but POST */
	struct cf_id id;    /* the ids are kept */
	const char *suffix; /* of the path; NULL: none */
	char *body;         /* takes; NULL: none */
	op_answered *answered;
};

/* Sends the op's next request. The op fails if it needs a store that does not exist. */
void op_send(struct cf_runner *r, struct op *op, const struct op_request *request);

/*
 * Reads the row's object from an answer, which lends its texts. False: the answer has none, or
 * another one; op->seen says which.
 */
bool op_read(struct cf_runner *r, struct op *op, const struct row *row, const struct json *result,
	struct object *ret_is_now) MUST_CHECK;

/*
 * True unless an object that existed before, or was created in this run, has this id. An answer or
 * a list with a known id means another object, for example one that was just destroyed.
 */
bool op_is_new(struct cf_runner *r, const char *id) MUST_CHECK;

/* ---- outcomes: one for each row of an op ---- */

/* The object exists as described. Lends its record, which is in the arena. */
struct object *op_end_done(struct cf_runner *r, const struct row *row, const struct object *is_now);
void op_end_gone(struct cf_runner *r, const struct row *row);
/* Ends one row; copies the error. DROP if a replacement (of its store, too) has destroyed it. */
void op_end_row(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const struct error *err);
/* The same with the error that was seen, prefixed. FAILED: the object exists, but not as ours. */
void op_end_as_seen(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const char *why);
/* End all rows: the first takes the error, the second uses op->seen. */
void op_end_failed(struct cf_runner *r, struct op *op, struct error *err);
void op_end_unknown(struct cf_runner *r, struct op *op, const char *why);

/* ---- requests: each ends the op or makes it look for the outcome ---- */

/* Creates a store, new secrets, or a duplicate, which op_update may complete. */
void op_create(struct cf_runner *r, struct op *op);
/* Writes the row's fields; of a duplicate (op->made), op_duplicate_rest. */
void op_update(struct cf_runner *r, struct op *op);
/* FIELD_*: what a duplicate still lacks: its value, or that an inherited comment is cleared. */
unsigned op_duplicate_rest(const struct row *row, const struct object *is_now);
/* Deletes the row's object; if the row replaces it, creates the new one. */
void op_destroy(struct cf_runner *r, struct op *op);

/* ---- looking: `found` gets the result ---- */

/*
 * Keeps the answer that leaves the op's outcome open, and the time. One look suffices if the
 * request is no longer in progress: after a 429, or if the API refused a batch.
 */
void find_after(struct cf_runner *r, struct op *op, struct client_answer *answer);

/* Looks at the list of a store's secrets; store_id NULL: of the account's stores. */
void find_in_list(struct cf_runner *r, struct op *op, const char *store_id, op_found *found);
/* Requests a store or a secret by its id, which is kept. */
void find_by_id(struct cf_runner *r, struct op *op, const struct cf_id *id, op_found *found);
/* Repeats a look that was not late, when the next one is due. */
void find_again(struct cf_runner *r, struct op *op);

/*
 * Lends the new object (op_is_new) of this name in a list, or NULL. *ret_is_double: there are
 * several.
 */
const struct object *find_new(struct cf_runner *r, const struct model *names,
	const struct object *object, bool *ret_is_double);

/* Takes an answer to a look. */
void find_take(struct cf_runner *r, struct look *look, struct client_answer *answer);
/* Starts the looks that are due. Returns how long until the next, at most timeout_ms. */
int64_t find_due(struct cf_runner *r, int64_t timeout_ms);
/* Ends all looks. The outcomes stay unknown, and the intents remain in the journal. */
void find_stop(struct cf_runner *r);
void find_release(struct cf_runner *r);

#endif
