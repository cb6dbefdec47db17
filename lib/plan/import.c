#include "plan/import.h"

#include "base/text.h"
#include "cloudflare/cf.h"
#include "plan/account_check.h"

#include <string.h>

enum { NAMED_AT_MOST = 10, NAME_COLUMNS = 80 };

static const char *name_of(const struct object *object)
{
	return object->secret ? object->secret : object->store;
}

/* The id or name to look for. */
static const char *sought(const struct import_input *input)
{
	return input->secret ? input->secret : input->store;
}

/* ---- the id ---- */

bool import_read_id(
	struct import_input *input, const char *id, struct arena *arena, struct error *err)
{
	const struct account *account = input->account;
	const struct object *desired = input->desired;
	const char *secret = desired->secret;
	char *shown AUTO_FREE = text_visible(id, NAME_COLUMNS);
	char *rest = arena_text(arena, id), *parts[3] = {NULL};
	size_t count = 0, wanted = secret ? 3 : 2;

	while (rest && count < wanted && *rest && *rest != '/')
		parts[count++] = strsep(&rest, "/");
	if (count != wanted || rest) {
		error_set(err, "invalid id `%s`: expected ACCOUNT/STORE%s", shown,
			secret ? "/SECRET" : "");
		return error_hint(err, "Each part is an id or a name, as in: %s/%s%s%s",
			account->id, desired->store, secret ? "/" : "", secret ? secret : "");
	}
	input->store = parts[1];
	input->secret = parts[2];
	return strcmp(parts[0], account->id) == 0 || strcmp(parts[0], account->alias) == 0 ||
	       error_set(err, "invalid id `%s`: the address is in the account `%s` (%s)", shown,
		       account->alias, account->id);
}

const char *import_sought_id(const struct import_input *input)
{
	const char *id = sought(input);

	return cf_is_id(id) && strcmp(id, name_of(input->desired)) != 0 ? id : NULL;
}

/* ---- the state ---- */

/* A secret's store must be imported first. */
static bool check_store(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *store =
		model_object(input->recorded, wanted->account, wanted->store, NULL);

	if (!store || !store->id) {
		error_set(
			err, "its store %s/%s is not in the state", wanted->account, wanted->store);
		return error_hint(err, "Import the store first: cfprov import %s/%s %s/%s",
			wanted->account, wanted->store, wanted->account, wanted->store);
	}
	if (strcmp(input->store, store->id) == 0 || strcmp(input->store, store->store) == 0)
		return true;
	error_set(err, "the id names another store: the id of %s/%s is %s", wanted->account,
		wanted->store, store->id);
	return error_hint(err, "A secret can't be moved to another store.");
}

bool import_is_free(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *known = model_find(input->recorded, wanted);
	char *address AUTO_FREE = object_address(wanted);

	if (!account_check(input->recorded, input->account, err))
		return false;
	if (!known || object_is_unresolved(known))
		return !wanted->secret || check_store(input, err);
	error_set(err, "%s: already in the state, with the id %s", address, known->id);
	return error_hint(err, "If the state is out of date, run: cfprov state rm %s", address);
}

/* ---- what exists ---- */

static bool refuse_absent(
	const struct import_input *input, const struct str *candidates, struct error *err)
{
	const struct object *desired = input->desired;
	char *shown AUTO_FREE = text_visible(sought(input), NAME_COLUMNS);
	struct str where CLEANUP(str_release) = {0};

	if (desired->secret)
		str_format(&where, "secret in %s/%s", desired->account, desired->store);
	else
		str_format(&where, "store of the account `%s`", input->account->alias);
	error_set(err, "no %s has the id or the name `%s`", str_text(&where), shown);
	if (candidates->length)
		return error_hint(err, "These exist: %s.", str_text(candidates));
	return error_hint(err, "None exist. cfprov apply creates what the manifest declares.");
}

static void add_candidate(struct str *out, const struct object *object, size_t index)
{
	if (index > NAMED_AT_MOST)
		return;
	str_text_add(out, index ? ", " : "");
	if (index == NAMED_AT_MOST) {
		str_text_add(out, "...");
		return;
	}
	char *shown AUTO_FREE = text_visible(name_of(object), NAME_COLUMNS);
	str_format(out, "%s (%s)", shown, object->id);
}

/* Lends the object of this id, or else the only one of this name; NULL: an error. */
static const struct object *find_live(const struct import_input *input, struct error *err)
{
	const struct object *desired = input->desired, *found = NULL;
	const char *kind = object_kind_word(desired->kind), *wanted = sought(input);
	struct str candidates CLEANUP(str_release) = {0}, ids CLEANUP(str_release) = {0};
	size_t index = 0, count = 0;

	for (size_t i = 0; i < input->live->object_count; i++) {
		const struct object *object = &input->live->objects[i];
		if (object->kind != desired->kind ||
			strcmp(object->account, desired->account) != 0 ||
			(desired->secret && strcmp(object->store, desired->store) != 0))
			continue;
		if (strcmp(object->id, wanted) == 0)
			return object;
		add_candidate(&candidates, object, index++);
		if (strcmp(name_of(object), wanted) != 0)
			continue;
		str_format(&ids, "%s%s", count++ ? " and " : "", object->id);
		found = object;
	}
	if (!found) {
		refuse_absent(input, &candidates, err);
	} else if (count > 1) {
		error_set(err, "%zu %ss have this name: %s", count, kind, str_text(&ids));
		error_hint(err,
			"cfprov identifies objects by name. Delete the ones you don't want in "
			"Cloudflare.");
	}
	return count == 1 ? found : NULL;
}

static bool check_name(
	const struct import_input *input, const struct object *found, struct error *err)
{
	const struct object *desired = input->desired;
	char *shown AUTO_FREE = text_visible(name_of(found), NAME_COLUMNS);

	if (strcmp(name_of(found), name_of(desired)) == 0)
		return true;
	error_set(err, "the name of the %s %s is `%s`, not `%s`", object_kind_word(desired->kind),
		found->id, shown, name_of(desired));
	return error_hint(err, "%s",
		desired->secret
			? "Declare and import it under its present name, then rename it with "
			  "`moved`."
			: "Cloudflare can't rename a store. Declare it under its present name.");
}

/* An id has one address in the state. */
static bool check_unrecorded(
	const struct model *recorded, const struct object *found, struct error *err)
{
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (object->kind != found->kind || !object->id ||
			strcmp(object->id, found->id) != 0)
			continue;
		char *address AUTO_FREE = object_address(object);
		char *shown AUTO_FREE = text_visible(address, NAME_COLUMNS);
		return error_set(err, "the %s %s is already in the state, as %s",
			object_kind_word(object->kind), object->id, shown);
	}
	return true;
}

/* The live store in which the secret was listed must be the recorded one. */
static bool check_live_store(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *recorded =
		model_object(input->recorded, wanted->account, wanted->store, NULL);
	const struct object *live = model_object(input->live, wanted->account, wanted->store, NULL);

	if (!wanted->secret || (recorded && live && strcmp(recorded->id, live->id) == 0))
		return true;
	error_set(err, "its store %s/%s does not exist under the id in the state", wanted->account,
		wanted->store);
	return error_hint(err, "Run cfprov plan to see what happened to it.");
}

bool import_find(const struct import_input *input, struct object *ret_object, struct error *err)
{
	const struct object *found;

	if (!check_live_store(input, err) || !(found = find_live(input, err)) ||
		!check_name(input, found, err) || !check_unrecorded(input->recorded, found, err))
		return false;
	*ret_object = *found;
	ret_object->origin = ORIGIN_ADOPTED;
	ret_object->prevent_destroy = input->desired->prevent_destroy;
	ret_object->forget_on_remove = input->desired->forget_on_remove;
	return true;
}
