#include "plan/renames.h"

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
static bool rename_to(struct object *object, const char *address)
{
	object->secret = strrchr(address, '/') + 1;
	return true;
}

bool renames_back(const struct renames *renames, struct object *object)
{
	const struct move *move = find(renames->by_to, object);

	return move && rename_to(object, move->from);
}

bool renames_on(const struct renames *renames, struct object *object)
{
	const struct move *move = find(renames->by_from, object);

	return move && rename_to(object, move->to);
}

static const struct object *find_object(const struct model *model, const struct object *like)
{
	return model_object(model, like->account, like->store, like->secret);
}

const struct object *renames_former(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct object *former = NULL;
	struct object name = *object;

	while (!former && renames_back(renames, &name))
		former = find_object(others, &name);
	return former;
}

const struct object *renames_latter(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct object *latter = NULL;
	struct object name = *object;

	while (!latter && renames_on(renames, &name))
		latter = find_object(others, &name);
	return latter;
}

const struct object *renames_same(const struct model *live, const struct object *recorded)
{
	const struct object *now = find_object(live, recorded);

	return now && recorded->id && strcmp(now->id, recorded->id) == 0 ? now : NULL;
}

const struct object *renames_holder(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live)
{
	struct object name = *desired;

	do {
		const struct object *known = find_object(recorded, &name);
		if (known && renames_same(live, known))
			return known;
	} while (renames_back(renames, &name));
	return NULL;
}
