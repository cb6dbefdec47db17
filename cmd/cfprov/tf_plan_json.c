#include "tf_plan_json.h"

#include "base/version.h"
#include "broken.h"
#include "fields.h"
#include "plan/drift.h"
#include "value_source.h"
#include "verbs.h"

/* The Terraform whose formats these are, for tools that check before they read. */
#define TERRAFORM_VERSION  "1.9.0"
#define TERRAFORM_PROVIDER "registry.terraform.io/cloudflare/cloudflare"

/* ---- words ---- */

const char *tf_type(enum object_kind kind)
{
	return kind == OBJECT_SECRET ? "cloudflare_secrets_store_secret"
				     : "cloudflare_secrets_store";
}

/* The last part of the address. Lends. */
static const char *name_of(const struct object *object)
{
	return object->secret ? object->secret : object->store;
}

void tf_put_audit(struct json_writer *json, const struct audit *audit, bool names_person)
{
	json_begin_object(json, "modified");
	json_put_text(json, "by", audit->who);
	if (names_person && audit->person)
		json_put_text(json, "email", audit->person);
	json_put_text(json, "at", audit->time);
	json_put_text(json, "value", audit_value_word(audit->value));
	json_end(json);
}

/* ---- before and after ---- */

struct tf_values {
	bool exists;
	struct object object; /* its texts are lent by what it was made from */
	/* What Cloudflare assigns is known only afterwards: id, dates and status of what is new,
	 * the date of what is written. */
	bool is_new, is_written;
};

static struct tf_values values_of(const struct object *object)
{
	return object ? (struct tf_values){.exists = true, .object = *object}
		      : (struct tf_values){0};
}

/* What is recorded, with what Cloudflare says of it now. */
static struct tf_values as_it_exists(const struct object *recorded, const struct object *live)
{
	struct tf_values values = values_of(recorded);

	values.object.created = live->created;
	values.object.modified = live->modified;
	values.object.scopes = live->scopes;
	values.object.comment = live->comment;
	values.object.status = live->status;
	return values;
}

/* What is recorded, as it exists now; of a rename the old name. Not what is adopted. */
static struct tf_values values_before(const struct row *row)
{
	if (row->action == ACTION_ADOPT)
		return values_of(NULL);
	if (row->copies || row->action == ACTION_UPDATE)
		return as_it_exists(row->copies ? row->copies : row->recorded, row->live);
	return values_of(row->learns ? row->learned : row_before(row));
}

static struct tf_values values_after(const struct row *row)
{
	const struct object *desired = row->desired;
	bool is_new = row->action == ACTION_CREATE || row->action == ACTION_REPLACE;
	struct tf_values after;

	if (row->action == ACTION_NONE)
		return values_before(row);
	if (is_new || row->action == ACTION_DESTROY || row->action == ACTION_FORGET) {
		after = values_of(is_new ? desired : NULL);
		after.is_new = is_new;
		return after;
	}
	after = as_it_exists(row_before(row), row->live);
	if (row->writes & FIELD_SCOPES)
		after.object.scopes = desired->scopes;
	if (row->writes & FIELD_COMMENT)
		after.object.comment = desired->comment;
	if (row->writes & FIELD_VALUE)
		after.object.version = desired->version;
	after.is_written = row->writes != 0;
	return after;
}

/* ---- objects ---- */

static void put_values(struct json_writer *json, const char *key, const struct tf_values *values,
	const char *account_id)
{
	const struct object *object = &values->object;
	bool is_secret = object->kind == OBJECT_SECRET;

	if (!values->exists) {
		json_put_null(json, key);
		return;
	}
	json_begin_object(json, key);
	json_put_text(json, "account_id", account_id);
	if (is_secret)
		json_put_text(json, "comment", object->comment);
	if (!values->is_new) {
		json_put_text(json, "created", object->created);
		json_put_text(json, "id", object->id);
	}
	if (!values->is_new && !values->is_written)
		json_put_text(json, "modified", object->modified);
	json_put_text(json, "name", name_of(object));
	if (is_secret) {
		json_put_list(json, "scopes", object->scopes);
		if (!values->is_new)
			json_put_text(json, "status", object->status);
		json_put_text(json, "store_name", object->store);
		json_put_null(json, "value");
		if (object->version)
			json_put_integer(json, "version", object->version);
		else
			json_put_null(json, "version");
	}
	json_end(json);
}

static void put_unknown(struct json_writer *json, const char *key, const struct tf_values *values)
{
	json_begin_object(json, key);
	if (values->is_new) {
		json_put_bool(json, "created", true);
		json_put_bool(json, "id", true);
	}
	if (values->is_new || values->is_written)
		json_put_bool(json, "modified", true);
	if (values->is_new && values->object.kind == OBJECT_SECRET)
		json_put_bool(json, "status", true);
	json_end(json);
}

static void put_sensitive(struct json_writer *json, const char *key, const struct tf_values *values)
{
	if (!values->exists) {
		json_put_bool(json, key, false);
		return;
	}
	json_begin_object(json, key);
	if (values->object.kind == OBJECT_SECRET)
		json_put_bool(json, "value", true);
	json_end(json);
}

struct tf_document {
	struct json_writer json;
	const struct model *accounts; /* for their ids */
};

static void put_versions(struct json_writer *json, const char *format)
{
	json_put_text(json, "format_version", format);
	json_put_text(json, "terraform_version", TERRAFORM_VERSION);
	json_put_text(json, "cfprov_version", cfprov_version());
}

static const char *account_id(const struct tf_document *document, const struct object *object)
{
	const struct account *account = model_account(document->accounts, object->account);

	return account ? account->id : NULL;
}

/* Begins the resource and leaves it open. `previous` is the address that it had, or NULL. */
static void begin_resource(
	struct json_writer *json, const struct object *object, const char *previous)
{
	char *address AUTO_FREE = object_address(object);

	json_begin_object(json, NULL);
	json_put_text(json, "address", address);
	if (previous)
		json_put_text(json, "previous_address", previous);
	json_put_text(json, "mode", "managed");
	json_put_text(json, "type", tf_type(object->kind));
	json_put_text(json, "name", name_of(object));
	json_put_text(json, "provider_name", TERRAFORM_PROVIDER);
}

/* True if `resource_changes` has the row: also what is desired and does not change. */
static bool has_change(const struct plan_view *view, const struct row *row)
{
	return row_is_change(row) ||
	       (row->action == ACTION_NONE && row->desired && !view->options->destroys_all &&
		       !view->options->refresh_only);
}

static void begin_resources(struct json_writer *json, const char *key)
{
	json_begin_object(json, key);
	json_begin_object(json, "root_module");
	json_begin_array(json, "resources");
}

static void put_resource(struct tf_document *document, const struct tf_values *values)
{
	struct json_writer *json = &document->json;

	if (!values->exists)
		return;
	begin_resource(json, &values->object, NULL);
	json_put_integer(json, "schema_version", 0);
	put_values(json, "values", values, account_id(document, &values->object));
	put_sensitive(json, "sensitive_values", values);
	json_end(json);
}

static void end_resources(struct json_writer *json)
{
	json_end(json);
	json_end(json);
	json_end(json);
}

/* Of the rows, as `values_at` says. */
static void put_resources(struct tf_document *document, const char *key,
	const struct plan_view *view, struct tf_values (*values_at)(const struct row *row))
{
	begin_resources(&document->json, key);
	for (size_t i = 0; i < view->plan->row_count; i++) {
		const struct row *row = &view->plan->rows[i];
		if (!row->learns && !has_change(view, row))
			continue;
		const struct tf_values values = values_at(row);
		put_resource(document, &values);
	}
	end_resources(&document->json);
}

void tf_state_json(struct str *out, const struct state *state)
{
	struct tf_document document = {json_writer(out, 0), &state->model};

	json_begin_object(&document.json, NULL);
	put_versions(&document.json, "1.0");
	begin_resources(&document.json, "values");
	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct tf_values values = values_of(&state->model.objects[i]);
		put_resource(&document, &values);
	}
	end_resources(&document.json);
	json_end(&document.json);
	str_char(out, '\n');
}

/* ---- changes ---- */

/* Leaves the change open. `actions` ends with NULL. */
static void begin_change(struct tf_document *document, const struct object *object,
	const char *const *actions, const struct tf_values *before, const struct tf_values *after)
{
	struct json_writer *json = &document->json;
	const char *id = account_id(document, object);

	json_begin_object(json, "change");
	json_begin_array(json, "actions");
	for (; *actions; actions++)
		json_put_text(json, NULL, *actions);
	json_end(json);
	put_values(json, "before", before, id);
	put_values(json, "after", after, id);
	put_unknown(json, "after_unknown", after);
	put_sensitive(json, "before_sensitive", before);
	put_sensitive(json, "after_sensitive", after);
}

/* The names of these fields (FIELD_*), if there are any: a value's change shows nowhere else. */
static void put_fields(struct json_writer *json, const char *key, unsigned fields)
{
	static const char *const words[] = {"value", "scopes", "comment"}; /* as FIELD_* */

	if (!fields)
		return;
	json_begin_array(json, key);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (fields & 1u << i)
			json_put_text(json, NULL, words[i]);
	json_end(json);
}

static void put_change(
	struct tf_document *document, const struct plan_view *view, const struct row *row)
{
	static const char *const update[] = {"update", NULL};
	struct json_writer *json = &document->json;
	const struct verb *verb = verb_of(row);
	const struct object *object = row_object(row);
	bool is_adopted = row->action == ACTION_ADOPT;
	const struct tf_values after = values_after(row);
	const struct tf_values before = is_adopted ? values_of(row->live) : values_before(row);

	begin_resource(json, object, row->moved_from);
	begin_change(document, object, is_adopted && row->writes ? update : verb->tf_actions,
		&before, &after);
	if (is_adopted) {
		json_begin_object(json, "importing");
		json_put_text(json, "id", row->live->id);
		json_end(json);
	}
	json_end(json);
	if (verb->tf_plan_reason && !view->options->destroys_all)
		json_put_text(json, "action_reason", verb->tf_plan_reason);
	if (row->reason)
		json_put_text(json, "reason", row->reason);
	if (row->desired && row->desired->value && after.exists)
		value_source_put(json, "value_source", row->desired->value);
	put_fields(json, "changes", row->writes);
	put_fields(json, "unverified", row->notes & ROW_UNVERIFIED ? FIELD_VALUE : 0);
	put_fields(json, "not_compared", row->notes & ROW_NOT_COMPARED ? FIELD_VALUE : 0);
	json_end(json);
}

static void put_drift(struct tf_document *document, const struct drift *drift)
{
	static const char *const update[] = {"update", NULL}, *const delete[] = {"delete", NULL};
	const struct tf_values before = values_of(drift->recorded);
	const struct tf_values after = drift->is_gone ? values_of(NULL)
				       : drift->is_another
					       ? values_of(&drift->now)
					       : as_it_exists(drift->recorded, &drift->now);
	struct json_writer *json = &document->json;

	begin_resource(json, drift->recorded, NULL);
	begin_change(document, drift->recorded, drift->is_gone ? delete : update, &before, &after);
	json_end(json);
	put_fields(json, "changes", drift->fields);
	if (drift->now.audit)
		tf_put_audit(json, drift->now.audit, false); /* the document may be kept */
	json_end(json);
}

void tf_plan_json(struct str *out, const struct plan_view *view)
{
	struct tf_document document = {json_writer(out, 0), view->accounts};
	struct json_writer *json = &document.json;
	const struct plan *plan = view->plan;
	bool has_changes = !plan_is_empty(plan) || plan->learned > 0;
	struct drift drift;

	json_begin_object(json, NULL);
	put_versions(json, "1.2");
	json_begin_array(json, "accounts");
	for (size_t i = 0; i < view->accounts->account_count; i++)
		value_source_put_account(json, NULL, &view->accounts->accounts[i]);
	json_end(json);
	json_put_bool(json, "applyable", has_changes && !view->has_failed);
	json_put_bool(json, "complete", !view->is_partial && !view->has_failed);
	json_put_bool(json, "errored", view->has_failed);
	put_resources(&document, "planned_values", view, values_after);
	json_begin_array(json, "resource_changes");
	for (size_t i = 0; i < plan->row_count; i++)
		if (has_change(view, &plan->rows[i]))
			put_change(&document, view, &plan->rows[i]);
	json_end(json);
	json_begin_array(json, "resource_drift");
	for (size_t i = 0; i < plan->row_count; i++)
		if (drift_reported(view->options, &plan->rows[i], &drift) ||
			drift_learned(&plan->rows[i], &drift))
			put_drift(&document, &drift);
	json_end(json);
	broken_put(json, plan);
	json_begin_object(json, "prior_state");
	put_versions(json, "1.0");
	put_resources(&document, "values", view, values_before);
	json_end(json);
	json_begin_object(json, "configuration");
	json_end(json);
	json_end(json);
	str_char(out, '\n');
}
