#include "inside.h"

#include "adapter/table.h"
#include "interrupt.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

/* Stores to look into: a row that grows. */
struct wanted {
	struct live_stores stores;
	size_t room;
};

/* Adds the live store that an object is in, or is, unless it was looked into before. */
static void want(struct session *session, const struct object *object, struct wanted *wanted)
{
	const struct object *store =
		model_object(&session->live, object->account, object->store, NULL);

	if (!store || table_put(&session->inside, store->id, session))
		return;
	wanted->stores.items = mem_room(
		(void *)wanted->stores.items, wanted->stores.count, &wanted->room, sizeof(store));
	wanted->stores.items[wanted->stores.count++] = store;
}

/* False: not all could be read; that was said. */
static bool read(struct session *session, const struct live_input *input, struct wanted *wanted)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool is_good = !wanted->stores.count ||
		       live_read_inside(input, &wanted->stores, &session->live, &errors);

	term_errors(&errors);
	free((void *)wanted->stores.items);
	return is_good;
}

static struct table *aliases_of(const struct live_input *input)
{
	struct table *aliases = NULL;

	for (size_t i = 0; i < input->count; i++)
		table_put(&aliases, input->accounts[i].account->alias, input->client);
	return aliases;
}

static void want_secret(struct session *session, const struct table *aliases,
	const struct object *object, struct wanted *wanted)
{
	if (object->kind == OBJECT_SECRET && table_get(aliases, object->account))
		want(session, object, wanted);
}

void inside_read_managed(struct session *session, const struct live_input *input)
{
	const struct model *const models[] = {&session->desired, &session->ledger.state.model};
	struct table *aliases = aliases_of(input);
	struct wanted wanted = {0};

	for (size_t m = 0; m < ARRAY_SIZE(models); m++)
		for (size_t i = 0; i < models[m]->object_count; i++)
			want_secret(session, aliases, &models[m]->objects[i], &wanted);
	for (size_t i = 0; i < session->plan.action_count; i++)
		want_secret(session, aliases, action_object(&session->plan.actions[i]), &wanted);
	table_free(&aliases);
	(void)read(session, input, &wanted);
}

/*
 * The stores that the plan destroys, and those in which it does something to secrets: a value may
 * be lost there, so that must not be a matter of belief.
 */
static void want_affected(struct session *session, struct wanted *wanted)
{
	const struct plan *plan = &session->plan;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		bool is_secret = action_object(action)->kind == OBJECT_SECRET;
		if (action_kind(action) != ACTION_NONE && (is_secret || action_destroys(action)))
			want(session, action_object(action), wanted);
	}
}

bool inside_read_affected(struct session *session, bool *ret_any)
{
	struct live_input input = session_live_input(session);
	struct wanted wanted = {0};

	want_affected(session, &wanted);
	*ret_any = wanted.stores.count > 0;
	(void)read(session, &input, &wanted);
	return interrupt_count == 0 && session_drop_unread(session);
}

bool inside_read_planned(struct session *session, const struct live_input *input)
{
	struct wanted wanted = {0};

	want_affected(session, &wanted);
	return read(session, input, &wanted);
}

bool inside_read_all(struct session *session)
{
	struct live_input input = session_live_input(session);
	struct wanted wanted = {0};

	for (size_t i = 0; i < session->live.object_count; i++)
		if (session->live.objects[i].kind == OBJECT_STORE)
			want(session, &session->live.objects[i], &wanted);
	(void)read(session, &input, &wanted);
	return interrupt_count == 0 && session_drop_unread(session);
}
