#include "plan/renames.h"

#include "adapter/table.h"

#include <string.h>

/* True if the move renames a secret within its store. Aliases have no slash. */
static bool is_step(const struct move *move)
{
	const char *from = strrchr(move->from, '/'), *to = strrchr(move->to, '/');
	size_t length = from ? (size_t)(from - move->from) : 0;

	return from && to && length == (size_t)(to - move->to) &&
	       strncmp(move->from, move->to, length) == 0;
}

/*
 * A manifest has no circles, but a forged plan may: following one would never end. Each name is the
 * start of at most one move and the end of at most one, so moves that no first name leads to form
 * circles.
 */
void renames_init(struct renames *renames, const struct model *desired)
{
	struct table *from = NULL, *to = NULL;

	for (size_t i = 0; i < desired->move_count; i++) {
		struct move *move = &desired->moves[i];
		if (!is_step(move) || table_get(from, move->from) || table_get(to, move->to))
			continue;
		table_put(&from, move->from, move);
		table_put(&to, move->to, move);
	}
	for (size_t i = 0; i < desired->move_count; i++) {
		struct move *move = &desired->moves[i];
		if (table_get(from, move->from) != move || table_get(to, move->from))
			continue;
		for (; move; move = table_get(from, move->to)) {
			table_put(&renames->by_from, move->from, move);
			table_put(&renames->by_to, move->to, move);
		}
	}
	table_free(&from);
	table_free(&to);
}

void renames_release(struct renames *renames)
{
	table_free(&renames->by_from);
	table_free(&renames->by_to);
}

static bool step(const struct table *moves, bool on, struct object *object)
{
	if (!table_count(moves) || object->kind != OBJECT_SECRET)
		return false;
	char *address AUTO_FREE = object_address(object);
	const struct move *move = table_get(moves, address);
	if (move)
		object->secret = strrchr(on ? move->to : move->from, '/') + 1;
	return move != NULL;
}

bool renames_step_back(const struct renames *renames, struct object *object)
{
	return step(renames->by_to, false, object);
}

bool renames_step_on(const struct renames *renames, struct object *object)
{
	return step(renames->by_from, true, object);
}

const struct object *renames_older(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct object *found = NULL;
	struct object name = *object;

	while (!found && renames_step_back(renames, &name))
		found = model_find(others, &name);
	return found;
}

const struct object *renames_newer(
	const struct renames *renames, const struct object *object, const struct model *others)
{
	const struct object *found = NULL;
	struct object name = *object;

	while (!found && renames_step_on(renames, &name))
		found = model_find(others, &name);
	return found;
}

const struct object *renames_original(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live)
{
	struct object name = *desired;

	do {
		const struct object *known = model_find(recorded, &name);
		const struct object *now = known ? model_find(live, known) : NULL;
		if (now && known->id && strcmp(now->id, known->id) == 0)
			return known;
	} while (renames_step_back(renames, &name));
	return NULL;
}
