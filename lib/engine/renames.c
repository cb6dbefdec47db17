#include "engine/renames.h"

#include "adapter/table.h"

#include <string.h>

/* Moves of aliases have no slash, and are no business of secrets. */
void renames_init(struct renames *renames, const struct model *desired)
{
	for (size_t i = 0; i < desired->move_count; i++) {
		struct move *move = &desired->moves[i];
		if (!strchr(move->from, '/'))
			continue;
		table_put(&renames->by_from, move->from, move);
		table_put(&renames->by_to, move->to, move);
	}
}

void renames_release(struct renames *renames)
{
	table_free(&renames->by_from);
	table_free(&renames->by_to);
}

static const struct move *find(const struct table *moves, const struct object *object)
{
	if (!table_count(moves) || object->kind != OBJECT_SECRET)
		return NULL;
	char *address AUTO_FREE = object_address(object);
	return table_get(moves, address);
}

/* A move stays within a store, so that only the last part differs. */
static const struct object *named(
	const struct object *object, const char *address, const struct model *others)
{
	return model_object(others, object->account, object->store, strrchr(address, '/') + 1);
}

const struct object *renames_former(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct move *move = find(renames->by_to, object);

	return move ? named(object, move->from, others) : NULL;
}

const struct object *renames_latter(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct move *move = find(renames->by_from, object);

	return move ? named(object, move->to, others) : NULL;
}

const struct object *renames_same(const struct model *live, const struct object *recorded)
{
	const struct object *now =
		model_object(live, recorded->account, recorded->store, recorded->secret);

	return now && recorded->id && strcmp(now->id, recorded->id) == 0 ? now : NULL;
}

const struct object *renames_holder(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live)
{
	const struct object *known =
		model_object(recorded, desired->account, desired->store, desired->secret);

	if (known && renames_same(live, known))
		return known;
	known = renames_former(renames, desired, recorded);
	return known && renames_same(live, known) ? known : NULL;
}
