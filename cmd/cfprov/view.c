#include "view.h"

struct plan_view plan_view(const struct session *session)
{
	return (struct plan_view){
		.plan = &session->plan,
		.accounts = &session->desired,
		.options = &session->input.options,
		.is_partial = session->is_partial,
		.has_failed = session->has_failed,
		.is_summary = session->cli->summary,
		.unread = &session->unread,
		.max_bytes = session->cli->max_bytes,
		.limits = session->has_policy ? &session->policy.destroy : NULL,
	};
}

bool view_is_empty(const struct plan_view *view)
{
	return plan_is_empty(view->plan) && !(view->options->refresh_only && view->plan->learned);
}
