/*
 * The plan: one row for each address that is desired or recorded, sorted by address, so that a
 * store's secrets follow it. A row holds the three sides of its address (desired, recorded, live)
 * and what follows from them: the action, the drift, and what the state learns without a request.
 * plan/planner makes the rows, plan/check proves them, cmd shows them and apply/executor executes
 * them. Nobody changes them once they are made.
 *
 * The objects belong to the plan's arena or to the models that it was made from, which must outlive
 * it.
 *
 * A rename is two rows: the new name is created by duplicating the old one (`copies`), and the old
 * one is destroyed once the duplicate exists (`renamed_to`). It counts as one change.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/model.h"

enum action {
	ACTION_NONE,    /* no request */
	ACTION_CREATE,  /* it does not exist yet */
	ACTION_ADOPT,   /* it exists, but not in the state: add it (Terraform: import) */
	ACTION_UPDATE,  /* write the fields in `writes` */
	ACTION_REPLACE, /* destroy it, then create it again */
	ACTION_DESTROY, /* it is no longer desired */
	ACTION_FORGET,  /* the same, but only remove it from the state */
};

enum row_note {
	ROW_NEEDS_APPROVAL = 1, /* an adoption that was not approved in advance */
	ROW_WITH_STORE = 2,     /* it is destroyed with its store, which comes first: no request */
	ROW_UNVERIFIED = 4,     /* it is unknown whether the value is the desired one */
	ROW_TELLS_DRIFT = 8,    /* the reason says what changed outside of cfprov */
	ROW_NOT_COMPARED = 16,  /* the value was not read; apply may have to write it */
};

/* Flags of `drift`, besides FIELD_*: deleted, or recreated with another id. */
enum { DRIFT_GONE = 8, DRIFT_REPLACED = 16 };

struct row {
	/* NULL: nothing on that side; desired and recorded are not both NULL. `recorded` and `live`
	 * may be different objects: see row_is_same. If a list lags, `live` has the recorded
	 * fields. If the row duplicates, `live` is the original. */
	const struct object *desired, *recorded, *live;
	enum action action;
	unsigned writes; /* FIELD_*: what is written to an existing object or a duplicate */
	unsigned notes;  /* ROW_* */
	unsigned drift;  /* what changed outside of cfprov: FIELD_*, DRIFT_GONE or DRIFT_REPLACED */
	/* If `learns`, the new record of the object, without a request; NULL: it is dropped. */
	bool learns;
	const struct object *learned;
	const char *reason;          /* a phrase for people, without a full stop; or NULL */
	const char *moved_from;      /* its previous address; or NULL */
	const struct object *copies; /* a create: the recorded secret to duplicate; or NULL */
	const struct object
		*renamed_to; /* a destroy: the desired duplicate that replaces it; or NULL */
	/* A store that is destroyed: the secrets in it that cfprov does not manage. Sorted. */
	const struct object *unmanaged;
	size_t unmanaged_count;
};

/* Patterns of addresses; see object_matches. */
struct patterns {
	const char *const *items;
	size_t count;
};

/* What a command asks of the planner. */
struct plan_options {
	bool adopt_all;    /* all adoptions are approved */
	bool destroys_all; /* nothing is desired: `destroy` */
	bool refresh_only; /* no actions: only update the state to match Cloudflare */
	bool is_partial;   /* some accounts of the manifest are left out */
	bool has_unread;   /* ... because they could not be read: patterns may match there */
	struct patterns targets, excludes, replaces;
};

/* A Worker's configuration, at this place, binds the secret of this name in the store. */
struct worker_binding {
	const char *name, *environment; /* environment NULL: the top level */
	const char *store_id, *secret;
	struct place place;
};

/* What a plan does to the secret of a binding. */
enum break_kind { BREAK_DESTROY, BREAK_RENAME, BREAK_STORE, BREAK_SCOPE };

struct broken_binding {
	const struct worker_binding *binding;
	const struct row *row; /* of the secret; BREAK_STORE: of the store */
	enum break_kind kind;
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
	struct broken_binding *broken; /* in the order of the bindings */
	size_t broken_count;
	size_t managed; /* recorded objects in the plan's accounts */
};

/* Lends a new row; valid until the next is added. */
struct row *plan_add(struct plan *plan);

void plan_add_warning(struct plan *plan, const char *format, ...) PRINTF(2, 3);

/* Sets the counts, once all rows have been added. */
void plan_count(struct plan *plan);

/* How many rows have this note. */
size_t plan_count_notes(const struct plan *plan, enum row_note note);

/* Lends the row of the object's address, or NULL. */
const struct row *plan_find(const struct plan *plan, const struct object *object);

/* The desired object, or else the recorded one. */
const struct object *row_object(const struct row *row);

/* True if the recorded object still exists: the live one has its id. */
bool row_is_same(const struct row *row);

/*
 * The object that exists before the action: the recorded one if it still exists or is forgotten,
 * the live one that is adopted; else NULL.
 */
const struct object *row_before(const struct row *row);

/* True if the action sends a value. */
bool row_sends_value(const struct row *row);

/* True if the action destroys an object, even if only to create it again. */
bool row_destroys(const struct row *row);

/* True if the row is a change of its own. A rename is one change, counted at the new name. */
bool row_is_change(const struct row *row);

/* True if the object only moves to another address in the state. */
bool row_is_move(const struct row *row);

/* Lends the live object that is written to, or that is duplicated; or NULL. */
const struct object *row_written(const struct row *row);

/* The counts of one row. A replacement is one add and one destroy. */
struct plan_counts row_counts(const struct row *row);

void plan_counts_add(struct plan_counts *counts, const struct plan_counts *more);

/* Counts account by account. */
struct plan_share {
	size_t next_row; /* where to continue; start with {0} */
	const char *alias;
	struct plan_counts counts;
};

/* Advances to the next account that has changes; false: there are no more. */
bool plan_share_next(struct plan_share *share, const struct plan *plan);

/* Adds one line for each row: two plans have equal lines if and only if they do the same. */
void plan_add_digest(struct str *out, const struct plan *plan);

/* True if the plan has no actions and no moves. */
bool plan_is_empty(const struct plan *plan);

void plan_release(struct plan *plan);

#endif
