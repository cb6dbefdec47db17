#include "plan/removed.h"

#include "adapter/table.h"
#include "base/text.h"

#include <string.h>

const struct removal *removed_find(const struct model *desired, const struct object *object)
{
	const struct removal *found = NULL;
	char *address AUTO_FREE = desired->removal_count ? object_address(object) : NULL;
	char *end = address;

	/* The secret first, then its store, then its account. */
	for (; end && !found; end = strrchr(address, '/')) {
		if (end != address)
			*end = '\0';
		found = model_removal(desired, address);
	}
	return found;
}

/* ---- accounts that are not in the manifest ---- */

bool removed_forgets(const struct model *desired, const struct object *object)
{
	const struct removal *removal = removed_find(desired, object);

	return removal && !removal->destroys && !model_account(desired, object->account);
}

static bool forgets_all(
	const struct model *recorded, const struct model *desired, const char *alias)
{
	struct objects all = model_in_account(recorded, alias);

	for (size_t i = 0; i < all.count; i++)
		if (!removed_forgets(desired, &all.items[i]))
			return false;
	return true;
}

static void refuse_account(const struct account *account, struct error *err)
{
	char *shown AUTO_FREE = text_visible(account->alias, 120);

	error_set(err, "account `%s`: not in the manifest, but the state has objects in it", shown);
	error_hint(err,
		"To destroy them, put the account back and remove its stores instead. To stop "
		"managing them without deleting them, add `removed: [{from: %s, destroy: false}]`, "
		"or run: cfprov state rm '%s/*'",
		shown, shown);
}

bool removed_check_accounts(
	const struct model *recorded, const struct model *desired, struct error_list *errors)
{
	size_t before = errors->count;
	struct table *wanted = NULL; /* by id: under whatever alias */

	for (size_t i = 0; i < desired->account_count; i++)
		table_put(&wanted, desired->accounts[i].id, &desired->accounts[i]);
	for (size_t i = 0; i < recorded->account_count; i++) {
		const struct account *account = &recorded->accounts[i];
		if (!model_account(desired, account->alias) && !table_get(wanted, account->id) &&
			!forgets_all(recorded, desired, account->alias))
			refuse_account(account, error_list_add(errors));
	}
	table_free(&wanted);
	return errors->count == before;
}

/* ---- typing mistakes ---- */

/* Comparing names takes time, and nobody reads more guesses than that. */
enum { GUESSED_AT_MOST = 50 };

/* Lends an alias of either model that resembles this one; or NULL. */
static const char *near_alias(
	const struct model *recorded, const struct model *desired, const char *alias)
{
	const struct model *const models[] = {desired, recorded};

	for (size_t m = 0; m < ARRAY_SIZE(models); m++)
		for (size_t i = 0; i < models[m]->account_count; i++)
			if (text_is_near(alias, models[m]->accounts[i].alias))
				return models[m]->accounts[i].alias;
	return NULL;
}

static void refuse_alias(
	const struct removal *removal, const char *alias, const char *near, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, near, strlen(near), 80);
	error_set(
		err, "removed: unknown account `%s`; did you mean `%s`?", alias, str_text(&shown));
	if (removal->place.file)
		error_at(err, removal->place.file, removal->place.line, removal->place.column);
}

/* No store of this name is recorded: warns if one of a similar name is, and is not desired. */
static void warn_of_store(const struct model *recorded, const struct model *desired,
	const char *alias, const char *store, struct plan *plan)
{
	struct objects all = model_in_account(recorded, alias);

	for (size_t i = 0; i < all.count; i++) {
		const struct object *object = &all.items[i];
		if (object->secret || !text_is_near(store, object->store) ||
			model_find(desired, object))
			continue;
		char *shown AUTO_FREE = text_visible(object->store, 120);
		plan_add_warning(plan, "removed: %s/%s is not in the state; did you mean %s/%s?",
			alias, store, alias, shown);
		return;
	}
}

void removed_find_mistakes(const struct model *recorded, const struct model *desired,
	struct plan *plan, struct error_list *errors)
{
	size_t left = GUESSED_AT_MOST;

	for (size_t i = 0; i < desired->removal_count && left; i++) {
		const struct removal *removal = &desired->removals[i];
		size_t length = strcspn(removal->from, "/");
		const char *alias = arena_bytes(&plan->arena, removal->from, length);
		const char *store = removal->from[length] ? removal->from + length + 1 : NULL;
		if (!model_account(desired, alias) && !model_account(recorded, alias)) {
			const char *near = near_alias(recorded, desired, alias);
			left--;
			if (near)
				refuse_alias(removal, alias, near, error_list_add(errors));
			else
				plan_add_warning(plan,
					"removed: the account `%s` is neither in the manifest nor "
					"in the state",
					alias);
		} else if (store && !strchr(store, '/') &&
			   !model_object(recorded, alias, store, NULL)) {
			left--;
			warn_of_store(recorded, desired, alias, store, plan);
		}
	}
}
