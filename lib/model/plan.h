/*
 * The plan: what would be done, as data. Made by engine/planner, proved by engine/check, shown by
 * cmd, carried out by engine/executor. Once made it is const.
 *
 * An action holds the object before and after (either may be absent), and its kind is derived from
 * that, so that a record can't contradict itself. The objects belong to the models that the plan
 * was made from, which must outlive it.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/model.h"

enum action_kind {
	ACTION_NONE,   /* recorded, live and desired agree */
	ACTION_CREATE, /* nothing there yet */
	ACTION_ADOPT,  /* it lives, but nobody recorded it: take it into the state (Terraform:
			  import) */
};

struct action {
	const struct object
		*before; /* recorded, or live if it is not recorded; NULL: is not there */
	const struct object *after; /* desired */
	const char *reason;         /* for people, a sentence without a full stop; or NULL */
	bool needs_consent;         /* an adoption that nobody has agreed to in advance */
	const size_t *waits_for;    /* indexes of the actions that must have succeeded before */
	size_t wait_count;
};

struct plan_counts {
	size_t import, add, change, destroy, forget;
};

struct plan {
	struct arena arena;     /* reasons */
	struct action *actions; /* one for each desired object, sorted by address */
	size_t action_count, action_room;
	struct plan_counts counts;
	/* Recorded, not desired: left alone, but said. Sorted by address. */
	const struct object **unclaimed;
	size_t unclaimed_count, unclaimed_room;
};

/* Lends a new action; valid until the next is added. */
struct action *plan_add(struct plan *plan);

enum action_kind action_kind(const struct action *action);

/* The object that the action is about: after, or else before. */
const struct object *action_object(const struct action *action);

/* Counts from the actions themselves, as in "Plan: 1 to import, 3 to add, …". */
struct plan_counts plan_count(const struct plan *plan);

/* Is there anything to do? */
bool plan_is_empty(const struct plan *plan);

void plan_release(struct plan *plan);

#endif
