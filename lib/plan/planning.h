/* What the planner works on: its input, and inside it the plan that is being made. */
#ifndef PLAN_PLANNING_H
#define PLAN_PLANNING_H

#include "base/error.h"
#include "model/plan.h"
#include "plan/renames.h"

struct planner_input {
	/* Each sorted; they must outlive the plan. Nothing recorded is unresolved any longer; the
	 * live secrets have what the audit log says. */
	const struct model *desired, *recorded, *live;
	const struct renames *renames; /* of desired */
	struct plan_options options;
	const struct moved *moves; /* that `recorded` has made already; sorted */
	size_t move_count;
};

/* ---- inside the planner ---- */

struct planning {
	const struct planner_input *input;
	struct plan *plan;
	struct error_list *errors;
	bool has_store; /* the last store's row is the one at `store` */
	size_t store;
	struct table *formers; /* addresses that a recorded secret was duplicated from */
};

/* Adds the row of one address. A store comes before its secrets. */
void decide(struct planning *p, const struct object *desired, const struct object *recorded);

/* The same of what is recorded in an account that is not in the manifest: it can't be read. */
void decide_unreachable(struct planning *p, const struct object *recorded);

/* Makes text from outside fit for a sentence. Lends. */
const char *planning_shown(struct planning *p, const char *text);
const char *planning_address(struct planning *p, const struct object *object);

/* Adds an error, at the place if that has a file, with a hint or NULL. */
void planning_refuse(struct planning *p, const struct place *place, const char *hint,
	const char *format, ...) PRINTF(4, 5);

#endif
