/* The planner's input, and what its files share while it works. */
#ifndef PLAN_PLANNING_H
#define PLAN_PLANNING_H

#include "base/error.h"
#include "model/plan.h"
#include "plan/renames.h"

struct planner_input {
	/* Sorted; they must outlive the plan. `recorded` has been through recover_changes, and
	 * `live` has the audit log's findings. */
	const struct model *desired, *recorded, *live;
	const struct renames *renames; /* of desired */
	struct plan_options options;
	const struct moved *moves; /* already made in `recorded`; sorted */
	size_t move_count;
	const struct worker_binding *bindings; /* that Workers have, if known */
	size_t binding_count;
};

/* ---- inside the planner ---- */

struct planning {
	const struct planner_input *input;
	struct plan *plan;
	struct error_list *errors;
	bool has_store; /* `store` is the index of the last store's row */
	size_t store;
	size_t live_at;        /* the live objects before it have earlier addresses */
	struct table *formers; /* addresses of which a recorded secret is a duplicate */
};

/* Adds the row of one address. A store comes before its secrets. */
void decide(struct planning *p, const struct object *desired, const struct object *recorded);

/* The same for a recorded object whose account is not in the manifest, and so was not read. */
void decide_unreachable(struct planning *p, const struct object *recorded);

/* Lends text from outside, or an address, in printable form. */
const char *planning_shown(struct planning *p, const char *text);
const char *planning_address(struct planning *p, const struct object *object);

/* Adds an error. `hint` may be NULL, `place` too or without a file. */
void planning_refuse(struct planning *p, const struct place *place, const char *hint,
	const char *format, ...) PRINTF(4, 5);

#endif
