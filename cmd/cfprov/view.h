/* A plan as it is shown: what every renderer takes, whether the plan was made now or saved. */
#ifndef CFPROV_VIEW_H
#define CFPROV_VIEW_H

#include "planning.h"

struct plan_view {
	const struct plan *plan;
	const struct model *accounts; /* of the plan, for their ids */
	enum planning_mode mode;
	bool is_partial;  /* -account, -target or -exclude left something out */
	bool has_failed;  /* accounts could not be read; the plan is about the others */
	size_t max_bytes; /* for markdown; 0: no limit */
};

/* The view of the plan that a session has made or read. It borrows from the session. */
struct plan_view plan_view(const struct session *session, enum planning_mode mode);

/* What the plan is about, one address after the other: an action, a refresh, or both. */
struct plan_row {
	size_t next_action, next_refresh; /* where to go on; start with {0} */
	const struct action *action;      /* or NULL */
	const struct refresh *refresh;    /* or NULL */
};

/* Moves to the next address; false: there is none. */
bool plan_row_next(struct plan_row *row, const struct plan *plan);

/* What the plan means for one account after the other. */
struct plan_share {
	size_t next_action; /* where to go on; start with {0} */
	const char *alias;
	struct plan_counts counts;
};

/* Moves to the next account in which something is to be done; false: there is none. */
bool plan_share_next(struct plan_share *share, const struct plan *plan);

/* What is recorded at the address once the state has learned what lives; NULL: nothing. */
const struct object *plan_row_before(const struct plan_row *row);

/* Gives (free) the address that what an action is about has had, if it is another one; or NULL. */
char *plan_former_address(const struct plan *plan, const struct action *action) MUST_CHECK;

/* Does the state learn of something that changed outside, or only of the manifest? */
bool refresh_is_drift(const struct refresh *refresh);

#endif
