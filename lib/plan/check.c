#include "plan/check.h"

#include <string.h>

/* What a broken rule says about the row. */
struct rule {
	bool is_broken;
	const char *what;
};

static const char *first_broken(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].is_broken)
			return rules[i].what;
	return NULL;
}

static bool is_managed(const struct object *recorded)
{
	return recorded && recorded->origin != ORIGIN_NONE && recorded->id;
}

/* Creating, adopting and updating. `store`: the row of its store, or NULL. */
static const char *check_creation(const struct row *row, const struct row *store)
{
	const struct object *copies = row->desired ? row->copies : NULL;
	bool is_same = is_managed(row->recorded) && row_is_same(row);
	bool goes_before = store && store->action == ACTION_REPLACE;
	const struct rule rules[] = {
		{!row->desired, "creates what is not desired"},
		{row->action == ACTION_CREATE && row->live && !copies && !goes_before,
			"creates what exists"},
		{copies && (!is_managed(copies) || !object_shares_store(copies, row->desired)),
			"renames what cfprov does not manage"},
		{row->action == ACTION_ADOPT && (!row->live || is_same),
			"adopts what does not exist"},
		{row->action == ACTION_UPDATE && (!is_same || !row->writes),
			"changes what cfprov does not manage"},
	};

	return first_broken(rules, ARRAY_SIZE(rules));
}

static bool is_protected(const struct row *row)
{
	return (row->desired && row->desired->prevent_destroy) ||
	       (row->action == ACTION_DESTROY && row->recorded->prevent_destroy);
}

/* Destroying and forgetting. */
static const char *check_loss(const struct plan *plan, const struct row *row)
{
	const struct row *new_name = row->renamed_to ? plan_find(plan, row->renamed_to) : NULL;
	bool is_ours = is_managed(row->recorded);
	const struct rule rules[] = {
		{!is_ours, "destroys or forgets what cfprov does not manage"},
		{row_destroys(row) && !row_is_same(row),
			"destroys an object other than the recorded one"},
		{row_destroys(row) && !row->renamed_to && is_ours && is_protected(row),
			"destroys what prevent_destroy protects"},
		{row->renamed_to && (!new_name || new_name->copies != row->recorded),
			"destroys a renamed secret that has no duplicate"},
		{row->action == ACTION_REPLACE && !row->desired, "replaces what is not desired"},
	};

	return first_broken(rules, ARRAY_SIZE(rules));
}

/* Rules for every row. */
static const char *check_common(const struct row *row, const struct row *store)
{
	const struct object *desired = row->desired, *recorded = row->recorded;
	bool is_secret = desired && desired->kind == OBJECT_SECRET;
	bool with_store = row->notes & ROW_WITH_STORE;
	bool store_goes = store && row_destroys(store);
	const struct rule rules[] = {
		{desired && recorded && object_compare(desired, recorded) != 0,
			"desired and recorded have different addresses"},
		{(row->notes & ROW_NEEDS_APPROVAL) && row->action != ACTION_ADOPT,
			"asks for approval without an adoption"},
		{row->writes && (!is_secret || !row->live),
			"writes fields of what can't be updated"},
		{is_secret && row_sends_value(row) && !desired->value,
			"writes a value that has no source"},
		{with_store && !(store_goes && row_destroys(row)),
			"relies on a store being destroyed that is not"},
		{row->learns && row->action != ACTION_NONE,
			"has both an action and something to learn"},
	};

	return first_broken(rules, ARRAY_SIZE(rules));
}

static const char *find_fault(
	const struct plan *plan, const struct row *row, const struct row *store)
{
	const char *fault = check_common(row, store);

	if (fault || row->action == ACTION_NONE)
		return fault;
	return row_destroys(row) || row->action == ACTION_FORGET ? check_loss(plan, row)
								 : check_creation(row, store);
}

static bool refuse(const struct row *row, const char *what, struct error *err)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, row_object(row));
	error_set(err, "internal error: invalid plan: %s: %s", str_text(&address), what);
	return error_hint(err, "This is a bug in cfprov. No changes were made. Please report it.");
}

bool check_plan(const struct plan *plan, struct error *err)
{
	struct plan counted = {.rows = plan->rows, .row_count = plan->row_count};
	const struct row *store = NULL;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (!row->desired && !row->recorded)
			return error_set(
				err, "internal error: invalid plan: a row without an object");
		const struct object *about = row_object(row);
		if (i > 0 && object_compare(row_object(row - 1), about) >= 0)
			return refuse(row, "out of order, or listed twice", err);
		if (about->kind == OBJECT_STORE)
			store = row;
		else if (store && !object_shares_store(row_object(store), about))
			store = NULL;
		const char *fault = find_fault(plan, row, store);
		if (fault)
			return refuse(row, fault, err);
	}
	plan_count(&counted);
	if (memcmp(&counted.counts, &plan->counts, sizeof(plan->counts)) != 0)
		return error_set(err, "internal error: invalid plan: its counts don't add up");
	return true;
}
