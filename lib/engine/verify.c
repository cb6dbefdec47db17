#include "engine/verify.h"

#include "base/text.h"

#include <string.h>

static void refuse(const struct action *action, const char *why, struct error_list *errors)
{
	struct str address CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct error *err = error_list_add(errors);

	object_add_address(&address, action_object(action));
	text_add_visible(&shown, str_text(&address), address.length, 0);
	error_set(err, "%s is not as it was when the plan was made: %s", str_text(&shown), why);
	error_hint(err, "Make a new plan.");
}

static bool is_known(const struct action *action, const struct object *stranger)
{
	for (size_t i = 0; i < action->stranger_count; i++)
		if (strcmp(action->strangers[i].id, stranger->id) == 0)
			return true;
	return false;
}

/* Everything inside stands right behind the store. */
static bool has_new_strangers(
	const struct action *action, const struct object *live, const struct object *end)
{
	for (const struct object *it = live + 1; it < end && it->secret; it++) {
		if (strcmp(it->account, live->account) != 0 || strcmp(it->store, live->store) != 0)
			break;
		if (!is_known(action, it))
			return true;
	}
	return false;
}

static const char *difference(const struct action *action, const struct model *live)
{
	const struct object *about = action_object(action),
			    *end = live->objects + live->object_count;
	const struct object *now = model_object(live, about->account, about->store, about->secret);
	enum action_kind kind = action_kind(action);
	bool destroys = kind == ACTION_DESTROY || kind == ACTION_REPLACE;

	if (kind == ACTION_NONE)
		return NULL;
	if (kind == ACTION_FORGET && !model_account(live, about->account))
		return NULL; /* its account is gone from the manifest: nobody looked */
	if (now && now + 1 < end && object_compare(now, now + 1) == 0)
		return "there are two of this name now";
	if (kind == ACTION_CREATE)
		return now ? "it exists now" : NULL;
	if (!now)
		return kind == ACTION_DESTROY ? NULL : "it is gone";
	if (strcmp(now->id, action->before->id) != 0)
		return "it is another one now, with another id";
	if (destroys && has_new_strangers(action, now, end))
		return "it holds more that cfprov does not manage";
	return NULL;
}

bool verify_plan(const struct plan *plan, const struct model *live, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < plan->action_count; i++) {
		const char *why = difference(&plan->actions[i], live);
		if (why)
			refuse(&plan->actions[i], why, errors);
	}
	return errors->count == before;
}
