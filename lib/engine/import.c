#include "engine/import.h"

#include "base/text.h"
#include "engine/belongs.h"

#include <string.h>

enum { NAMED_AT_MOST = 10 };

static void show(struct str *out, const char *text)
{
	text_add_visible(out, text, strlen(text), 80);
}

/* ---- before anything is asked ---- */

const char *import_store(const struct import_input *input, struct error *err)
{
	const struct account *account = input->account;
	const char *slash = strchr(input->id, '/');
	struct str shown CLEANUP(str_release) = {0};
	size_t length = slash ? (size_t)(slash - input->id) : 0;

	show(&shown, input->id);
	if (!length || !slash[1] || strchr(slash + 1, '/')) {
		error_set(err, "`%s` is not of the form ACCOUNT/STORE", str_text(&shown));
		error_hint(err, "Give the ids, or names in their place, as in: %s/%s", account->id,
			input->desired->store);
		return NULL;
	}
	if ((strlen(account->id) == length && memcmp(account->id, input->id, length) == 0) ||
		(strlen(account->alias) == length &&
			memcmp(account->alias, input->id, length) == 0))
		return slash + 1;
	error_set(err, "`%s` is not in the account of the address: `%s` is %s", str_text(&shown),
		account->alias, account->id);
	return NULL;
}

bool import_is_free(const struct import_input *input, struct error *err)
{
	const struct object *wanted = input->desired;
	const struct object *known =
		model_object(input->recorded, wanted->account, wanted->store, wanted->secret);
	char *address AUTO_FREE = object_address(wanted);

	if (!belongs_check(input->recorded, input->account, err))
		return false;
	if (!known || known->is_unresolved)
		return true;
	error_set(err, "%s is in the state already, with the id %s", address, known->id);
	return error_hint(
		err, "If that is not the right one any more: cfprov state rm %s", address);
}

/* ---- among what lives ---- */

struct search {
	const struct import_input *input;
	const char *store; /* id or name */
	const struct object *found;
	size_t count;              /* of those with the name */
	struct str there, doubles; /* for errors */
};

static void search_release(struct search *search)
{
	str_release(&search->there);
	str_release(&search->doubles);
}

static void add_candidate(struct search *search, const struct object *object, size_t index)
{
	if (index >= NAMED_AT_MOST) {
		if (index == NAMED_AT_MOST)
			str_text_add(&search->there, ", ...");
		return;
	}
	str_text_add(&search->there, index ? ", " : "");
	show(&search->there, object->store);
	str_format(&search->there, " (%s)", object->id);
}

/* An id says it best; a name is looked at if nothing has that id. */
static void search_live(struct search *search)
{
	const struct model *live = search->input->live;
	size_t index = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		const struct object *object = &live->objects[i];
		if (object->secret || strcmp(object->account, search->input->account->alias) != 0)
			continue;
		add_candidate(search, object, index++);
		if (strcmp(object->id, search->store) == 0) {
			search->found = object;
			search->count = 1;
			return;
		}
		if (strcmp(object->store, search->store) != 0)
			continue;
		str_format(&search->doubles, "%s%s", search->count ? " and " : "", object->id);
		search->found = object;
		search->count++;
	}
}

static bool refuse_absent(const struct search *search, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	show(&shown, search->store);
	error_set(err, "no store of the account `%s` has the id or the name `%s`",
		search->input->account->alias, str_text(&shown));
	if (search->there.length)
		return error_hint(err, "There live: %s.", str_text(&search->there));
	return error_hint(err, "Nothing lives there. cfprov apply creates what is declared.");
}

static bool refuse_name(const struct search *search, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	show(&shown, search->found->store);
	error_set(err, "the store %s is called `%s`, not `%s`", search->found->id, str_text(&shown),
		search->input->desired->store);
	return error_hint(err, "Cloudflare can't rename a store: declare it by the name it has.");
}

/* One id is one object. */
static bool check_unrecorded(const struct search *search, struct error *err)
{
	const struct model *recorded = search->input->recorded;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (!object->id || strcmp(object->id, search->found->id) != 0)
			continue;
		char *address AUTO_FREE = object_address(object);
		struct str shown CLEANUP(str_release) = {0};
		show(&shown, address);
		error_set(err, "the store %s is in the state already, as %s", object->id,
			str_text(&shown));
		return error_hint(err, "One id is one object.");
	}
	return true;
}

bool import_find(const struct import_input *input, struct object *ret_object, struct error *err)
{
	struct search search CLEANUP(search_release) = {.input = input};

	search.store = import_store(input, err);
	if (!search.store)
		return false;
	search_live(&search);
	if (!search.found)
		return refuse_absent(&search, err);
	if (search.count > 1) {
		error_set(err, "%zu stores have this name: %s", search.count,
			str_text(&search.doubles));
		return error_hint(err, "Delete those that are too many; names are the identity.");
	}
	if (strcmp(search.found->store, input->desired->store) != 0)
		return refuse_name(&search, err);
	if (!check_unrecorded(&search, err))
		return false;
	*ret_object = *search.found;
	ret_object->origin = ORIGIN_ADOPTED;
	ret_object->prevent_destroy = input->desired->prevent_destroy;
	ret_object->forget_on_remove = input->desired->forget_on_remove;
	return true;
}
