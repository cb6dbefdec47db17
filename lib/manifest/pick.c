#include "manifest/pick.h"

#include "base/text.h"

#include <fnmatch.h>
#include <string.h>

static bool is_picked(const struct pick *pick, const char *alias)
{
	for (size_t i = 0; i < pick->count; i++)
		if (fnmatch(pick->patterns[i], alias, 0) == 0)
			return true;
	return false;
}

static bool matches_any(const char *pattern, const struct model *desired)
{
	for (size_t i = 0; i < desired->account_count; i++)
		if (fnmatch(pattern, desired->accounts[i].alias, 0) == 0)
			return true;
	return false;
}

static bool refuse(const struct pick *pick, const char *pattern, const struct model *desired,
	struct error *err)
{
	struct str shown CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};

	text_add_visible(&shown, pattern, strlen(pattern), 60);
	model_add_aliases(&known, desired);
	error_set(err, "-account=%s matches no account of %s", str_text(&shown), pick->file);
	return error_hint(
		err, "There %s %s.", desired->account_count == 1 ? "is" : "are", str_text(&known));
}

static struct place keep_place(struct model *model, const struct place *place)
{
	struct place kept = *place;

	kept.file = kept.file ? arena_text(&model->arena, kept.file) : NULL;
	return kept;
}

bool pick_accounts(const struct pick *pick, struct model *desired, struct error *err)
{
	struct model picked = {0};

	if (!pick->count)
		return true;
	for (size_t i = 0; i < pick->count; i++)
		if (!matches_any(pick->patterns[i], desired))
			return refuse(pick, pick->patterns[i], desired, err);
	for (size_t i = 0; i < desired->account_count; i++)
		if (is_picked(pick, desired->accounts[i].alias))
			model_add_account_copy(&picked, &desired->accounts[i]);
	for (size_t i = 0; i < desired->object_count; i++)
		if (is_picked(pick, desired->objects[i].account))
			model_add_copy(&picked, &desired->objects[i]);
	for (size_t i = 0; i < desired->move_count; i++)
		model_add_move(&picked, desired->moves[i].from, desired->moves[i].to)->place =
			keep_place(&picked, &desired->moves[i].place);
	for (size_t i = 0; i < desired->removal_count; i++) {
		struct removal *removal = model_add_removal(&picked, desired->removals[i].from);
		removal->destroys = desired->removals[i].destroys;
		removal->place = keep_place(&picked, &desired->removals[i].place);
	}
	picked.fingerprint_key = value_source_copy(&picked.arena, &desired->fingerprint_key);
	model_sort(&picked);
	model_release(desired);
	*desired = picked;
	return true;
}
