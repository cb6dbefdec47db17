#include "plan/guard.h"

#include "base/str.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum { NAMED_AT_MOST = 10 };

struct guard_limits guard_defaults(const struct plan_options *options)
{
	bool is_explicit = options->destroys_all;

	return (struct guard_limits){
		.allow_store_destroy = is_explicit,
		.max_deletes = SIZE_MAX,
		.max_delete_percent = is_explicit ? 100 : GUARD_DELETE_PERCENT,
	};
}

static void add_name(struct str *out, const struct object *object, size_t index, size_t count)
{
	char *address AUTO_FREE = object_address(object);
	char *shown AUTO_FREE = text_visible(address, 0);

	text_add_listed(out, shown, index, count, NAMED_AT_MOST);
}

static void refuse_unmanaged(const struct row *row, struct error_list *errors)
{
	struct str names CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};
	struct error *err = error_list_add(errors);
	bool is_one = row->unmanaged_count == 1;

	add_name(&address, row_object(row), 0, 1);
	for (size_t i = 0; i < row->unmanaged_count; i++)
		add_name(&names, &row->unmanaged[i], i, row->unmanaged_count);
	error_set(err, "%s: contains %s that cfprov does not manage: %s", str_text(&address),
		is_one ? "a secret" : "secrets", str_text(&names));
	error_hint(err, "Destroying the store destroys %s as well. To proceed, pass -force.",
		is_one ? "it" : "them");
}

static void refuse_stores(const struct plan *plan, size_t count, struct error_list *errors)
{
	struct str names CLEANUP(str_release) = {0};
	struct error *err = error_list_add(errors);
	size_t index = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		if (row_destroys(&plan->rows[i]) &&
			row_object(&plan->rows[i])->kind == OBJECT_STORE)
			add_name(&names, row_object(&plan->rows[i]), index++, count);
	error_set(err, "refusing to destroy the %s %s", count == 1 ? "store" : "stores",
		str_text(&names));
	error_hint(err, "This destroys the store and every secret in it, and cannot be undone. To "
			"proceed, pass -allow-store-destroy.");
}

static void check_numbers(const struct plan *plan, size_t deletes,
	const struct guard_limits *limits, struct error_list *errors)
{
	if (deletes > limits->max_deletes) {
		struct error *err = error_list_add(errors);
		error_set(err, "refusing to destroy %zu object%s (limit: -max-deletes=%zu)",
			deletes, deletes == 1 ? "" : "s", limits->max_deletes);
		error_hint(err, "To proceed, raise the limit or pass -force.");
	}
	if (plan->managed >= GUARD_FEW &&
		deletes * 100 > limits->max_delete_percent * plan->managed) {
		struct error *err = error_list_add(errors);
		error_set(err, "refusing to destroy %zu of %zu managed objects (limit: %zu%%)",
			deletes, plan->managed, limits->max_delete_percent);
		error_hint(err, "To proceed, pass -force or raise -max-delete-percent.");
	}
}

/* Lends one refusal of the policy, at its place there: no option lifts it. */
static struct error *PRINTF(4, 5) refuse_by_policy(struct error_list *errors, const char *name,
	const struct place *place, const char *format, ...)
{
	struct str text CLEANUP(str_release) = {0}, rule CLEANUP(str_release) = {0};
	struct error *err = error_list_add(errors);
	va_list args;

	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	policy_add_rule(&rule, name, place);
	error_set(err, "%s (%s)", str_text(&text), str_text(&rule));
	error_hint(err, "No option lifts a limit of the policy.");
	return err;
}

bool guard_overwrites(const struct row *row)
{
	const struct object *recorded = row->copies ? row->copies : row->recorded;

	if (!(row->writes & FIELD_VALUE) || row_destroys(row))
		return false;
	if (row->action == ACTION_ADOPT)
		return true;
	return !recorded->version || object_has_foreign_value(recorded) ||
	       object_drift(recorded, row->live) & FIELD_VALUE ||
	       (row->copies && row->desired->verdict != VALUE_SAME);
}

static void refuse_losses(size_t objects, size_t values, const struct policy_destroy *policy,
	struct error_list *errors)
{
	struct str what CLEANUP(str_release) = {0};

	if (objects || !values)
		str_format(&what, "destroy %zu object%s", objects, objects == 1 ? "" : "s");
	if (values)
		str_format(&what, "%soverwrite %zu value%s", objects ? " and " : "", values,
			values == 1 ? "" : "s");
	struct error *err = refuse_by_policy(errors, "destroy.max_deletes", &policy->deletes_place,
		"refusing to %s: the policy allows %zu", str_text(&what), policy->max_deletes);
	if (values)
		error_hint(err,
			"A value that cfprov did not write is lost once it is overwritten, and "
			"counts like an object. To keep the values, set `update: if_absent`. %s",
			err->hint);
}

/* Everything counts that would be lost, whether cfprov manages it or not. */
static void check_policy(const struct plan *plan, size_t deletes, size_t stores,
	const struct policy_destroy *policy, struct error_list *errors)
{
	size_t objects = deletes, values = 0, managed = deletes;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		bool is_lost = guard_overwrites(row);
		objects += row_destroys(row) ? row->unmanaged_count : 0;
		values += is_lost;
		managed += is_lost && row->action != ACTION_ADOPT;
	}
	if (objects + values > policy->max_deletes)
		refuse_losses(objects, values, policy, errors);
	if (managed * 100 > policy->max_delete_percent * plan->managed)
		refuse_by_policy(errors, "destroy.max_delete_percent", &policy->percent_place,
			"refusing to destroy %zu of %zu managed objects%s: the policy allows "
			"%zu%%",
			managed, plan->managed, managed > deletes ? " or their values" : "",
			policy->max_delete_percent);
	if (stores && !policy->allows_stores)
		refuse_by_policy(errors, "destroy.stores", &policy->stores_place,
			"refusing to destroy %zu store%s: the policy allows none", stores,
			stores == 1 ? "" : "s");
}

bool guard_check(
	const struct plan *plan, const struct guard_limits *limits, struct error_list *errors)
{
	size_t before = errors->count, deletes = 0, stores = 0;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (!row_destroys(row) || row->renamed_to)
			continue; /* a rename keeps the value */
		deletes++;
		stores += row_object(row)->kind == OBJECT_STORE;
		if (row->unmanaged_count && !limits->force)
			refuse_unmanaged(row, errors);
	}
	if (stores && !limits->allow_store_destroy)
		refuse_stores(plan, stores, errors);
	if (!limits->force)
		check_numbers(plan, deletes, limits, errors);
	if (limits->policy)
		check_policy(plan, deletes, stores, limits->policy, errors);
	return errors->count == before;
}
