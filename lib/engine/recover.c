#include "engine/recover.h"

#include "live/patience.h"

#include <stdlib.h>
#include <string.h>

/* Was this very account read? The alias may mean another one now; the planner refuses that. */
static bool was_read(const struct model *recorded, const struct model *live, const char *alias)
{
	const struct account *before = model_account(recorded, alias);
	const struct account *now = model_account(live, alias);

	return before && now && strcmp(before->id, now->id) == 0;
}

/* Lends what is to be recorded of the one that was found. */
static struct object *recorded_as(
	const struct object *object, const struct object *found, struct arena *arena)
{
	const struct object *replaced = object->replaced;
	struct object *now = arena_alloc(arena, sizeof(*now));

	if (replaced && strcmp(replaced->id, found->id) == 0) {
		*now = *replaced; /* it has not gone yet */
		now->account = object->account;
		now->store = object->store;
		now->secret = object->secret;
		return now;
	}
	*now = *found;
	now->origin = object->origin == ORIGIN_NONE ? ORIGIN_CREATED : object->origin;
	if (object->is_strange)
		now->modified = object->modified; /* which is not that of what was found */
	now->fingerprint = object->fingerprint;
	now->former = object->former;
	now->version = object->version;
	now->is_unsure = object->is_unsure;
	now->requested_ms = object->is_unsure ? object->requested_ms : 0;
	now->prevent_destroy = object->prevent_destroy;
	now->forget_on_remove = object->forget_on_remove;
	return now;
}

/* Adds what may appear until it has this age. */
static void add_awaited(
	struct recovered *recovered, const struct object *object, int64_t age_ms, int64_t until_ms)
{
	int64_t next_ms = patience_next_look_ms(until_ms, age_ms) - age_ms;

	if (!recovered->awaited++ || next_ms < recovered->next_ms)
		recovered->next_ms = next_ms;
	if (until_ms - age_ms > recovered->longest_ms) {
		recovered->longest_ms = until_ms - age_ms;
		recovered->first = object;
	}
}

/* True if the object's fate is clear. */
static bool recover(const struct recover_input *input, const struct object *object,
	struct arena *arena, struct recovered *recovered)
{
	const struct model *live = input->live;
	const struct object *found =
		model_object(live, object->account, object->store, object->secret);
	struct change *change = &recovered->changes[recovered->count];
	int64_t age_ms = patience_age_ms(object->requested_ms, input->read_ms) + input->since_ms;
	int64_t until_ms = patience_of_other_run_ms(input->patience_ms);

	if (!found && age_ms < until_ms) {
		add_awaited(recovered, object, age_ms, until_ms);
		return false;
	}
	if (!found) {
		*change = (struct change){CHANGE_DROP, object};
		return true;
	}
	const struct object *next = found + 1;
	if (next < live->objects + live->object_count && object_compare(found, next) == 0)
		return false;
	*change = (struct change){CHANGE_PUT, recorded_as(object, found, arena)};
	return true;
}

void recover_changes(
	const struct recover_input *input, struct arena *arena, struct recovered *ret_recovered)
{
	const struct model *recorded = input->recorded;
	struct recovered recovered = {0};
	size_t room = 0;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (!object->is_unresolved || !was_read(recorded, input->live, object->account))
			continue;
		recovered.changes = mem_room(
			recovered.changes, recovered.count, &room, sizeof(*recovered.changes));
		recovered.count += recover(input, object, arena, &recovered);
	}
	*ret_recovered = recovered;
}

void recovered_release(struct recovered *recovered)
{
	free(recovered->changes);
	*recovered = (struct recovered){0};
}
