#include "plan/selection.h"

#include <string.h>

static bool matches_any(const struct patterns *patterns, const struct object *object)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (object_matches(object, patterns->items[i]))
			return true;
	return false;
}

/* By its address, or by one that it has had or is to have. */
static bool is_meant(const struct planner_input *input, const struct patterns *patterns,
	const struct object *object)
{
	struct object other = *object;

	if (!patterns->count || matches_any(patterns, object))
		return patterns->count > 0;
	while (renames_back(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	other.secret = object->secret;
	while (renames_on(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	return false;
}

/* A secret that is asked for needs its store. What is in a store stands right behind it. */
static bool is_store_of_target(const struct planner_input *input, const struct object *store)
{
	const struct model *const models[] = {input->desired, input->recorded};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		const struct object *end = models[i]->objects + models[i]->object_count;
		const struct object *it =
			model_object(models[i], store->account, store->store, NULL);
		while (it && ++it < end && it->secret && strcmp(it->store, store->store) == 0 &&
			strcmp(it->account, store->account) == 0)
			if (is_meant(input, &input->targets, it) &&
				!is_meant(input, &input->excludes, it))
				return true;
	}
	return false;
}

bool selection_has(const struct planner_input *input, const struct object *object)
{
	if (is_meant(input, &input->excludes, object))
		return false;
	if (!input->targets.count || is_meant(input, &input->targets, object))
		return true;
	return object->kind == OBJECT_STORE && !input->destroys_all &&
	       model_object(input->desired, object->account, object->store, NULL) &&
	       is_store_of_target(input, object);
}

bool selection_replaces(const struct planner_input *input, const struct object *object)
{
	return is_meant(input, &input->replaces, object);
}

static bool matches_model(const struct planning *p, const struct model *model, const char *pattern)
{
	const struct patterns patterns = {&pattern, 1};

	for (size_t i = 0; i < model->object_count; i++)
		if (is_meant(p->input, &patterns, &model->objects[i]))
			return true;
	return false;
}

/* Is there something recorded of this name that the run is about? */
static bool matches_run(const struct planning *p, const char *pattern)
{
	const struct model *recorded = p->input->recorded;
	const struct patterns patterns = {&pattern, 1};

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		bool is_of_run =
			!p->input->is_partial || model_account(p->input->desired, object->account);
		if (is_of_run && is_meant(p->input, &patterns, object))
			return true;
	}
	return false;
}

/* What is to be replaced must not be left out by other options. */
static void check_replaces(struct planning *p)
{
	const struct model *desired = p->input->desired;

	for (size_t i = 0; i < p->input->replaces.count; i++) {
		const struct patterns patterns = {&p->input->replaces.items[i], 1};
		size_t meant = 0, wanted = 0;
		for (size_t k = 0; k < desired->object_count; k++) {
			const struct object *object = &desired->objects[k];
			if (!is_meant(p->input, &patterns, object))
				continue;
			meant++;
			wanted += selection_has(p->input, object);
		}
		if (meant && !wanted)
			error_set(error_list_add(p->errors),
				"-replace=%s is of what -target or -exclude leaves out",
				planning_shown(p, p->input->replaces.items[i]));
	}
}

static void refuse_pattern(
	struct planning *p, const char *option, const char *pattern, bool is_elsewhere)
{
	struct error *err = error_list_add(p->errors);

	if (is_elsewhere) {
		error_set(err, "%s=%s matches nothing in the accounts of this run", option,
			planning_shown(p, pattern));
		error_hint(err, "It is in one that -account leaves out.");
		return;
	}
	error_set(err, "%s=%s matches nothing in the manifest or the state", option,
		planning_shown(p, pattern));
	error_hint(err, "Addresses look like ALIAS/STORE or ALIAS/STORE/SECRET; `*` matches "
			"within a part.");
}

/* A pattern that matches nothing was mistyped. What is excluded may be left out otherwise, too. */
static void check_patterns(
	struct planning *p, const struct patterns *patterns, const char *option, bool excludes)
{
	for (size_t i = 0; i < patterns->count && !p->input->has_unread; i++) {
		const char *pattern = patterns->items[i];
		if (matches_model(p, p->input->desired, pattern) || matches_run(p, pattern))
			continue;
		bool is_elsewhere = matches_model(p, p->input->recorded, pattern);
		if (!is_elsewhere || !excludes)
			refuse_pattern(p, option, pattern, is_elsewhere);
	}
}

void selection_check(struct planning *p)
{
	const struct planner_input *input = p->input;

	check_patterns(p, &input->targets, "-target", false);
	check_patterns(p, &input->excludes, "-exclude", true);
	check_patterns(p, &input->replaces, "-replace", false);
	check_replaces(p);
}
