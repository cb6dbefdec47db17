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

/* ---- before: a warning ---- */

/* `created`: the first store that is created next to the existing one. */
static void add_warning(const struct object *created, const struct object *existing, size_t stores,
	size_t accounts, struct plan *plan)
{
	struct str name CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};
	struct str names CLEANUP(str_release) = {0}, others CLEANUP(str_release) = {0};
	char *address AUTO_FREE = object_address(created);
	char *shown AUTO_FREE = text_visible(address, NAME_COLUMNS);

	add_name(&name, existing);
	store_limit_add_manifest(&line, existing->store);
	text_add_listed(&names, shown, 0, stores, 1);
	if (accounts > 1)
		str_format(&others, " The same is true of %zu more account%s.", accounts - 1,
			accounts == 2 ? "" : "s");
	plan_add_warning(plan,
		"creating %s may fail: the account already has a store that is not in the "
		"manifest: %s. Most accounts may have only one.%s To use the existing store, "
		"declare it instead of the new one: %s",
		str_text(&names), str_text(&name), str_text(&others), str_text(&line));
}

/* Lends the account's only store, if it is not managed; else NULL. */
static const struct object *find_only(const struct model *desired, const struct model *recorded,
	const struct model *live, const char *alias)
{
	struct objects all = model_in_account(live, alias);
	const struct object *only = NULL;

	for (size_t i = 0; i < all.count; i++) {
		if (all.items[i].kind != OBJECT_STORE)
			continue;
		if (only)
			return NULL;
		only = &all.items[i];
	}
	return only && !store_limit_is_managed(desired, recorded, alias, only->store) ? only : NULL;
}

void store_limit_warn(const struct model *desired, const struct model *recorded,
	const struct model *live, struct plan *plan)
{
	const struct object *created = NULL, *existing = NULL; /* in the first such account */
	const struct object *only = NULL;                      /* of the last account */
	size_t stores = 0, accounts = 0;
	const char *alias = "";

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct object *object = row_object(&plan->rows[i]);
		if (object->kind != OBJECT_STORE || plan->rows[i].action != ACTION_CREATE)
			continue;
		if (strcmp(object->account, alias) != 0) {
			alias = object->account;
			only = find_only(desired, recorded, live, alias);
			accounts += only != NULL;
		}
		if (only && !created) {
			created = object;
			existing = only;
		}
		stores += only && only == existing;
	}
	if (created)
		add_warning(created, existing, stores, accounts, plan);
}

/* ---- after: a hint ---- */

void store_limit_explain(
	const struct model *live, const struct plan *plan, const char *alias, struct error *err)
{
	struct str hint CLEANUP(str_release) = {0};
	struct objects all = model_in_account(live, alias);
	size_t count = 0, index = 0;

	for (size_t i = 0; i < all.count; i++)
		count += all.items[i].kind == OBJECT_STORE;
	if (!count)
		return;
	str_format(&hint, "%s%sThe account has ", err->hint ? err->hint : "", err->hint ? " " : "");
	for (size_t i = 0; i < all.count; i++) {
		struct str name CLEANUP(str_release) = {0};
		if (all.items[i].kind != OBJECT_STORE)
			continue;
		add_name(&name, &all.items[i]);
		text_add_listed(&hint, str_text(&name), index++, count, NAMES_SHOWN);
	}
	/* A store comes before its secrets, so the first object is one. */
	if (count == 1 && !plan_find(plan, all.items)) {
		str_text_add(&hint, ". To adopt it: ");
		store_limit_add_manifest(&hint, all.items->store);
	} else {
		str_char(&hint, '.');
	}
	error_hint(err, "%s", str_text(&hint));
}
