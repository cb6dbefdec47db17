#include "plan/bindings.h"

#include "adapter/table.h"

static bool loses_scope(const struct row *row)
{
	return row->action == ACTION_UPDATE && row->writes & FIELD_SCOPES &&
	       model_has_scope(row->live->scopes, "workers") &&
	       !model_has_scope(row->desired->scopes, "workers");
}

/* False: it breaks no binding. */
static bool breaks(const struct row *row, enum break_kind *ret_kind)
{
	if (row_object(row)->kind == OBJECT_STORE) {
		*ret_kind = BREAK_STORE;
		return row_destroys(row);
	}
	*ret_kind = row->action != ACTION_DESTROY ? BREAK_SCOPE
		    : row->renamed_to             ? BREAK_RENAME
						  : BREAK_DESTROY;
	return row->action == ACTION_DESTROY || loses_scope(row);
}

/* The id of the store that exists before the plan; NULL: none does. */
static const char *store_id(const struct planner_input *input, const struct object *object)
{
	const struct model *const models[] = {input->live, input->recorded};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		const struct object *store =
			model_object(models[i], object->account, object->store, NULL);
		if (store && store->id)
			return store->id;
	}
	return NULL;
}

/* A store's key is its id; that of a secret goes on with a line break and its name. */
static void add_row(
	const struct planner_input *input, struct plan *plan, struct row *row, struct table **rows)
{
	const struct object *object = row_object(row);
	const char *id = store_id(input, object);
	enum break_kind kind;

	if (!breaks(row, &kind) || !id)
		return;
	table_put(rows,
		object->secret ? arena_format(&plan->arena, "%s\n%s", id, object->secret) : id,
		row);
}

/* A store's row breaks the bindings of the secrets in it: what never was there is no loss. */
static bool has_secret(
	const struct planner_input *input, const struct object *store, const char *name)
{
	return model_object(input->live, store->account, store->store, name) ||
	       model_object(input->recorded, store->account, store->store, name);
}

void bindings_check(const struct planner_input *input, struct plan *plan)
{
	struct table *rows = NULL;

	for (size_t i = 0; i < plan->row_count && input->binding_count; i++)
		add_row(input, plan, &plan->rows[i], &rows);
	plan->broken = mem_alloc(input->binding_count * sizeof(*plan->broken));
	for (size_t i = 0; i < input->binding_count && rows; i++) {
		const struct worker_binding *binding = &input->bindings[i];
		const char *key =
			arena_format(&plan->arena, "%s\n%s", binding->store_id, binding->secret);
		const struct row *row = table_get(rows, binding->store_id);
		if (row && !has_secret(input, row_object(row), binding->secret))
			continue;
		struct broken_binding broken = {
			binding, row ? row : table_get(rows, key), BREAK_STORE};
		if (broken.row && breaks(broken.row, &broken.kind))
			plan->broken[plan->broken_count++] = broken;
	}
	table_free(&rows);
}
