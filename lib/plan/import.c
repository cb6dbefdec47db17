#include "plan/import.h"

#include "base/text.h"
#include "cloudflare/cf.h"
#include "plan/account_check.h"

#include <string.h>

enum { NAMED_AT_MOST = 10 };

static void show(struct str *out, const char *text)
{
	text_add_visible(out, text, strlen(text), 80);
}

/* ---- the id ---- */

/* A part of an id: not ended by a NUL. */
struct part {
	const char *text;
	size_t length;
};

/* The parts of ACCOUNT/STORE[/SECRET]; `secret` is empty in the id of a store. */
struct parts {
	struct part account, store, secret;
};

static bool is_part(const struct part *part, const char *text)
{
	return text && strlen(text) == part->length && memcmp(text, part->text, part->length) == 0;
}

static struct part next_part(const char **rest)
{
	struct part part = {*rest, strcspn(*rest, "/")};

	*rest += part.length;
	return part;
}

/* False: it has not as many parts as the address. */
static bool split(const struct import_input *input, struct parts *ret_parts)
{
	const char *rest = input->id;
	struct parts parts = {.account = next_part(&rest)};

	rest += *rest == '/';
	parts.store = next_part(&rest);
	if (input->desired->secret) {
		rest += *rest == '/';
		parts.secret = next_part(&rest);
	}
	*ret_parts = parts;
	return !*rest && parts.account.length && parts.store.length &&
	       (!input->desired->secret || parts.secret.length);
}

/* ---- before anything is asked ---- */

bool import_check_id(const struct import_input *input, struct error *err)
{
	const struct account *account = input->account;
	const struct object *desired = input->desired;
	const char *secret = desired->secret;
	struct str shown CLEANUP(str_release) = {0};
	struct parts parts;

	show(&shown, input->id);
	if (!split(input, &parts)) {
		error_set(err, "`%s` is not of the form ACCOUNT/STORE%s", str_text(&shown),
			secret ? "/SECRET" : "");
		return error_hint(err, "Give the ids, or names in their place, as in: %s/%s%s%s",
			account->id, desired->store, secret ? "/" : "", secret ? secret : "");
	}
	if (is_part(&parts.account, account->id) || is_part(&parts.account, account->alias))
		return true;
	return error_set(err, "`%s` is not in the account of the address: `%s` is %s",
		str_text(&shown), account->alias, account->id);
}

/* What is in a store comes after the store. */
static bool check_store(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *store =
		model_object(input->recorded, wanted->account, wanted->store, NULL);
	struct parts parts;

	if (!store || !store->id) {
		error_set(
			err, "its store %s/%s is not in the state", wanted->account, wanted->store);
		return error_hint(err, "Import that first: cfprov import %s/%s %s/%s",
			wanted->account, wanted->store, wanted->account, wanted->store);
	}
	if (split(input, &parts) &&
		(is_part(&parts.store, store->id) || is_part(&parts.store, store->store)))
		return true;
	error_set(err, "the id is of another store: %s/%s is %s", wanted->account, wanted->store,
		store->id);
	return error_hint(err, "A secret can't leave its store.");
}

bool import_is_free(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *known =
		model_object(input->recorded, wanted->account, wanted->store, wanted->secret);
	char *address AUTO_FREE = object_address(wanted);

	if (!account_check(input->recorded, input->account, err))
		return false;
	if (!known || known->is_unresolved)
		return !wanted->secret || check_store(input, err);
	error_set(err, "%s is in the state already, with the id %s", address, known->id);
	return error_hint(
		err, "If that is not the right one any more: cfprov state rm %s", address);
}

/* ---- among what lives ---- */

struct search {
	const struct import_input *input;
	struct part part; /* id or name of what is meant */
	const struct object *found;
	size_t count;              /* of those with the name */
	struct str there, doubles; /* for errors */
};

static void search_release(struct search *search)
{
	str_release(&search->there);
	str_release(&search->doubles);
}

static const char *name_of(const struct object *object)
{
	return object->secret ? object->secret : object->store;
}

const char *import_sought_id(const struct import_input *input)
{
	struct parts parts;

	if (!split(input, &parts))
		return NULL;
	/* The last part ends with the text. */
	const char *last = input->desired->secret ? parts.secret.text : parts.store.text;
	return cf_is_id(last) && strcmp(last, name_of(input->desired)) != 0 ? last : NULL;
}

static void add_candidate(struct search *search, const struct object *object, size_t index)
{
	if (index >= NAMED_AT_MOST) {
		if (index == NAMED_AT_MOST)
			str_text_add(&search->there, ", ...");
		return;
	}
	str_text_add(&search->there, index ? ", " : "");
	show(&search->there, name_of(object));
	str_format(&search->there, " (%s)", object->id);
}

/* Is it of the sort that is looked for, and in the same place? */
static bool is_candidate(const struct search *search, const struct object *object)
{
	const struct object *desired = search->input->desired;

	return object->kind == desired->kind && strcmp(object->account, desired->account) == 0 &&
	       (!desired->secret || strcmp(object->store, desired->store) == 0);
}

/* An id says it best; a name is looked at if nothing has that id. */
static void search_live(struct search *search)
{
	const struct model *live = search->input->live;
	size_t index = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		const struct object *object = &live->objects[i];
		if (!is_candidate(search, object))
			continue;
		add_candidate(search, object, index++);
		if (is_part(&search->part, object->id)) {
			search->found = object;
			search->count = 1;
			return;
		}
		if (!is_part(&search->part, name_of(object)))
			continue;
		str_format(&search->doubles, "%s%s", search->count ? " and " : "", object->id);
		search->found = object;
		search->count++;
	}
}

static bool refuse_absent(const struct search *search, struct error *err)
{
	const struct object *desired = search->input->desired;
	struct str shown CLEANUP(str_release) = {0}, where CLEANUP(str_release) = {0};

	text_add_visible(&shown, search->part.text, search->part.length, 80);
	if (desired->secret)
		str_format(&where, "secret in %s/%s", desired->account, desired->store);
	else
		str_format(&where, "store of the account `%s`", search->input->account->alias);
	error_set(err, "no %s has the id or the name `%s`", str_text(&where), str_text(&shown));
	if (search->there.length)
		return error_hint(err, "There live: %s.", str_text(&search->there));
	return error_hint(err, "Nothing lives there. cfprov apply creates what is declared.");
}

static bool refuse_name(const struct search *search, struct error *err)
{
	const struct object *desired = search->input->desired;
	struct str shown CLEANUP(str_release) = {0};

	show(&shown, name_of(search->found));
	error_set(err, "the %s %s is called `%s`, not `%s`", object_kind_word(desired->kind),
		search->found->id, str_text(&shown), name_of(desired));
	return error_hint(err, "%s",
		desired->secret
			? "Declare and import it by the name it has; `moved` can rename it then."
			: "Cloudflare can't rename a store: declare it by the name it has.");
}

/* One id is one object. */
static bool check_unrecorded(const struct search *search, struct error *err)
{
	const struct model *recorded = search->input->recorded;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (object->kind != search->found->kind || !object->id ||
			strcmp(object->id, search->found->id) != 0)
			continue;
		char *address AUTO_FREE = object_address(object);
		struct str shown CLEANUP(str_release) = {0};
		show(&shown, address);
		error_set(err, "the %s %s is in the state already, as %s",
			object_kind_word(object->kind), object->id, str_text(&shown));
		return error_hint(err, "One id is one object.");
	}
	return true;
}

/* A secret was listed in the store that lives by the name: is that the one recorded? */
static bool check_live_store(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *recorded =
		model_object(input->recorded, wanted->account, wanted->store, NULL);
	const struct object *live = model_object(input->live, wanted->account, wanted->store, NULL);

	if (!wanted->secret || (recorded && live && strcmp(recorded->id, live->id) == 0))
		return true;
	error_set(err, "its store %s/%s does not live under the id that the state has",
		wanted->account, wanted->store);
	return error_hint(err, "cfprov plan says what became of it.");
}

bool import_find(const struct import_input *input, struct object *ret_object, struct error *err)
{
	struct search search CLEANUP(search_release) = {.input = input};
	const struct object *desired = input->desired;
	const char *kind = object_kind_word(desired->kind);
	struct parts parts;

	if (!import_check_id(input, err) || !split(input, &parts) || !check_live_store(input, err))
		return false;
	search.part = desired->secret ? parts.secret : parts.store;
	search_live(&search);
	if (!search.found)
		return refuse_absent(&search, err);
	if (search.count > 1) {
		error_set(err, "%zu %ss have this name: %s", search.count, kind,
			str_text(&search.doubles));
		return error_hint(err, "Delete those that are too many; names are the identity.");
	}
	if (strcmp(name_of(search.found), name_of(desired)) != 0)
		return refuse_name(&search, err);
	if (!check_unrecorded(&search, err))
		return false;
	*ret_object = *search.found;
	ret_object->origin = ORIGIN_ADOPTED;
	ret_object->prevent_destroy = desired->prevent_destroy;
	ret_object->forget_on_remove = desired->forget_on_remove;
	return true;
}
