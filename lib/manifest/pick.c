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

static bool check_pattern(const struct pick *pick, const char *pattern, const struct model *desired,
	struct error *err)
{
	struct str shown CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};

	for (size_t i = 0; i < desired->account_count; i++)
		if (fnmatch(pattern, desired->accounts[i].alias, 0) == 0)
			return true;
	text_add_visible(&shown, pattern, strlen(pattern), 60);
	model_add_aliases(&known, desired);
	error_set(err, "-account=%s matches no account in %s", str_text(&shown), pick->file);
	return error_hint(err, "Accounts in the manifest: %s.", str_text(&known));
}

bool pick_accounts(const struct pick *pick, struct model *desired, struct error *err)
{
	size_t accounts = 0, objects = 0;

	if (!pick->count)
		return true;
	for (size_t i = 0; i < pick->count; i++)
		if (!check_pattern(pick, pick->patterns[i], desired, err))
			return false;
	for (size_t i = 0; i < desired->account_count; i++)
		if (is_picked(pick, desired->accounts[i].alias))
			desired->accounts[accounts++] = desired->accounts[i];
	for (size_t i = 0; i < desired->object_count; i++)
		if (is_picked(pick, desired->objects[i].account))
			desired->objects[objects++] = desired->objects[i];
	desired->account_count = accounts;
	desired->object_count = objects;
	return true;
}
