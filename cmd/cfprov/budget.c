#include "budget.h"

#include "engine/executor.h"

#include <stdlib.h>
#include <string.h>

static bool is_new_secret(const struct action *action)
{
	return action_kind(action) == ACTION_CREATE && action_object(action)->secret;
}

/* About: what has to be looked up is not foreseen. */
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

static bool is_same_store(const struct object *a, const struct object *b)
{
	return strcmp(a->account, b->account) == 0 && strcmp(a->store, b->store) == 0;
}

/* Adds what each lane has to do to counts[lane]. */
static void count_requests(const struct session *session, int64_t *counts)
{
	const struct plan *plan = &session->plan;
	const struct object *store = NULL; /* whose new secrets are being counted */
	size_t batched = 0;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		const struct object *object = action_object(action);
		if (requests_of(action) == 0) /* its account may be unknown, too */
			continue;
		const struct live_account *account = live_find_account(
			session->accounts, session->desired.account_count, object->account);
		if (!store || !is_same_store(store, object)) {
			store = object;
			batched = 0;
		}
		if (!is_new_secret(action) || batched++ % EXECUTOR_BATCH == 0)
			counts[account->lane] += requests_of(action);
	}
}

void budget_say(const struct session *session)
{
	size_t lanes = client_lane_count(session->client);
	int64_t *counts AUTO_FREE = mem_alloc(lanes * sizeof(*counts));

	count_requests(session, counts);
	client_foretell(session->client, counts, "This run");
}
