#include "plan/store_limit.h"

#include "base/text.h"
#include "manifest/writing.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_COLUMNS = 120, NAMES_SHOWN = 3 };

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

bool store_limit_is_managed(const struct model *desired, const struct model *recorded,
	const char *alias, const char *store)
{
	return model_object(desired, alias, store, NULL) ||
	       model_object(recorded, alias, store, NULL);
}

void store_limit_add_manifest(struct str *out, const char *store)
{
	str_text_add(out, "stores: [{name: ");
	if (text_is_made_of(store, plain))
		writing_word(out, store);
	else
		writing_text(out, store, true);
	str_text_add(out, ", adopt: true}]");
}

static void add_name(struct str *out, const struct object *store)
{
	text_add_visible(out, store->store, strlen(store->store), NAME_COLUMNS);
	if (store->id)
		str_format(out, " (id %s)", store->id);
}

/* Lends the stores of an account one by one, from NULL; NULL: there are no more. */
static const struct object *next_store(
	const struct model *model, const char *alias, const struct object *before)
{
	const struct object *end = model->objects + model->object_count;
	const struct object *it = before ? before + 1 : model_first_in(model, alias);

	for (; it && it < end && strcmp(it->account, alias) == 0; it++)
		if (it->kind == OBJECT_STORE)
			return it;
	return NULL;
}

/* ---- beforehand ---- */

struct finding_of_plan {
	const struct object *first, *store; /* created, and there already; NULL: none so far */
	size_t stores, accounts;            /* created in the first's account; such accounts */
};

static void add_warning(const struct finding_of_plan *found, struct plan *plan)
{
	struct str name CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};
	struct str created CLEANUP(str_release) = {0}, others CLEANUP(str_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	add_name(&name, found->store);
	store_limit_add_manifest(&line, found->store->store);
	char *address AUTO_FREE = object_address(found->first);
	text_add_visible(&shown, address, strlen(address), NAME_COLUMNS);
	text_add_listed(&created, str_text(&shown), 0, found->stores, 1);
	if (found->accounts > 1)
		str_format(&others, " The same is true of %zu more account%s.", found->accounts - 1,
			found->accounts == 2 ? "" : "s");
	plan_add_warning(plan,
		"creating %s may fail: the account already has a store that is not in the "
		"manifest, %s. Most accounts may have only one.%s To use the existing store, "
		"declare it instead of the new one: %s",
		str_text(&created), str_text(&name), str_text(&others), str_text(&line));
}

/* Lends the only store that the account has, if nobody manages it; else NULL. */
static const struct object *find_only(const struct model *desired, const struct model *recorded,
	const struct model *live, const char *alias)
{
	const struct object *only = next_store(live, alias, NULL);
	bool is_free = only && !next_store(live, alias, only) &&
		       !store_limit_is_managed(desired, recorded, alias, only->store);

	return is_free ? only : NULL;
}

void store_limit_warn(const struct model *desired, const struct model *recorded,
	const struct model *live, struct plan *plan)
{
	struct finding_of_plan found = {0};
	const struct object *only = NULL; /* of the account looked at last */
	const char *alias = "";

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct object *object = row_object(&plan->rows[i]);
		if (object->kind != OBJECT_STORE || plan->rows[i].action != ACTION_CREATE)
			continue;
		if (strcmp(object->account, alias) != 0) {
			alias = object->account;
			only = find_only(desired, recorded, live, alias);
			found.accounts += only != NULL;
		}
		if (only && !found.first) {
			found.first = object;
			found.store = only;
		}
		found.stores += only && only == found.store;
	}
	if (found.first)
		add_warning(&found, plan);
}

/* ---- afterwards ---- */

void store_limit_explain(
	const struct model *live, const struct plan *plan, const char *alias, struct error *err)
{
	struct str hint CLEANUP(str_release) = {0};
	const struct object *store = next_store(live, alias, NULL), *first = store;
	size_t count = 0, index = 0;

	if (!first)
		return;
	str_format(&hint, "%s%sThe account has ", err->hint ? err->hint : "", err->hint ? " " : "");
	for (; store; store = next_store(live, alias, store))
		count++;
	for (store = first; index < count; store = next_store(live, alias, store)) {
		struct str name CLEANUP(str_release) = {0};
		add_name(&name, store);
		text_add_listed(&hint, str_text(&name), index++, count, NAMES_SHOWN);
	}
	if (count == 1 && !plan_find(plan, first)) {
		str_text_add(&hint, "; to adopt it: ");
		store_limit_add_manifest(&hint, first->store);
	} else {
		str_char(&hint, '.');
	}
	error_hint(err, "%s", str_text(&hint));
}
