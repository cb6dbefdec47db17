#include "plan/removed.h"

#include "adapter/table.h"
#include "base/text.h"
#include "plan/account_check.h"

#include <string.h>

const struct removal *removed_find(const struct model *desired, const struct object *object)
{
	const struct removal *found = NULL;
	char *address AUTO_FREE = desired->removal_count ? object_address(object) : NULL;
	char *end = address;

	/* Of several the closest: the secret, its store, its account. */
	for (; end && !found; end = strrchr(address, '/')) {
		if (end != address)
			*end = '\0';
		found = model_removal(desired, address);
	}
	return found;
}

/* ---- accounts that are gone ---- */

bool removed_leaves(const struct model *desired, const struct object *object)
{
	const struct removal *removal = removed_find(desired, object);

	return removal && !removal->destroys && !model_account(desired, object->account);
}

static bool leaves_all(const struct model *recorded, const struct model *desired, const char *alias)
{
	const struct object *it = model_first_in(recorded, alias);
	const struct object *end = recorded->objects + recorded->object_count;

	for (; it && it < end && strcmp(it->account, alias) == 0; it++)
		if (!removed_leaves(desired, it))
			return false;
	return true;
}

static void refuse_account(const struct account *account, struct error *err)
{
	struct str alias CLEANUP(str_release) = {0};
	const char *shown;

	text_add_visible(&alias, account->alias, strlen(account->alias), 120);
	shown = str_text(&alias);
	error_set(err, "the manifest has no account `%s` any more, but the state has objects in it",
		shown);
	error_hint(err,
		"Put the account back and take its stores out instead; or let them live: write "
		"`removed: [{from: %s, destroy: false}]`, or cfprov state rm '%s/*'.",
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
		size_t count, unresolved;
		if (model_account(desired, account->alias) || table_get(wanted, account->id))
			continue;
		account_check_count(recorded, account->alias, &count, &unresolved);
		if (count && !leaves_all(recorded, desired, account->alias))
			refuse_account(account, error_list_add(errors));
	}
	table_free(&wanted);
	return errors->count == before;
}

/* ---- what was mistyped ---- */

struct looking {
	const struct model *recorded, *desired;
	struct plan *plan;
	struct error_list *errors;
	const struct removal *removal;
	const char *alias, *store; /* of the removal; store NULL: the whole account */
	size_t *left;              /* names that something like them is still looked for */
};

/* To look for what is like a name takes time, and nobody reads so many guesses. */
enum { GUESSED_AT_MOST = 50 };

static const char *near_alias(const struct model *model, const char *alias)
{
	for (size_t i = 0; i < model->account_count; i++)
		if (text_is_near(alias, model->accounts[i].alias))
			return model->accounts[i].alias;
	return NULL;
}

/* Neither the manifest nor the state knows the account. */
static void find_alias(const struct looking *l)
{
	const struct place *place = &l->removal->place;
	const char *near = near_alias(l->desired, l->alias);
	struct str shown CLEANUP(str_release) = {0};

	if (!near)
		near = near_alias(l->recorded, l->alias);
	if (!near) {
		plan_add_warning(l->plan,
			"`removed` names an account that neither the manifest nor the state has: "
			"%s",
			l->alias);
		return;
	}
	struct error *err = error_list_add(l->errors);
	text_add_visible(&shown, near, strlen(near), 80);
	error_set(err, "no account is called `%s`; did you mean `%s`?", l->alias, str_text(&shown));
	if (place->file)
		error_at(err, place->file, place->line, place->column);
}

/* Nothing of this name is recorded; is there something like it that nobody declares? */
static void find_store(const struct looking *l)
{
	for (size_t i = 0; i < l->recorded->object_count; i++) {
		const struct object *object = &l->recorded->objects[i];
		if (object->secret || strcmp(object->account, l->alias) != 0 ||
			!text_is_near(l->store, object->store) ||
			model_object(l->desired, object->account, object->store, NULL))
			continue;
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, object->store, strlen(object->store), 120);
		plan_add_warning(l->plan,
			"`removed` names %s, which the state does not have; did you mean %s/%s?",
			l->removal->from, l->alias, str_text(&shown));
		return;
	}
}

static void look(const struct looking *l)
{
	if (!model_account(l->desired, l->alias) && !model_account(l->recorded, l->alias))
		find_alias(l);
	else if (l->store && !strchr(l->store, '/') && *l->left &&
		 !model_object(l->recorded, l->alias, l->store, NULL)) {
		(*l->left)--;
		find_store(l);
	}
}

void removed_find_mistakes(const struct model *recorded, const struct model *desired,
	struct plan *plan, struct error_list *errors)
{
	size_t left = GUESSED_AT_MOST;

	for (size_t i = 0; i < desired->removal_count; i++) {
		const char *from = desired->removals[i].from;
		size_t length = strcspn(from, "/");
		look(&(struct looking){
			.recorded = recorded,
			.desired = desired,
			.plan = plan,
			.errors = errors,
			.removal = &desired->removals[i],
			.alias = arena_bytes(&plan->arena, from, length),
			.store = from[length] ? from + length + 1 : NULL,
			.left = &left,
		});
	}
}
