/*
 * What the planner works on: its input, and inside it the plan that is being made.
 */
#ifndef ENGINE_PLANNING_H
#define ENGINE_PLANNING_H

#include "base/error.h"
#include "engine/renames.h"
#include "model/plan.h"

/* Patterns of addresses; see object_matches. */
struct patterns {
	const char *const *items;
	size_t count;
};

struct planner_input {
	/* Each sorted; they must outlive the plan. Nothing recorded is unresolved any longer; the
	 * live secrets have what the audit log says. */
	const struct model *desired, *recorded, *live;
	const struct renames *renames; /* of desired */
	bool adopt_all;                /* consent to every adoption */
	bool destroys_all;             /* nothing is desired: the plan of `destroy` */
	bool refresh_only;             /* no actions: only bring the state up to what lives */
	bool is_partial;               /* accounts of the manifest were left out */
	bool has_unread; /* ... because they can't be read: what a pattern means may be there */
	struct patterns targets, excludes, replaces;
	const struct plan_move *moves; /* that `recorded` has made already; sorted */
	size_t move_count;
};

/* ---- inside the planner ---- */

struct planning {
	const struct planner_input *input;
	struct plan *plan;
	struct error_list *errors;
	bool has_store; /* the store last decided on has an action: the one at `store` */
	size_t store;
};

/* One address, as the three models know it; each may be NULL but not desired and recorded both. */
struct trio {
	const struct object *desired, *recorded, *live;
	size_t live_count; /* more than 1: doubles */
	bool is_same;      /* recorded and live are one object */
};

/* Everything from outside goes through here on its way into a sentence. Lends. */
const char *planning_shown(struct planning *p, const char *text);

/* Lends a new error, at the place if there is one. */
struct error *planning_error(struct planning *p, const struct place *place);

#endif
