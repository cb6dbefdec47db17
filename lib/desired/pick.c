#include "desired/pick.h"

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

static bool refuse(const struct pick *pick, const char *pattern, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, pattern, strlen(pattern), 60);
	return error_set(err, "-account=%s matches no account of %s", str_text(&shown), pick->file);
}

bool pick_accounts(const struct pick *pick, struct model *desired, struct error *err)
{
	struct model picked = {0};

	if (!pick->count)
		return true;
	for (size_t i = 0; i < pick->count; i++)
		if (!matches_any(pick->patterns[i], desired))
			return refuse(pick, pick->patterns[i], err);
	for (size_t i = 0; i < desired->account_count; i++)
		if (is_picked(pick, desired->accounts[i].alias))
			model_add_account_copy(&picked, &desired->accounts[i]);
	for (size_t i = 0; i < desired->object_count; i++)
		if (is_picked(pick, desired->objects[i].account))
			model_add_copy(&picked, &desired->objects[i]);
	model_sort(&picked);
	model_release(desired);
	*desired = picked;
	return true;
}
