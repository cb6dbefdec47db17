#include "plan/verify.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void add_address(struct str *out, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	text_add_visible(out, str_text(&address), address.length, 0);
}

/* `stranger`: to be named behind the reason; or NULL. */
static void refuse(const struct action *action, const char *why, const struct object *stranger,
	struct error_list *errors)
{
	struct str shown CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	struct error *err = error_list_add(errors);

	add_address(&shown, action_object(action));
	if (stranger)
		add_address(&name, stranger);
	error_set(err, "%s is not as it was when the plan was made: %s%s", str_text(&shown), why,
		str_text(&name));
	error_hint(err, "Make a new plan.");
}

static int compare_strangers(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	int order = object_compare(x, y);

	return order ? order : strcmp(x->id, y->id);
}

static bool is_known(const struct action *action, const struct object *stranger)
{
	return action->stranger_count &&
	       bsearch(stranger, action->strangers, action->stranger_count, sizeof(*stranger),
		       compare_strangers);
}

/* Lends the action about this address, by halves; NULL if there is none. */
static const struct action *find_action(const struct plan *plan, const struct object *object)
{
	size_t low = 0, high = plan->action_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = object_compare(action_object(&plan->actions[middle]), object);
		if (order == 0)
			return &plan->actions[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Does the plan part with it when its store goes? */
static bool goes_along(const struct plan *plan, const struct object *inside)
{
	const struct action *action = find_action(plan, inside);

	return action && action->goes_with_store && strcmp(action->before->id, inside->id) == 0;
}

/* Does a store that is replaced take along what stands where this is to be created? */
static bool goes_before(
	const struct plan *plan, const struct action *action, const struct object *now)
{
	for (size_t i = 0; i < action->wait_count; i++) {
		const struct action *store = &plan->actions[action->waits_for[i]];
		if (action_destroys(store) && is_known(store, now))
			return true;
	}
	return false;
}

const struct object *verify_stranger(const struct plan *plan, const struct action *action,
	const struct object *inside, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_known(action, &inside[i]) && !goes_along(plan, &inside[i]))
			return &inside[i];
	return NULL;
}

/* Lends one that is new. Everything inside stands right behind the store. */
static const struct object *find_new_stranger(const struct plan *plan, const struct action *action,
	const struct model *model, const struct object *live)
{
	const struct object *inside = live + 1, *end = model->objects + model->object_count;
	size_t count = 0;

	if (live->kind != OBJECT_STORE)
		return NULL; /* what stands behind a secret is beside it */
	while (inside + count < end && inside[count].secret &&
		strcmp(inside[count].account, live->account) == 0 &&
		strcmp(inside[count].store, live->store) == 0)
		count++;
	return verify_stranger(plan, action, inside, count);
}

static const struct object *find_live(const struct model *live, const struct object *object)
{
	return model_object(live, object->account, object->store, object->secret);
}

static bool is_double(const struct model *live, const struct object *now)
{
	return now && now + 1 < live->objects + live->object_count &&
	       object_compare(now, now + 1) == 0;
}

/* The value, scopes and comment that the plan saw must still be there, or not be seen again yet. */
static bool was_changed(const struct action *action, const struct object *now)
{
	return action->live && object_drift(action->live, now) != 0;
}

/* Of what is there and stays, or goes: `now` is what lives of that name. */
static const char *difference_of(const struct plan *plan, const struct action *action,
	const struct model *live, const struct object *now, const struct object **ret_stranger)
{
	if (!now)
		return action_kind(action) == ACTION_DESTROY ? NULL : "it is gone";
	if (!action->before || strcmp(now->id, action->before->id) != 0)
		return "it is another one now, with another id";
	if (was_changed(action, now))
		return "it was written to meanwhile";
	*ret_stranger = action_destroys(action) ? find_new_stranger(plan, action, live, now) : NULL;
	return *ret_stranger ? "it holds more that cfprov does not manage, " : NULL;
}

static const char *difference(const struct plan *plan, const struct action *action,
	const struct model *live, const struct object **ret_stranger)
{
	enum action_kind kind = action_kind(action);
	const struct object *about = action->before ? action->before : action->after;
	const struct object *now = find_live(live, about);
	bool is_rename = kind == ACTION_RENAME;

	if (kind == ACTION_NONE)
		return NULL;
	if (kind == ACTION_FORGET && !model_account(live, about->account))
		return NULL; /* its account is gone from the manifest: nobody looked */
	if (is_double(live, now))
		return "there are two of this name now";
	if (kind == ACTION_CREATE)
		return now && !goes_before(plan, action, now) ? "it exists now" : NULL;
	if (is_rename && find_live(live, action->after))
		return "a secret of the new name exists now";
	return difference_of(plan, action, live, now, ret_stranger);
}

bool verify_plan(const struct plan *plan, const struct model *live, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct object *stranger = NULL;
		const char *why = difference(plan, &plan->actions[i], live, &stranger);
		if (why)
			refuse(&plan->actions[i], why, stranger, errors);
	}
	return errors->count == before;
}
