/*
 * A plan as it is shown: what every renderer takes, whether the plan was made now or saved, and
 * what the renderers ask of a row.
 */
#ifndef CFPROV_VIEW_H
#define CFPROV_VIEW_H

#include "session.h"

struct plan_view {
	const struct plan *plan;
	const struct model *accounts; /* of the plan, for their ids */
	bool destroys_all, refresh_only;
	bool is_partial;  /* -account, -target or -exclude left something out */
	bool has_failed;  /* accounts could not be read; the plan is about the others */
	size_t max_bytes; /* for markdown; 0: no limit */
};

/* The view of the plan that a session has made or read. It borrows from the session. */
struct plan_view plan_view(const struct session *session);

/* True if apply would change nothing; with -refresh-only, if the state would learn nothing. */
bool view_is_empty(const struct plan_view *view);

/* True if the row is a change of its own. A rename is shown at the new name, not at the old one. */
bool view_is_change(const struct row *row);

/* True if the object only gets another address in the state. */
bool view_is_move(const struct row *row);

/* Lends the live object that is written to, of a rename the one that is duplicated; or NULL. */
const struct object *view_written(const struct row *row);

/* What a recorded object became outside of cfprov. */
struct drift {
	const struct object *recorded;
	bool is_gone, is_another; /* another: it has another id now */
	struct object now;        /* unless it is gone */
	unsigned fields;          /* FIELD_* */
	bool is_left;             /* the plan does not overwrite the value */
};

/* The drift that the plan reports. False: the row has none. */
bool view_drift(const struct plan_view *view, const struct row *row, struct drift *ret_drift);

/*
 * The drift that the plan does not report, and that the state learns. False: none, or what is
 * learned comes from the manifest.
 */
bool view_learned_drift(const struct row *row, struct drift *ret_drift);

/* What the plan means for one account after the other. */
struct plan_share {
	size_t next_row; /* where to continue; start with {0} */
	const char *alias;
	struct plan_counts counts;
};

/* Moves to the next account that has actions; false: there is none. */
bool plan_share_next(struct plan_share *share, const struct plan *plan);

#endif
