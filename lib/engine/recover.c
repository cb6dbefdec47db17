#include "engine/recover.h"

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
	now->prevent_destroy = object->prevent_destroy;
	now->forget_on_remove = object->forget_on_remove;
	return now;
}

/* True if the object's fate is clear. */
static bool recover(const struct object *object, const struct model *live, struct arena *arena,
	struct change *ret_change)
{
	const struct object *found =
		model_object(live, object->account, object->store, object->secret);

	if (!found) {
		*ret_change = (struct change){CHANGE_DROP, object};
		return true;
	}
	const struct object *next = found + 1;
	if (next < live->objects + live->object_count && object_compare(found, next) == 0)
		return false;
	*ret_change = (struct change){CHANGE_PUT, recorded_as(object, found, arena)};
	return true;
}

struct change *recover_changes(const struct model *recorded, const struct model *live,
	struct arena *arena, size_t *ret_count)
{
	struct change *changes = NULL;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		struct change change;
		if (!object->is_unresolved || !was_read(recorded, live, object->account) ||
			!recover(object, live, arena, &change))
			continue;
		changes = mem_room(changes, count, &room, sizeof(*changes));
		changes[count++] = change;
	}
	*ret_count = count;
	return changes;
}
