#include "base/clock.h"
#include "engine/recover.h"
#include "live/wait.h"

#include <stdlib.h>
#include <string.h>

bool recover_pause(const struct live_input *input, const struct recovered *recovered,
	struct error_list *errors)
{
	struct error err = {0};

	if (wait_until(input, clock_monotonic_ms() + recovered->next_ms, &err))
		return true;
	error_move(error_list_add(errors), &err);
	return false;
}

static bool is_awaited(const struct object *object, const struct model *live)
{
	return object->is_unresolved && model_account(live, object->account) &&
	       !model_object(live, object->account, object->store, object->secret);
}

/* Lists the accounts of awaited stores, and adds those that have appeared. */
static bool look_for_stores(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors)
{
	struct live_account *accounts AUTO_FREE = mem_alloc(input->count * sizeof(*accounts));
	struct live_input again = *input;
	struct model found CLEANUP(model_release) = {0};
	const char *last = NULL;

	again.accounts = accounts;
	again.count = 0;
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (object->kind != OBJECT_STORE || !is_awaited(object, live) ||
			(last && strcmp(last, object->account) == 0))
			continue;
		last = object->account;
		accounts[again.count++] =
			*live_find_account(input->accounts, input->count, object->account);
	}
	if (!again.count)
		return true;
	if (!live_read(&again, &found, errors))
		return false;
	for (size_t i = 0; i < found.object_count; i++) {
		const struct object *object = &found.objects[i];
		const struct object *known =
			model_object(recorded, object->account, object->store, NULL);
		if (known && is_awaited(known, live))
			model_add_copy(live, object);
	}
	model_sort(live);
	return true;
}

/* Lists the stores of awaited secrets. */
static bool look_for_secrets(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors)
{
	const struct object **stores =
		mem_alloc(recorded->object_count * sizeof(const struct object *));
	struct live_stores wanted = {.items = stores};

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i], *store;
		if (object->kind != OBJECT_SECRET || !is_awaited(object, live))
			continue;
		store = model_object(live, object->account, object->store, NULL);
		if (store && (!wanted.count || stores[wanted.count - 1] != store))
			stores[wanted.count++] = store;
	}
	bool is_good = !wanted.count || live_read_inside(input, &wanted, live, errors);
	free((void *)stores);
	return is_good;
}

bool recover_look(const struct live_input *input, const struct model *recorded, struct model *live,
	struct error_list *errors)
{
	return look_for_stores(input, recorded, live, errors) &&
	       look_for_secrets(input, recorded, live, errors);
}
