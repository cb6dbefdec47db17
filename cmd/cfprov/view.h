/* A plan as it is shown: what every renderer takes, whether the plan was made now or saved. */
#ifndef CFPROV_VIEW_H
#define CFPROV_VIEW_H

#include "session.h"

struct plan_view {
	const struct plan *plan;
	const struct model *accounts; /* of the plan, for their ids */
	const struct plan_options *options;
	bool is_partial; /* -account, -target or -exclude left something out */
	bool has_failed; /* accounts could not be read; the plan is about the others */
	bool is_summary; /* -summary */
	const struct cli_texts *unread;      /* their aliases */
	size_t max_bytes;                    /* for markdown; 0: no limit */
	const struct policy_destroy *limits; /* of the policy; NULL: there is none */
};

/* The view of the plan that a session has made or read. It borrows from the session. */
struct plan_view plan_view(const struct session *session);

/* True if apply would change nothing; with -refresh-only, if the state would learn nothing. */
bool view_is_empty(const struct plan_view *view);

#endif
