/*
 * Inside the runner: a deed is what is under way for one action, or for several that share a
 * request. A file each for what is done to stores, what is done to secrets, and the looking up.
 */
#ifndef ENGINE_DEED_H
#define ENGINE_DEED_H

#include "adapter/table.h"
#include "engine/runner.h"

/* What an answer's tag points to starts with one of these. */
enum tag_kind { TAG_DEED, TAG_LOOKUP };

/* The request of a deed that is out, or whose end is looked up. */
enum deed_step {
	STEP_CREATE_STORE,
	STEP_LOOK_INSIDE, /* of a store that is to be destroyed with what is in it */
	STEP_DESTROY_STORE,
	STEP_CREATE_SECRETS,
	STEP_DESTROY_SECRET,
	STEP_UPDATE,
	STEP_CLEAR_COMMENT, /* of what was updated, in another way */
	STEP_DUPLICATE,
	STEP_REWRITE,       /* of a duplicate: another value */
	STEP_DELETE_FORMER, /* of what was duplicated */
};

struct deed {
	enum tag_kind tag; /* TAG_DEED */
	enum deed_step step;
	struct deed *next;    /* in a lookup's list */
	struct deed *earlier; /* all of the run, for the end of it */
	struct site *site;
	struct job *jobs; /* in the runner's arena; more than one: STEP_CREATE_SECRETS */
	size_t count;
	int attempts;
	bool has_destroyed; /* the first half of a replacement is done */
	bool was_refused;   /* a batch, by the server: nothing of it is still on its way */
	bool has_collided;  /* ... because a name exists already: */
	size_t culprit;     /* that of this job; count: nobody said whose */
	struct object made; /* what was written before the last request: of a rename, the new one;
			     * its texts in the runner's arena */
	struct error seen;  /* why the outcome is unknown, or a batch failed */
};

/* A list that may tell what nobody saw. Who comes while it is under way waits for the next one. */
struct lookup {
	enum tag_kind tag; /* TAG_LOOKUP */
	struct site *site;
	struct object store; /* id NULL: the account's stores; else the secrets in it */
	struct live_listing listing;
	struct model model;
	struct deed *served, *waiting;
	bool is_under_way;
	struct lookup *earlier;
};

/* An account. */
struct site {
	const struct live_account *account;
	struct lookup stores;
	struct table *inside; /* id of a store -> lookup */
	struct table *made;   /* name of a store -> its id, of those made in this run */
};

struct cf_runner {
	struct runner runner; /* first: what others hold */
	struct runner_options options;
	struct site *sites; /* one for each account */
	struct arena arena;
	struct deed *deeds;     /* all of the run */
	struct lookup *lookups; /* those inside stores */
	struct outcome **ended; /* a queue */
	size_t ended_from, ended_count, ended_room;
};

/* The action of a deed that has just one. */
const struct action *deed_action(const struct deed *deed);

/* A deed of its own for one job of a batch. */
struct deed *deed_new(struct cf_runner *r, struct site *site, const struct job *jobs, size_t count);

/* Sends the deed's next request. */
struct deed_request {
	enum deed_step step;
	enum retry_safety safety;
	const char *method;
	const struct str *path, *body; /* body NULL: none */
};
void deed_send(struct cf_runner *r, struct deed *deed, const struct deed_request *request);

/* ---- outcomes; a deed has one for each of its jobs ---- */

/* The object lives as it is said here, of which the state is to know. */
void deed_end_done(struct cf_runner *r, const struct job *job, const struct object *is_now);
void deed_end_gone(struct cf_runner *r, const struct job *job);
/* Takes the error. What was destroyed before is dropped. */
void deed_end_failed(
	struct cf_runner *r, struct deed *deed, enum outcome_kind kind, struct error *err);
/* It can't be said what came of it; `why` and what was seen. */
void deed_end_unknown(struct cf_runner *r, struct deed *deed, const char *why);

/* ---- looking up: the list comes to stores_found or secrets_found ---- */

void lookup_stores(struct cf_runner *r, struct deed *deed);
void lookup_secrets(struct cf_runner *r, struct deed *deed, const char *store_id);
void lookup_take(struct cf_runner *r, struct lookup *lookup, const struct client_answer *answer);
void lookup_release(struct cf_runner *r);

/* Lends what the list has of an object; *ret_is_double: more than once. */
const struct object *lookup_find(
	const struct lookup *lookup, const struct object *object, bool *ret_is_double);

/* ---- stores ---- */

void stores_create(struct cf_runner *r, struct deed *deed);
void stores_destroy(struct cf_runner *r, struct deed *deed);
void stores_take(struct cf_runner *r, struct deed *deed, struct client_answer *answer);
void stores_found(struct cf_runner *r, const struct lookup *lookup, struct deed *deed);

/* ---- secrets ---- */

void secrets_create(struct cf_runner *r, struct deed *deed);
void secrets_destroy(struct cf_runner *r, struct deed *deed);
void secrets_update(struct cf_runner *r, struct deed *deed);
void secrets_rename(struct cf_runner *r, struct deed *deed);
void secrets_take(struct cf_runner *r, struct deed *deed, struct client_answer *answer);
void secrets_found(struct cf_runner *r, const struct lookup *lookup, struct deed *deed);

#endif
