#include "represent.h"

#include "adapter/json.h"
#include "base/version.h"
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

/* `from` is the address that it had, or NULL. */
static void put_moved_identity(
	struct json_writer *json, const struct object *object, const char *from)
{
	char *address AUTO_FREE = object_address(object);

	json_put_text(json, "address", address);
	if (from)
		json_put_text(json, "previous_address", from);
	json_put_text(json, "mode", "managed");
	json_put_text(json, "type", terraform_type(object->kind));
	json_put_text(json, "name", terraform_name(object));
	json_put_text(json, "provider_name", TERRAFORM_PROVIDER);
}

static void put_identity(struct json_writer *json, const struct object *object)
{
	put_moved_identity(json, object, NULL);
}

static void put_empty(struct json_writer *json, const char *key)
{
	json_begin_object(json, key);
	json_end(json);
}

/* `is_known` false: the fields that Cloudflare gives stay out, nobody knows them yet. */
static void put_values(
	struct sheet *sheet, const char *key, const struct object *object, bool is_known)
{
	struct json_writer *json = &sheet->json;

	json_begin_object(json, key);
	json_put_text(json, "account_id", account_id(sheet, object->account));
	if (is_known) {
		json_put_text(json, "created", object->created);
		json_put_text(json, "id", object->id);
		json_put_text(json, "modified", object->modified);
	}
	json_put_text(json, "name", terraform_name(object));
	if (object->secret)
		json_put_text(json, "store_name", object->store);
	json_end(json);
}

static void put_resource(struct sheet *sheet, const struct object *object, bool is_known)
{
	json_begin_object(&sheet->json, NULL);
	put_identity(&sheet->json, object);
	json_put_integer(&sheet->json, "schema_version", 0);
	put_values(sheet, "values", object, is_known);
	put_empty(&sheet->json, "sensitive_values");
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
	for (size_t i = 0; i < model->object_count; i++)
		put_resource(&sheet, &model->objects[i], true);
	end_resources(&sheet.json);
	json_end(&sheet.json);
	str_char(out, '\n');
}

/* ---- what was, and what is to be ---- */

/* What there is to be at an address; NULL: nothing. *ret_known: with its id. */
static const struct object *planned(const struct plan_row *row, bool *ret_known)
{
	enum action_kind kind = row->action ? action_kind(row->action) : ACTION_NONE;

	*ret_known = kind == ACTION_NONE || kind == ACTION_ADOPT;
	if (kind == ACTION_NONE)
		return plan_row_before(row);
	return kind == ACTION_ADOPT ? row->action->before : row->action->after;
}

static void put_planned_values(struct sheet *sheet, const struct plan *plan)
{
	struct plan_row row = {0};

	begin_resources(&sheet->json, "planned_values");
	while (plan_row_next(&row, plan)) {
		bool is_known;
		const struct object *object = planned(&row, &is_known);
		if (object)
			put_resource(sheet, object, is_known);
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
		const struct object *object = plan_row_before(&row);
		if (object)
			put_resource(sheet, object, true);
	}
	end_resources(&sheet->json);
	json_end(&sheet->json);
}

/* ---- changes ---- */

struct change_form {
	const char *const *actions; /* two, the second may be NULL */
	const struct object *before, *after;
	bool is_after_known;
	const char *importing; /* an id */
};

static void put_unknown(struct json_writer *json, bool is_known)
{
	static const char *const given[] = {"created", "id", "modified"};

	json_begin_object(json, "after_unknown");
	for (size_t i = 0; !is_known && i < ARRAY_SIZE(given); i++)
		json_put_bool(json, given[i], true);
	json_end(json);
}

/* Terraform's way to say that there is nothing: null, and false where marks would stand. */
static void put_side(struct sheet *sheet, const char *key, const struct object *object, bool known)
{
	if (object)
		put_values(sheet, key, object, known);
	else
		json_put_null(&sheet->json, key);
}

static void put_marks(struct json_writer *json, const char *key, const struct object *object)
{
	if (object)
		put_empty(json, key);
	else
		json_put_bool(json, key, false);
}

static void put_change(struct sheet *sheet, const struct change_form *form)
{
	struct json_writer *json = &sheet->json;

	json_begin_object(json, "change");
	json_begin_array(json, "actions");
	for (size_t i = 0; i < 2 && form->actions[i]; i++)
		json_put_text(json, NULL, form->actions[i]);
	json_end(json);
	put_side(sheet, "before", form->before, true);
	put_side(sheet, "after", form->after, form->is_after_known);
	put_unknown(json, !form->after || form->is_after_known);
	put_marks(json, "before_sensitive", form->before);
	put_marks(json, "after_sensitive", form->after);
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
	struct change_form form = {.actions = words.actions, .before = plan_row_before(row)};

	form.after = planned(row, &form.is_after_known);
	if (action_kind(action) == ACTION_ADOPT) {
		form.before = action->before;
		form.importing = action->before->id;
	}
	json_begin_object(&sheet->json, NULL);
	put_moved_identity(&sheet->json, object, plan_previous_address(view->plan, object));
	put_change(sheet, &form);
	if (words.plan_reason)
		json_put_text(&sheet->json, "action_reason", words.plan_reason);
	if (action->reason)
		json_put_text(&sheet->json, "reason", action->reason);
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

static void put_drift(struct sheet *sheet, const struct object *before, const struct object *after)
{
	static const char *const update[] = {"update", NULL}, *const delete[] = {"delete", NULL};
	const struct change_form form = {
		.actions = after ? update : delete,
		.before = before,
		.after = after,
		.is_after_known = true,
	};

	json_begin_object(&sheet->json, NULL);
	put_identity(&sheet->json, before);
	put_change(sheet, &form);
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
			put_drift(sheet, drift->recorded, drift->live);
		else if (refresh_is_drift(refresh))
			put_drift(sheet, refresh->before, refresh->after);
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
