#include "plan/selection.h"

#include "model/address.h"

#include <string.h>

static bool matches_any(const struct patterns *patterns, const struct object *object)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (object_matches(object, patterns->items[i]))
			return true;
	return false;
}

/* By its address, or by an older or newer one. */
static bool is_selected(const struct planner_input *input, const struct patterns *patterns,
	const struct object *object)
{
	struct object other = *object;

	if (!patterns->count || matches_any(patterns, object))
		return patterns->count > 0;
	while (renames_step_back(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	other.secret = object->secret;
	while (renames_step_on(input->renames, &other))
		if (matches_any(patterns, &other))
			return true;
	return false;
}

/* A targeted secret needs its store. */
static bool is_store_of_target(const struct planner_input *input, const struct object *store)
{
	const struct model *const models[] = {input->desired, input->recorded};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct objects inside = model_inside(models[i], store);
		for (size_t k = 0; k < inside.count; k++)
			if (is_selected(input, &input->options.targets, &inside.items[k]) &&
				!is_selected(input, &input->options.excludes, &inside.items[k]))
				return true;
	}
	return false;
}

bool selection_has(const struct planner_input *input, const struct object *object)
{
	if (is_selected(input, &input->options.excludes, object))
		return false;
	if (!input->options.targets.count || is_selected(input, &input->options.targets, object))
		return true;
	return object->kind == OBJECT_STORE && !input->options.destroys_all &&
	       model_find(input->desired, object) && is_store_of_target(input, object);
}

bool selection_replaces(const struct planner_input *input, const struct object *object)
{
	return is_selected(input, &input->options.replaces, object);
}

/* True if the pattern matches an object of the model; `of_run`: in one of this run's accounts. */
static bool matches(
	const struct planning *p, const struct model *model, const char *pattern, bool of_run)
{
	const struct patterns patterns = {&pattern, 1};

	for (size_t i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		if (of_run && p->input->options.is_partial &&
			!model_account(p->input->desired, object->account))
			continue;
		if (is_selected(p->input, &patterns, object))
			return true;
	}
	return false;
}

/* Other options must not exclude everything that -replace names. */
static void check_replaces(struct planning *p)
{
	const struct model *desired = p->input->desired;

	for (size_t i = 0; i < p->input->options.replaces.count; i++) {
		const struct patterns patterns = {&p->input->options.replaces.items[i], 1};
		size_t matched = 0, included = 0;
		for (size_t k = 0; k < desired->object_count; k++) {
			const struct object *object = &desired->objects[k];
			if (!is_selected(p->input, &patterns, object))
				continue;
			matched++;
			included += selection_has(p->input, object);
		}
		if (matched && !included)
			planning_refuse(p, NULL, NULL,
				"-replace=%s: excluded by -target or -exclude",
				planning_shown(p, p->input->options.replaces.items[i]));
	}
}

/* A pattern without a match is a typing mistake. -exclude may name what -account excludes, too. */
static void check_patterns(
	struct planning *p, const struct patterns *patterns, const char *option, bool excludes)
{
	const struct address_scope scope = {{p->input->desired, p->input->recorded}};

	for (size_t i = 0; i < patterns->count && !p->input->options.has_unread; i++) {
		const char *pattern = patterns->items[i];
		struct str guess CLEANUP(str_release) = {0};
		if (matches(p, p->input->desired, pattern, false) ||
			matches(p, p->input->recorded, pattern, true))
			continue;
		bool is_elsewhere = matches(p, p->input->recorded, pattern, false);
		if (is_elsewhere && !excludes)
			planning_refuse(p, NULL, "It matches in an account that -account excludes.",
				"%s=%s: no match in the selected accounts", option,
				planning_shown(p, pattern));
		if (is_elsewhere)
			continue;
		address_add_guess(&scope, pattern, &guess);
		planning_refuse(p, NULL,
			guess.length ? NULL
				     : "Addresses have the form ALIAS/STORE or ALIAS/STORE/SECRET; "
				       "`*` matches within one part.",
			"%s=%s: no match in the manifest or the state%s", option,
			planning_shown(p, pattern), str_text(&guess));
	}
}

void selection_check(struct planning *p)
{
	const struct plan_options *options = &p->input->options;

	check_patterns(p, &options->targets, "-target", false);
	check_patterns(p, &options->excludes, "-exclude", true);
	check_patterns(p, &options->replaces, "-replace", false);
	check_replaces(p);
}
