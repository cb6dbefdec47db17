#include "engine/recover.h"

#include <string.h>

/* Was this very account read? The alias may mean another one now; the planner refuses that. */
static bool was_read(const struct model *recorded, const struct model *live, const char *alias)
{
	const struct account *before = model_account(recorded, alias);
	const struct account *now = model_account(live, alias);

	return before && now && strcmp(before->id, now->id) == 0;
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
	struct object *mine = arena_alloc(arena, sizeof(*mine));
	*mine = *found;
	mine->origin = ORIGIN_CREATED;
	mine->fingerprint = object->fingerprint;
	mine->version = object->version;
	mine->is_unsure = object->is_unsure;
	mine->prevent_destroy = object->prevent_destroy;
	mine->forget_on_remove = object->forget_on_remove;
	*ret_change = (struct change){CHANGE_PUT, mine};
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
