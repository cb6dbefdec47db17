#include "represent.h"

#include "adapter/json.h"
#include "base/version.h"
#include "sides.h"
#include "terraform.h"

/* What the functions below share: where to write, and where account ids are known. */
struct sheet {
	struct json_writer json;
	const struct model *accounts;
};

static void put_versions(struct json_writer *json, const char *format)
{
	json_put_text(json, "format_version", format);
	json_put_text(json, "terraform_version", TERRAFORM_VERSION);
	json_put_text(json, "cfprov_version", cfprov_version());
}

/* ---- one object ---- */

static const char *account_id(const struct sheet *sheet, const char *alias)
{
	const struct account *account = model_account(sheet->accounts, alias);

	return account ? account->id : NULL;
}

/* `former` is the address that it had, or NULL. */
static void put_identity(struct json_writer *json, const struct object *object, const char *former)
{
	char *address AUTO_FREE = object_address(object);

	json_put_text(json, "address", address);
	if (former)
		json_put_text(json, "previous_address", former);
	json_put_text(json, "mode", "managed");
	json_put_text(json, "type", terraform_type(object->kind));
	json_put_text(json, "name", terraform_name(object));
	json_put_text(json, "provider_name", TERRAFORM_PROVIDER);
}

static void put_empty(struct json_writer *json, const char *key)
{
	json_begin_object(json, key);
	json_end(json);
}

static void put_resource(struct sheet *sheet, const struct side *side)
{
	const struct object *object = &side->object;

	json_begin_object(&sheet->json, NULL);
	put_identity(&sheet->json, object, NULL);
	json_put_integer(&sheet->json, "schema_version", 0);
	side_put(&sheet->json, "values", side, account_id(sheet, object->account));
	side_put_sensitive(&sheet->json, "sensitive_values", side);
	json_end(&sheet->json);
}

static void begin_resources(struct json_writer *json, const char *key)
{
	json_begin_object(json, key);
	json_begin_object(json, "root_module");
	json_begin_array(json, "resources");
}

static void end_resources(struct json_writer *json)
{
	json_end(json);
	json_end(json);
	json_end(json);
}

void represent_state(struct str *out, const struct state *state)
{
	const struct model *model = &state->model;
	struct sheet sheet = {json_writer(out, 0), model};

	json_begin_object(&sheet.json, NULL);
	put_versions(&sheet.json, "1.0");
	begin_resources(&sheet.json, "values");
	for (size_t i = 0; i < model->object_count; i++) {
		const struct side side = side_of(&model->objects[i]);
		put_resource(&sheet, &side);
	}
	end_resources(&sheet.json);
	json_end(&sheet.json);
	str_char(out, '\n');
}

/* ---- what was, and what is to be ---- */

static void put_planned_values(struct sheet *sheet, const struct plan *plan)
{
	struct plan_row row = {0};

	begin_resources(&sheet->json, "planned_values");
	while (plan_row_next(&row, plan)) {
		const struct side side = side_after(&row);
		if (side.is_there)
			put_resource(sheet, &side);
	}
	end_resources(&sheet->json);
}

static void put_prior_state(struct sheet *sheet, const struct plan *plan)
{
	struct plan_row row = {0};

	json_begin_object(&sheet->json, "prior_state");
	put_versions(&sheet->json, "1.0");
	begin_resources(&sheet->json, "values");
	while (plan_row_next(&row, plan)) {
		const struct side side = side_before(&row);
		if (side.is_there)
			put_resource(sheet, &side);
	}
	end_resources(&sheet->json);
	json_end(&sheet->json);
}

/* ---- changes ---- */

struct change_form {
	const char *const *actions; /* two, the second may be NULL */
	const char *account_id;
	struct side before, after;
	const char *importing; /* an id */
};

static void put_change(struct json_writer *json, const struct change_form *form)
{
	json_begin_object(json, "change");
	json_begin_array(json, "actions");
	for (size_t i = 0; i < 2 && form->actions[i]; i++)
		json_put_text(json, NULL, form->actions[i]);
	json_end(json);
	side_put(json, "before", &form->before, form->account_id);
	side_put(json, "after", &form->after, form->account_id);
	side_put_unknown(json, "after_unknown", &form->after);
	side_put_sensitive(json, "before_sensitive", &form->before);
	side_put_sensitive(json, "after_sensitive", &form->after);
	if (form->importing) {
		json_begin_object(json, "importing");
		json_put_text(json, "id", form->importing);
		json_end(json);
	}
	json_end(json);
}

static void put_action(
	struct sheet *sheet, const struct plan_view *view, const struct plan_row *row)
{
	const struct action *action = row->action;
	const struct object *object = action_object(action);
	const struct terraform_words words =
		terraform_words(action, view->mode == PLANNING_DESTROY);
	char *former AUTO_FREE = plan_former_address(view->plan, action);
	struct change_form form = {
		.actions = words.actions,
		.account_id = account_id(sheet, object->account),
		.before = side_before(row),
		.after = side_after(row),
	};

	if (action_kind(action) == ACTION_ADOPT) {
		form.before = side_of(action->before);
		form.importing = action->before->id;
	}
	json_begin_object(&sheet->json, NULL);
	put_identity(&sheet->json, object, former);
	put_change(&sheet->json, &form);
	if (words.plan_reason)
		json_put_text(&sheet->json, "action_reason", words.plan_reason);
	if (action->reason)
		json_put_text(&sheet->json, "reason", action->reason);
	side_put_fields(&sheet->json, "changes", action->changes);
	side_put_fields(&sheet->json, "unverified", action->is_unverified ? FIELD_VALUE : 0);
	json_end(&sheet->json);
}

static void put_actions(struct sheet *sheet, const struct plan_view *view)
{
	struct plan_row row = {0};

	json_begin_array(&sheet->json, "resource_changes");
	while (plan_row_next(&row, view->plan))
		if (row.action)
			put_action(sheet, view, &row);
	json_end(&sheet->json);
}

static void put_drift(struct sheet *sheet, const struct drift *drift)
{
	static const char *const update[] = {"update", NULL}, *const delete[] = {"delete", NULL};
	const struct object *recorded = drift->recorded, *live = drift->live;
	const struct change_form form = {
		.actions = live ? update : delete,
		.account_id = account_id(sheet, recorded->account),
		.before = side_of(recorded),
		.after = side_of_drift(drift),
	};

	json_begin_object(&sheet->json, NULL);
	put_identity(&sheet->json, recorded, NULL);
	put_change(&sheet->json, &form);
	side_put_fields(&sheet->json, "changes", live ? object_drift(recorded, live) : 0);
	if (live && live->audit)
		side_put_audit(&sheet->json, live->audit, false); /* the document may be kept */
	json_end(&sheet->json);
}

/* What the plan calls drift, and what else the state is to learn; each address once. */
static void put_drifts(struct sheet *sheet, const struct plan *plan)
{
	size_t i = 0, j = 0;

	json_begin_array(&sheet->json, "resource_drift");
	while (i < plan->drift_count || j < plan->refresh_count) {
		const struct drift *drift = i < plan->drift_count ? &plan->drifts[i] : NULL;
		const struct refresh *refresh =
			j < plan->refresh_count ? &plan->refreshes[j] : NULL;
		int order = !refresh ? -1
			    : !drift ? 1
				     : object_compare(drift->recorded, refresh->before);
		if (order <= 0)
			put_drift(sheet, drift);
		else if (refresh_is_drift(refresh))
			put_drift(sheet, &(struct drift){refresh->before, refresh->after});
		i += order <= 0;
		j += order >= 0;
	}
	json_end(&sheet->json);
}

void represent_plan(struct str *out, const struct plan_view *view)
{
	struct sheet sheet = {json_writer(out, 0), view->accounts};
	const struct plan *plan = view->plan;
	bool changes = !plan_is_empty(plan) || plan->refresh_count > 0;

	json_begin_object(&sheet.json, NULL);
	put_versions(&sheet.json, "1.2");
	json_put_bool(&sheet.json, "applyable", changes && !view->has_failed);
	json_put_bool(&sheet.json, "complete", !view->is_partial && !view->has_failed);
	json_put_bool(&sheet.json, "errored", view->has_failed);
	put_planned_values(&sheet, plan);
	put_actions(&sheet, view);
	put_drifts(&sheet, plan);
	put_prior_state(&sheet, plan);
	put_empty(&sheet.json, "configuration");
	json_end(&sheet.json);
	str_char(out, '\n');
}
