/*
 * The plan: rows, one for each address that is desired or recorded, in the order of addresses, so
 * that a store's secrets follow it. Each row holds the three sides of its address (desired,
 * recorded, live) and what follows from them: the action, what changed outside of cfprov, and what
 * the state learns without a request. plan/planner makes the rows, plan/check proves them, cmd
 * shows them, apply/executor carries them out. Once made they are const.
 *
 * The objects belong to the models that the plan was made from, which must outlive it, or to the
 * plan's arena.
 *
 * A rename is two rows: the new name is created by duplicating the old one (`copies`), and the old
 * one is destroyed once the duplicate exists (`renamed_to`). It counts as one change.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/model.h"

enum action {
	ACTION_NONE,    /* no request */
	ACTION_CREATE,  /* nothing exists yet */
	ACTION_ADOPT,   /* it exists, but not in the state: take it over (Terraform: import) */
	ACTION_UPDATE,  /* write the fields of `writes` */
	ACTION_REPLACE, /* destroy it, then create it again */
	ACTION_DESTROY, /* no longer desired */
	ACTION_FORGET,  /* no longer desired, but kept in Cloudflare: remove it from the state */
};

enum row_note {
	ROW_NEEDS_APPROVAL = 1, /* an adoption that nobody has approved in advance */
	ROW_WITH_STORE = 2,  /* its store is destroyed first, and it with the store: no request */
	ROW_UNVERIFIED = 4,  /* nobody can tell whether the value is the desired one */
	ROW_TELLS_DRIFT = 8, /* the reason says what changed outside of cfprov */
};

/* Beside the FIELD_* of `drift`. */
enum { DRIFT_GONE = 8, DRIFT_REPLACED = 16 };

struct row {
	/* NULL where the side has nothing; desired and recorded are not both NULL. `recorded` and
	 * `live` may be two objects; see row_is_same. `live` is as it is known: where a list lags,
	 * with what is recorded. Of a duplicate, `live` is the secret that is duplicated. */
	const struct object *desired, *recorded, *live;
	enum action action;
	unsigned writes; /* FIELD_*: of what exists, or is duplicated, what is written */
	unsigned notes;  /* ROW_* */
	unsigned drift;  /* what changed outside of cfprov: FIELD_*, DRIFT_GONE or DRIFT_REPLACED */
	/* If `learns`: what the state will say without a request; NULL: nothing, it is gone. */
	bool learns;
	const struct object *learned;
	const char *reason;          /* for people, a phrase without a full stop; or NULL */
	const char *moved_from;      /* the address that it had until now; or NULL */
	const struct object *copies; /* a create: the recorded secret that is duplicated; or NULL */
	const struct object
		*renamed_to; /* a destroy: the desired duplicate that replaces it; or NULL */
	/* Of a store that is destroyed: live secrets inside that cfprov does not manage. Sorted. */
	const struct object *unmanaged;
	size_t unmanaged_count;
};

/* Patterns of addresses; see object_matches. */
struct patterns {
	const char *const *items;
	size_t count;
};

/* How a plan is to be made. */
struct plan_options {
	bool adopt_all;    /* approval of every adoption */
	bool destroys_all; /* nothing is desired: the plan of `destroy` */
	bool refresh_only; /* no actions: only update the state to match Cloudflare */
	bool is_partial;   /* accounts of the manifest were left out */
	bool has_unread;   /* ... because they can't be read: a pattern may match there */
	struct patterns targets, excludes, replaces;
};

struct plan_counts {
	size_t import, add, change, destroy, forget;
};

struct plan {
	struct arena arena; /* reasons, and objects that no model has */
	struct row *rows;   /* sorted by address */
	size_t row_count, row_room;
	struct plan_counts counts;
	size_t learned, moved; /* rows that the state learns from, and that moved */
	const char **warnings; /* sentences */
	size_t warning_count, warning_room;
	size_t managed; /* objects recorded in the accounts of the plan */
};

/* Lends a new row; valid until the next is added. */
struct row *plan_add(struct plan *plan);

void plan_add_warning(struct plan *plan, const char *format, ...) PRINTF(2, 3);

/* Counts the rows; once all have been added. */
void plan_count(struct plan *plan);

/* Lends the row of the object's address; NULL: there is none. */
const struct row *plan_find(const struct plan *plan, const struct object *object);

/* The object that a row is about: as desired, or else as recorded. */
const struct object *row_object(const struct row *row);

/* True if the recorded object still exists: the live one has its id. */
bool row_is_same(const struct row *row);

/*
 * The object that exists before the action: the recorded one if it still exists or is forgotten,
 * the live one that is adopted; else NULL.
 */
const struct object *row_before(const struct row *row);

/* True if a value is sent: of what is created anew, or changed. */
bool row_sends_value(const struct row *row);

/* True if the object in Cloudflare is destroyed, if only to be created again. */
bool row_destroys(const struct row *row);

/* True if the row is a change of its own. A rename is one at the new name, not at the old one. */
bool row_is_change(const struct row *row);

/* True if the object only gets another address in the state. */
bool row_is_move(const struct row *row);

/* Lends the live object that is written to, of a rename the one that is duplicated; or NULL. */
const struct object *row_written(const struct row *row);

/* What a row counts for: a replacement once as add and once as destroy. */
struct plan_counts row_counts(const struct row *row);

void plan_counts_add(struct plan_counts *counts, const struct plan_counts *more);

/* What the plan means for one account after the other. */
struct plan_share {
	size_t next_row; /* where to continue; start with {0} */
	const char *alias;
	struct plan_counts counts;
};

/* Moves to the next account that has changes; false: there is none. */
bool plan_share_next(struct plan_share *share, const struct plan *plan);

/* Adds a line for each row that says all of it but the words: equal plans have equal lines. */
void plan_add_digest(struct str *out, const struct plan *plan);

/* True if nothing is to be done in Cloudflare, nor to what the state manages, or calls it. */
bool plan_is_empty(const struct plan *plan);

void plan_release(struct plan *plan);

#endif
