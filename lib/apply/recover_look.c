#include "plan/recover.h"

#include <stdlib.h>
#include <string.h>

static bool is_awaited(const struct object *object, const struct model *live)
{
	return object_is_unresolved(object) && model_account(live, object->account) &&
	       !model_find(live, object);
}

/* Lists the accounts of awaited stores, and adds those that have appeared. */
static bool look_for_stores(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors)
{
	struct live_account *accounts AUTO_FREE = mem_alloc(input->count * sizeof(*accounts));
	struct live_input again = *input;
	struct model found CLEANUP(model_release) = {0};

	again.accounts = accounts;
	again.count = 0;
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (object->kind != OBJECT_STORE || !is_awaited(object, live))
			continue; /* its account may not be in this run */
		const struct live_account *account =
			live_find_account(input->accounts, input->count, object->account);
		if (!again.count || accounts[again.count - 1].account != account->account)
			accounts[again.count++] = *account;
	}
	if (!again.count)
		return true;
	if (!live_read(&again, &found, errors))
		return false;
	for (size_t i = 0; i < found.object_count; i++) {
		const struct object *known = model_find(recorded, &found.objects[i]);
		if (known && is_awaited(known, live))
			model_add_copy(live, &found.objects[i]);
	}
	model_sort(live);
	return true;
}

bool recover_look(const struct live_input *input, const struct model *recorded, struct model *live,
	struct error_list *errors)
{
	if (!look_for_stores(input, recorded, live, errors))
		return false;
	const struct object **stores AUTO_FREE =
		mem_alloc(recorded->object_count * sizeof(*stores));
	struct live_stores wanted = {.items = stores};
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		const struct object *store =
			model_object(live, object->account, object->store, NULL);
		if (object->kind == OBJECT_SECRET && is_awaited(object, live) && store &&
			(!wanted.count || stores[wanted.count - 1] != store))
			stores[wanted.count++] = store;
	}
	return !wanted.count || live_read_inside(input, &wanted, live, errors);
}
