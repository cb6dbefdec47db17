#include "plan/verify.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int compare_unmanaged(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	int order = object_compare(x, y);

	return order ? order : strcmp(x->id, y->id);
}

bool verify_is_new(const struct plan *plan, const struct row *store, const struct object *inside)
{
	const struct row *row = plan_find(plan, inside);
	bool is_known =
		store->unmanaged_count && bsearch(inside, store->unmanaged, store->unmanaged_count,
						  sizeof(*inside), compare_unmanaged);

	return !is_known && !(row && (row->notes & ROW_WITH_STORE) && row->recorded &&
				    strcmp(row->recorded->id, inside->id) == 0);
}

/* Lends an unmanaged secret that was added to a store which is destroyed; NULL: none. */
static const struct object *find_new(
	const struct plan *plan, const struct row *then, const struct row *now)
{
	for (size_t i = 0; row_destroys(then) && i < now->unmanaged_count; i++)
		if (verify_is_new(plan, then, &now->unmanaged[i]))
			return &now->unmanaged[i];
	return NULL;
}

/* What is created must still not exist. */
static const char *check_created(const struct row *then, const struct row *now)
{
	if (!now || now->action == ACTION_CREATE)
		return NULL;
	return then->copies ? "a secret with the new name exists" : "it already exists";
}

/* What the plan changes or destroys must still be recorded. */
static const char *check_recorded(const struct row *then, const struct row *now)
{
	const char *then_id = then->recorded ? then->recorded->id : NULL;
	const char *now_id = now && now->recorded ? now->recorded->id : NULL;

	return then_id && (!now_id || strcmp(then_id, now_id) != 0)
		       ? "the state does not have it under this id"
		       : NULL;
}

/* What exists must be unchanged, as far as the plan relies on it. */
static const char *check_existing(const struct row *then, const struct row *now)
{
	const struct object *live = now ? now->live : NULL;
	bool is_kept =
		then->action == ACTION_UPDATE || then->action == ACTION_ADOPT || then->copies;

	if (!live) /* an account that is not in the manifest was not read */
		return then->action == ACTION_DESTROY || !then->live ? NULL : "it has been deleted";
	if (!then->live || strcmp(live->id, then->live->id) != 0)
		return "it was recreated with another id";
	if (is_kept && object_drift(then->live, live))
		return "it was modified";
	if (now->action != then->action || now->writes != then->writes)
		return "the action would be a different one";
	return NULL;
}

/* `then` has an action; `now`: the row of that address, or NULL. */
static const char *difference(const struct row *then, const struct row *now)
{
	const char *why = then->action == ACTION_CREATE ? check_created(then, now) : NULL;

	if (why || (then->action == ACTION_CREATE && !then->copies))
		return why;
	why = check_recorded(then, now);
	return why ? why : check_existing(then, now);
}

bool verify_plan(
	const struct plan *plan, const struct planner_input *now, struct error_list *errors)
{
	struct plan again CLEANUP(plan_release) = {0};
	size_t before = errors->count;

	if (!planner_plan(now, &again, errors))
		return false;
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *then = &plan->rows[i], *row = plan_find(&again, row_object(then));
		const struct object *added = NULL;
		const char *why = then->action == ACTION_NONE ? NULL : difference(then, row);
		if (then->action != ACTION_NONE && !why && row)
			added = find_new(plan, then, row);
		if (!why && !added)
			continue;
		struct error *err = error_list_add(errors);
		char *address AUTO_FREE = object_address(row_object(then));
		char *name AUTO_FREE = added ? object_address(added) : NULL;
		char *shown AUTO_FREE = text_visible(address, 0);
		char *shown_name AUTO_FREE = text_visible(added ? name : "", 0);
		error_set(err, "%s: changed since the plan was made: %s%s", shown,
			why ? why : "it now contains an unmanaged secret, ", shown_name);
		error_hint(err, "Run `cfprov plan` again.");
	}
	return errors->count == before;
}
