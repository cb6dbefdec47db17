#include "budget.h"

#include "apply/executor.h"

#include <stdlib.h>
#include <string.h>

/* An estimate: lookups are not counted. */
static int64_t requests_of(const struct action *action)
{
	switch (action_kind(action)) {
	case ACTION_NONE:
	case ACTION_FORGET:
		return 0;
	case ACTION_CREATE:
	case ACTION_UPDATE:
		return 1;
	case ACTION_ADOPT:
		return action->changes ? 1 : 0;
	case ACTION_DESTROY:
		return action->goes_with_store ? 0 : 1;
	case ACTION_RENAME:
		return 2 + (action->changes ? 1 : 0);
	case ACTION_REPLACE:
		return 2;
	}
	return 0;
}

void budget_announce(const struct session *session)
{
	const struct plan *plan = &session->plan;
	int64_t *counts AUTO_FREE = mem_alloc(client_lane_count(session->client) * sizeof(*counts));
	const struct object *last = NULL; /* in the store whose new secrets are being counted */
	size_t batched = 0;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		const struct object *object = action_object(action);
		if (requests_of(action) == 0) /* its account may be unknown, too */
			continue;
		const struct live_account *account = live_find_account(
			session->accounts, session->desired.account_count, object->account);
		if (!last || strcmp(last->account, object->account) != 0 ||
			strcmp(last->store, object->store) != 0)
			batched = 0;
		last = object;
		bool is_batched = action_kind(action) == ACTION_CREATE && object->secret;
		if (!is_batched || batched++ % EXECUTOR_BATCH == 0)
			counts[account->lane] += requests_of(action);
	}
	client_foretell(session->client, counts, "This run");
}
