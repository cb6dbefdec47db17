/*
 * The plan: what would be done, as data. Made by plan/planner, proved by plan/check, shown by
 * cmd, carried out by apply/executor. Once made it is const.
 *
 * An action holds the object before and after (either may be absent), and its kind is derived from
 * that, so that a record can't contradict itself. The objects belong to the models that the plan
 * was made from, which must outlive it.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/model.h"

enum action_kind {
	ACTION_NONE,    /* recorded, live and desired agree */
	ACTION_CREATE,  /* nothing there yet */
	ACTION_ADOPT,   /* it lives, but nobody recorded it: into the state (Terraform: import) */
	ACTION_UPDATE,  /* write what differs: value, scopes, comment */
	ACTION_RENAME,  /* duplicate it under its new name, then delete the old one (`moved`) */
	ACTION_REPLACE, /* destroy it, create it again */
	ACTION_DESTROY, /* not desired any more */
	ACTION_FORGET,  /* not desired any more, but to stay alive: out of the state */
};

struct action {
	const struct object
		*before; /* recorded, or live if it is not recorded; NULL: is not there */
	const struct object *after; /* desired */
	/* Of a secret that is updated, renamed or adopted: as it lived when that was planned. */
	const struct object *live;
	const char *reason;   /* for people, a sentence without a full stop; or NULL */
	bool needs_consent;   /* an adoption that nobody has agreed to in advance */
	bool is_replaced;     /* of what stays desired: destroy it first */
	bool is_left_alive;   /* of what is not desired: only forget it */
	bool goes_with_store; /* its store is destroyed before it: no request for it */
	bool is_unverified;   /* nobody can tell whether the value is the one desired */
	unsigned changes;     /* FIELD_*: of what is there and stays, what is written */
	/* Of a store that is destroyed: live objects inside that cfprov does not manage. Sorted. */
	const struct object *strangers;
	size_t stranger_count;
	const size_t *waits_for; /* indexes of the actions that must have succeeded before */
	size_t wait_count;
};

/*
 * Something changed outside of cfprov: it is gone (live NULL), or lives under another id, or
 * differs (object_differences).
 */
struct drift {
	const struct object *recorded, *live;
};

/* The state is to be brought up to what lives, without a request. */
struct refresh {
	const struct object *before; /* recorded */
	const struct object *after;  /* NULL: out of the state */
};

/* `moved`: an object stands under another address from now on, without a request. */
struct plan_move {
	const char *from;            /* the address that it has had */
	const struct object *object; /* of whom only the address counts */
};

struct plan_counts {
	size_t import, add, change, destroy, forget;
};

struct plan {
	struct arena arena;     /* reasons */
	struct action *actions; /* desired, or recorded and not desired; sorted by address */
	size_t action_count, action_room;
	struct plan_counts counts;
	struct drift *drifts; /* sorted by address, as the refreshes */
	size_t drift_count, drift_room;
	struct refresh *refreshes; /* of objects that no action is about */
	size_t refresh_count, refresh_room;
	struct plan_move *moves; /* sorted by the address that they lead to */
	size_t move_count, move_room;
	const char **warnings; /* sentences: what the manifest says in vain, by mistake perhaps */
	size_t warning_count, warning_room;
	size_t managed; /* objects recorded in the accounts of the plan */
};

/* Lends a new action; valid until the next is added. */
struct action *plan_add(struct plan *plan);

enum action_kind action_kind(const struct action *action);

/* The object that the action is about: after, or else before. */
const struct object *action_object(const struct action *action);

/* Is a value sent: of what is created anew, or changed? */
bool action_writes_value(const struct action *action);

/* Is what it is about in Cloudflare destroyed, if only to be made again? */
bool action_destroys(const struct action *action);

/* What one action counts for: a replacement once as add and once as destroy. */
struct plan_counts action_counts(const struct action *action);

void plan_counts_add(struct plan_counts *counts, const struct plan_counts *more);

/* Counts from the actions themselves, as in "Plan: 1 to import, 3 to add, …". */
struct plan_counts plan_count(const struct plan *plan);

/* Adds to the plan; valid until the next is added. */
void plan_add_drift(struct plan *plan, const struct object *recorded, const struct object *live);
void plan_add_refresh(struct plan *plan, const struct object *before, const struct object *after);

void plan_add_warning(struct plan *plan, const char *format, ...) PRINTF(2, 3);
void plan_add_move(struct plan *plan, const struct plan_move *move);

/* Lends the address that the object has had until now, if it is one that moves; or NULL. */
const char *plan_previous_address(const struct plan *plan, const struct object *object);

/* Is there anything to do in Cloudflare, or to what the state manages, or how it calls it? */
bool plan_is_empty(const struct plan *plan);

void plan_release(struct plan *plan);

#endif
