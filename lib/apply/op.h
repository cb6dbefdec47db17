/*
 * Inside the runner: an operation (op) is what is under way for one row, or for several that share
 * a request. It carries what is called next: `answered` when its request has an answer, `found`
 * when a look has ended. One file each for creating, updating, destroying and looking.
 */
#ifndef APPLY_OP_H
#define APPLY_OP_H

#include "adapter/table.h"
#include "apply/executor.h"
#include "cloudflare/live.h"

/* What an answer's tag points to starts with one of these. */
enum tag_kind { TAG_OP, TAG_LOOK };

struct cf_runner;
struct op;

/* What a look has brought. */
struct finding {
	const struct model *names;   /* what the list has, sorted; NULL: asked for by id */
	const struct object *object; /* by id: as it is now; NULL: it does not exist */
	const struct error *err;     /* set: the look failed */
	bool is_late;                /* what it did not find is absent; see cloudflare/patience */
};

typedef void op_answered(struct cf_runner *r, struct op *op, struct client_answer *answer);
typedef void op_found(struct cf_runner *r, struct op *op, const struct finding *finding);

/* A list, or a GET by id, for all ops that wait for it. New ones wait for the next. */
struct look {
	enum tag_kind tag;   /* TAG_LOOK */
	struct live_get get; /* id NULL: a list */
	struct object store; /* get.store, if it has one */
	struct live_listing listing;
	struct model model;
	struct op *served, *waiting;
	bool is_under_way;
	int64_t due_ms;       /* monotonic; INT64_MAX: nothing waits for it */
	struct look *earlier; /* all of the run */
};

struct op {
	enum tag_kind tag; /* TAG_OP */
	op_answered *answered;
	op_found *found;
	struct op *next;    /* waits for the same look */
	struct op *earlier; /* all of the run, for the end of it */
	struct account_ops *account;
	const struct row **rows; /* in the runner's arena; several: new secrets of one store */
	size_t count;
	struct cf_id id;   /* in the path of its last request */
	struct error seen; /* why the outcome is unknown, or a batch was refused */

	/* of a create */
	int unseen;         /* requests that may still have been under way when they ended */
	int throttled;      /* how often they were refused for their rate */
	bool has_destroyed; /* the first half of a replacement is done */
	bool may_exist;     /* an earlier request may have been carried out */
	bool was_accepted;  /* by an answer that names nothing usable, or its name exists already */
	bool was_refused;   /* a batch, by the API: what no list shows is sent one by one */
	bool has_collided;  /* ... because a name exists that can't be ours */

	/* of an update or a duplicate */
	struct object made; /* as it is now, though the op has not ended; texts in the arena */
	bool is_clearing;   /* a comment, by the second way */

	/* of a store that is destroyed */
	struct object *unmanaged; /* listed in it, and not expected; in the runner's arena */
	size_t unmanaged_count;
	bool forces; /* the store is not empty: what is inside is destroyed, too */

	/* while it is looked for */
	bool is_looking;
	int64_t ended_ms;    /* when its request did; monotonic */
	int64_t looked_ms;   /* how long after that the last look began; -1: none yet */
	int64_t patience_ms; /* see cloudflare/patience */
	struct look *look;
};

struct account_ops {
	const struct live_account *account;
	struct table *lists; /* id of a store, or "" for the account's stores -> look */
	struct table *made;  /* name of a store -> its id, of those made in this run */
};

struct cf_runner {
	struct runner runner;                 /* first: what others hold */
	const struct runner_options *options; /* lasts as long as the runner; see runner.h */
	struct account_ops *accounts;         /* one for each account */
	struct arena arena;
	struct op *ops;      /* all of the run */
	struct look *looks;  /* the same */
	struct table *ids;   /* of all that exists or was made; see op_is_new */
	bool knows_live_ids; /* they are among them */
	int64_t next_due_ms; /* of the first look; INT64_MAX: none */
	bool is_stopping;
	struct outcome *ended, **next_ended; /* a queue */
};

struct op *op_new(
	struct cf_runner *r, struct account_ops *account, const struct row **rows, size_t count);

/* The row of an op that has just one. */
const struct row *op_row(const struct op *op);

/* Lends the id of the store that the op's secrets are in; NULL: it is not known. */
const char *op_store_id(const struct cf_runner *r, const struct op *op);

struct op_request {
	const char *method; /* POST is never repeated, others may be */
	struct cf_id id;    /* the ids are kept */
	const char *suffix; /* of the path; NULL: none */
	char *body;         /* takes; NULL: none */
	op_answered *answered;
};

/* Sends the op's next request. The op fails if it is about a secret whose store does not exist. */
void op_send(struct cf_runner *r, struct op *op, const struct op_request *request);

/*
 * Reads the row's object from an answer; its texts are in the arena. False: the answer is about
 * another one, which op->seen says.
 */
bool op_read(struct cf_runner *r, struct op *op, const struct row *row, const struct json *result,
	struct object *ret_is_now) MUST_CHECK;

/*
 * True if nothing that existed before, or was made in this run, has this id. An answer or a list
 * with a known id is about another object, for example one that was just destroyed.
 */
bool op_is_new(struct cf_runner *r, const char *id) MUST_CHECK;

/* ---- outcomes: one for each row of an op ---- */

/* The object exists as described. */
void op_end_done(struct cf_runner *r, const struct row *row, const struct object *is_now);
void op_end_gone(struct cf_runner *r, const struct row *row);
/* Ends one row; copies the error. What a replacement, or its store's, has destroyed is dropped. */
void op_end_row(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const struct error *err);
/* The same with the error that was seen, prefixed. */
void op_end_as_seen(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const char *why);
/* Ends all rows. The first takes the error, the second has what was seen. */
void op_end_failed(struct cf_runner *r, struct op *op, struct error *err);
void op_end_unknown(struct cf_runner *r, struct op *op, const char *why);

/* ---- requests: each ends the op, or lets it look for what became of it ---- */

/* Creates a store, new secrets, or a duplicate, whose value is then written if the row says so. */
void creates(struct cf_runner *r, struct op *op);
/* Writes what the row says; of a duplicate (op->made), op_duplicate_rest. */
void updates(struct cf_runner *r, struct op *op);
/* FIELD_*: what a duplicate still needs: its value, or the end of a comment that it inherited. */
unsigned op_duplicate_rest(const struct row *row, const struct object *is_now);
/* Deletes what the row's object was before; then a replacement is created. */
void destroys(struct cf_runner *r, struct op *op);

/* ---- looking: what comes of it goes to `found` ---- */

/*
 * Remembers the answer that leaves the op's outcome open, and when its request ended. One look
 * suffices where nothing is under way any longer: after a 429, or if the API refused a batch.
 */
void find_after(struct cf_runner *r, struct op *op, struct client_answer *answer);

/* In the list of a store's secrets; store_id NULL: of the account's stores. */
void find_in_list(struct cf_runner *r, struct op *op, const char *store_id, op_found *found);
/* By id, which is kept: a store or a secret. */
void find_by_id(struct cf_runner *r, struct op *op, const struct cf_id *id, op_found *found);
/* The same again, when the next look is due. After a look that was not late. */
void find_again(struct cf_runner *r, struct op *op);

/*
 * Lends the new object of this name that a list has (op_is_new), or NULL; *ret_is_double: it has
 * several.
 */
const struct object *find_new(struct cf_runner *r, const struct model *names,
	const struct object *object, bool *ret_is_double);

/* Takes an answer to a look. */
void find_take(struct cf_runner *r, struct look *look, struct client_answer *answer);
/* Starts the looks whose time has come. Gives how long until the next, at most timeout_ms. */
int64_t find_due(struct cf_runner *r, int64_t timeout_ms);
/* Ends all looks: what they were for stays unknown, and open in the journal. */
void find_stop(struct cf_runner *r);
void find_release(struct cf_runner *r);

#endif
