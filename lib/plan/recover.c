#include "plan/recover.h"

#include "cloudflare/patience.h"
#include "plan/record.h"

#include <stdlib.h>
#include <string.h>

/* False also if the alias means another account now, which the planner reports. */
static bool was_read(const struct recover_input *input, const char *alias)
{
	const struct account *before = model_account(input->recorded, alias);
	const struct account *now = model_account(input->live, alias);

	return before && now && strcmp(before->id, now->id) == 0;
}

/* True if an object that has not appeared counts as absent; else it is awaited. */
static bool is_absent(
	const struct recover_input *input, const struct object *object, struct recovered *recovered)
{
	int64_t age_ms = patience_age_ms(object->requested_ms, input->read_ms) + input->since_ms;
	int64_t until_ms = patience_of_other_run_ms(input->patience_ms);

	if (age_ms >= until_ms)
		return true;
	int64_t next_ms = patience_next_look_ms(until_ms, age_ms) - age_ms;
	if (!recovered->awaited++ || next_ms < recovered->next_ms)
		recovered->next_ms = next_ms;
	if (until_ms - age_ms > recovered->longest_ms) {
		recovered->longest_ms = until_ms - age_ms;
		recovered->first = object;
	}
	return false;
}

void recover_changes(
	const struct recover_input *input, struct arena *arena, struct recovered *ret_recovered)
{
	const struct model *recorded = input->recorded;
	struct recovered recovered = {0};
	size_t room = 0;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (!object_is_unresolved(object) || !was_read(input, object->account))
			continue;
		struct objects found = model_doubles(input->live, object);
		if (found.count > 1 || (!found.count && !is_absent(input, object, &recovered)))
			continue;
		struct change change = {CHANGE_DROP, object};
		if (found.count)
			change = record_recovered(object, found.items, arena);
		recovered.changes = mem_room(
			recovered.changes, recovered.count, &room, sizeof(*recovered.changes));
		recovered.changes[recovered.count++] = change;
	}
	*ret_recovered = recovered;
}

void recovered_release(struct recovered *recovered)
{
	mem_free(recovered->changes);
	*recovered = (struct recovered){0};
}
