/*
 * Inside the runner: an operation (op) is what is under way for one action, or for several that
 * share a request. It carries what is to be called next: `answered` when its request has an answer,
 * `found` when a look has ended. A file each for what is done to stores, what is done to secrets,
 * destroying either, and the looking.
 */
#ifndef ENGINE_OP_H
#define ENGINE_OP_H

#include "adapter/table.h"
#include "engine/executor.h"
#include "live/live.h"

/* What an answer's tag points to starts with one of these. */
enum tag_kind { TAG_OP, TAG_LIST };

struct cf_runner;
struct op;

/* What a look has brought. */
struct finding {
	const struct model *names;   /* what the list has, sorted; NULL: asked for by id */
	const struct object *object; /* by id: as it is now; NULL: it does not exist */
	const struct error *err;     /* set: nobody could look */
	bool is_late; /* it began late enough: what it did not find is absent (live/patience) */
};

/* Fires once, when its time has come. */
struct timer {
	int64_t due_ms; /* monotonic */
	void (*fire)(struct cf_runner *r, void *owner);
	void *owner;
	bool is_set;
	struct timer *next;
};

struct op {
	enum tag_kind tag; /* TAG_OP */
	void (*answered)(struct cf_runner *r, struct op *op, struct client_answer *answer);
	void (*found)(struct cf_runner *r, struct op *op, const struct finding *finding);
	struct op *next;    /* waits for the same list */
	struct op *earlier; /* all of the run, for the end of it */
	struct account_ops *account;
	struct job *jobs; /* in the runner's arena; more than one: new secrets of one store */
	size_t count;
	int sends, unseen;  /* creates sent, and those of them whose outcome nobody saw */
	int throttled;      /* how often they were refused for their rate */
	bool has_destroyed; /* the first half of a replacement is done */
	bool was_accepted;  /* a create, by an answer that names nothing usable */
	bool was_refused;   /* a batch, by the API: nothing of it is still on its way */
	bool has_collided;  /* ... because a name exists already: */
	size_t culprit;     /* that of this job; count: nobody said whose */
	bool is_rewriting;  /* a duplicate: another value */
	bool is_clearing;   /* a comment, in the second way */
	struct object made; /* what was written before the last request: of a rename, the new one;
			     * its texts in the runner's arena */
	struct object *unmanaged; /* listed in a store that is destroyed; in the runner's arena */
	size_t unmanaged_count;
	bool forces;       /* the store is not empty: all inside goes with it */
	struct error seen; /* why the outcome is unknown, or a batch failed */

	/* while it is looked for */
	bool is_looking;
	int64_t ended_ms;          /* when its request did; monotonic */
	int64_t looked_ms;         /* how long after that the last look began; -1: none yet */
	int64_t patience_ms;       /* see live/patience */
	struct cf_secret_id by_id; /* what is asked for; in the runner's arena */
	struct timer timer;
};

/* A list that serves all ops that wait for it. Those that come while it is read wait for the next.
 */
struct list {
	enum tag_kind tag; /* TAG_LIST */
	struct account_ops *account;
	struct object store; /* id NULL: the account's stores; else the secrets in it */
	struct live_listing listing;
	struct model model;
	struct op *served, *waiting;
	int64_t started_ms;
	bool is_under_way;
	struct timer timer;
	struct list *earlier;
};

struct account_ops {
	const struct live_account *account;
	struct list stores;
	struct table *inside; /* id of a store -> list */
	struct table *made;   /* name of a store -> its id, of those made in this run */
};

struct cf_runner {
	struct runner runner;                 /* first: what others hold */
	const struct runner_options *options; /* lasts as long as the runner; see runner.h */
	struct account_ops *accounts;         /* one for each account */
	struct arena arena;
	struct op *ops;       /* all of the run */
	struct list *lists;   /* those inside stores */
	struct table *ids;    /* of all that exists or was made; see op_is_new */
	bool knows_live_ids;  /* they are among them */
	struct timer *timers; /* those that are set */
	int64_t next_due_ms;  /* of the first of them */
	size_t looking;       /* ops that are looked for with patience */
	bool is_stopping;
	struct outcome **ended; /* a queue */
	size_t ended_from, ended_count, ended_room;
};

/* The action of an op that has just one. */
const struct action *op_action(const struct op *op);

struct op *op_new(
	struct cf_runner *r, struct account_ops *account, const struct job *jobs, size_t count);

/* Sends the op's next request; its answer goes to `answered`. */
struct op_request {
	enum retry_safety safety;
	const char *method;
	const struct str *path, *body; /* body NULL: none */
	void (*answered)(struct cf_runner *r, struct op *op, struct client_answer *answer);
};
void op_send(struct cf_runner *r, struct op *op, const struct op_request *request);

/*
 * True if nothing that existed before, or was made in this run, has this id. An answer or a list
 * with a known id is about another object, for example one that was destroyed a moment ago.
 */
bool op_is_new(struct cf_runner *r, const char *id) MUST_CHECK;

/* Of a create: may it be sent once more, now that what was sent before is surely absent? */
bool op_may_send_again(const struct op *op);

/* ---- outcomes; an op has one for each of its jobs ---- */

/* The object exists as it is said here, of which the state is to know. */
void op_end_done(struct cf_runner *r, const struct job *job, const struct object *is_now);
void op_end_gone(struct cf_runner *r, const struct job *job);
/* Takes the error. If a replacement's old object was destroyed, it is dropped from the state. */
void op_end_failed(struct cf_runner *r, struct op *op, enum outcome_kind kind, struct error *err);
/* The outcome is unknown. The error: `why`, and what was seen. */
void op_end_unknown(struct cf_runner *r, struct op *op, const char *why);

/* How an op that makes one object continues. */
struct op_creation {
	const char *done; /* "created" */
	void (*made)(struct cf_runner *r, struct op *op, const struct object *is_now);
	void (*send)(struct cf_runner *r, struct op *op);
};

/*
 * After a look by name for the one object that the op makes: `made` if it is there. Else it is
 * looked for again, `send` is called, or the op ends.
 */
void op_judge_new(struct cf_runner *r, struct op *op, const struct finding *finding,
	const struct op_creation *creation);

/* ---- looking: what comes of it goes to `found` ---- */

void find_init(struct list *list, struct account_ops *account);

/*
 * Remembers the answer that leaves the op's outcome open, and when its request ended. One look
 * suffices where the API itself said that nothing was done.
 */
void find_after(struct cf_runner *r, struct op *op, struct client_answer *answer);

/* In the account's stores, or in a store's secrets. */
void find_store(struct cf_runner *r, struct op *op);
void find_secrets(struct cf_runner *r, struct op *op, const char *store_id);
/* By id: secret_id NULL: a store. */
void find_by_id(struct cf_runner *r, struct op *op, const struct cf_secret_id *id);
/* The same again, as the patience has it. After a look that was not late. */
void find_again(struct cf_runner *r, struct op *op);

/*
 * Lends the new object of this name that a list has (op_is_new), or NULL; *ret_is_double: it has
 * several.
 */
const struct object *find_new(struct cf_runner *r, const struct model *names,
	const struct object *object, bool *ret_is_double);

void find_take(struct cf_runner *r, struct list *list, const struct client_answer *answer);
/* Starts the looks whose time has come. Gives how long until the next, at most timeout_ms. */
int64_t find_due(struct cf_runner *r, int64_t timeout_ms);
/* Ends all looks: what they were for stays unknown, and open in the journal. */
void find_stop(struct cf_runner *r);
void find_release(struct cf_runner *r);

/* ---- destroying ---- */

/*
 * Deletes what the action had before. Then a replacement is created, and a rename whose new secret
 * exists (op->made) is done.
 */
void op_delete(struct cf_runner *r, struct op *op, bool with_all_inside);

/* ---- stores ---- */

void stores_create(struct cf_runner *r, struct op *op);
/* With all inside, if the plan says so and nothing has come in since. */
void stores_destroy(struct cf_runner *r, struct op *op);

/* ---- secrets ---- */

/* Lends the id of the store that the op's secrets are in; NULL: it is not known. */
const char *secrets_store_id(const struct cf_runner *r, const struct op *op);

/* False: it does not exist, and the op has failed. */
bool secrets_find_store(struct cf_runner *r, struct op *op, struct cf_secret_id *ret_id) MUST_CHECK;

void secrets_create(struct cf_runner *r, struct op *op);
void secrets_update(struct cf_runner *r, struct op *op);
void secrets_rename(struct cf_runner *r, struct op *op);

#endif
