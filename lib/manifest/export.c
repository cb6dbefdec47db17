#include "manifest/export.h"

#include "base/text.h"
#include "manifest/naming.h"
#include "manifest/shape.h"
#include "manifest/writing.h"

#include <stdlib.h>
#include <string.h>

/* ---- what can't be written ---- */

static bool is_text_right(
	const char *what, const struct schema_text *schema, const char *text, struct str *why)
{
	struct str detail CLEANUP(str_release) = {0};

	if (shape_text_is_right(schema, text, true, &detail))
		return true;
	str_format(why, "its %s can't be in a manifest: %s", what, str_text(&detail));
	return false;
}

/* Lends the next scope of the set, in the arena, or NULL. */
static const char *next_scope(struct arena *arena, const char **rest)
{
	size_t length = *rest ? strcspn(*rest, ",") : 0;

	if (!length)
		return NULL;
	const char *scope = arena_bytes(arena, *rest, length);
	*rest += length + ((*rest)[length] == ',');
	return scope;
}

static bool are_fields_right(const struct object *secret, struct str *why)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const char *rest = secret->scopes;

	for (const char *scope; (scope = next_scope(&arena, &rest));)
		if (!is_text_right("scope", &schema_scope, scope, why))
			return false;
	const char *comment = secret->comment ? secret->comment : "";
	/* U+FFFE and U+FFFF */
	if (strstr(comment, "\xef\xbf\xbe") || strstr(comment, "\xef\xbf\xbf")) {
		str_text_add(why, "its comment has a character that YAML can't have");
		return false;
	}
	return is_text_right("comment", &schema_comment, comment, why);
}

/* Why the manifest can't hold this store or secret; false: it can. */
static bool is_unfit(const struct model *live, size_t index, struct str *why)
{
	const struct object *object = &live->objects[index];
	bool is_store = object->kind == OBJECT_STORE;
	bool is_double =
		(index && object_compare(object, object - 1) == 0) ||
		(index + 1 < live->object_count && object_compare(object, object + 1) == 0);

	if (!shape_text_is_right(is_store ? &schema_store_name : &schema_secret_name,
		    is_store ? object->store : object->secret, true, why))
		return true;
	if (is_double)
		str_format(why, "several %ss have this name", object_kind_word(object->kind));
	return is_double || (!is_store && !are_fields_right(object, why));
}

static void leave_out(
	const struct object *object, const char *why, struct str *out, struct error_list *notes)
{
	struct str name CLEANUP(str_release) = {0};
	bool is_store = object->kind == OBJECT_STORE;
	const char *id = object->id ? object->id : "unknown";

	str_text_add(&name, is_store ? "the store \"" : "the secret \"");
	const char *own = is_store ? object->store : object->secret;
	text_add_visible(&name, own, strlen(own), 0);
	str_format(&name, "\" of %s", object->account);
	if (!is_store) {
		str_char(&name, '/');
		text_add_visible(&name, object->store, strlen(object->store), 0);
	}
	str_format(out, "# Left out: %s (id %s): %s.\n", str_text(&name), id, why);
	error_set(error_list_add(notes), "%s (id %s) can't stand in a manifest: %s",
		str_text(&name), id, why);
}

/* ---- secrets ---- */

static void add_secret(struct str *out, const struct object *secret, struct naming *naming)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const char *rest = secret->scopes, *between = "";

	str_text_add(out, "      - name: ");
	writing_word(out, secret->secret);
	if (rest && *rest && strcmp(rest, "workers") != 0) {
		str_text_add(out, "\n        scopes: [");
		for (const char *scope; (scope = next_scope(&arena, &rest)); between = ", ") {
			str_text_add(out, between);
			writing_word(out, scope);
		}
		str_char(out, ']');
	}
	if (secret->comment && *secret->comment) {
		str_text_add(out, "\n        comment: ");
		writing_text(out, secret->comment, true);
	}
	str_text_add(out, "\n        value: {env: ");
	writing_word(out, naming_variable(naming, secret->store, secret->secret));
	str_text_add(out, "}\n        update: if_absent\n");
}

/* ---- stores ---- */

/* A store that can be written, with its secrets as the manifest has them. */
struct chosen {
	const struct object *store;
	struct str secrets;
};

struct choice {
	struct chosen *items;
	size_t count;
	size_t secrets; /* in all of them */
};

static int compare_chosen(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;
	int order = strcmp(x->store->store, y->store->store);

	if (order == 0)
		order = strcmp(str_text(&x->secrets), str_text(&y->secrets));
	return order ? order : strcmp(x->store->account, y->store->account);
}

/* What is the same in several accounts is written once. */
static bool are_same(const struct chosen *a, const struct chosen *b)
{
	return strcmp(a->store->store, b->store->store) == 0 &&
	       strcmp(str_text(&a->secrets), str_text(&b->secrets)) == 0;
}

/* One name, and the accounts that it lives in. */
static void add_store(struct str *out, const struct chosen *same, size_t count, size_t accounts)
{
	bool is_bare = count == accounts && !same->secrets.length;

	str_text_add(out, is_bare ? "  - " : "  - name: ");
	writing_word(out, same->store->store);
	str_char(out, '\n');
	if (count != accounts) {
		str_text_add(out, "    accounts: [");
		for (size_t i = 0; i < count; i++) {
			str_text_add(out, i ? ", " : "");
			writing_word(out, same[i].store->account);
		}
		str_text_add(out, "]\n");
	}
	if (same->secrets.length)
		str_format(out, "    secrets:\n%s", str_text(&same->secrets));
}

static bool is_inside(const struct object *object, const struct object *store)
{
	return object->kind == OBJECT_SECRET && strcmp(object->account, store->account) == 0 &&
	       strcmp(object->store, store->store) == 0;
}

/*
 * Finds those that can be written, and adds a comment for each of the others; of a store that is
 * left out, its secrets need no word.
 */
static struct choice choose(
	const struct model *live, struct naming *naming, struct str *out, struct error_list *notes)
{
	struct choice choice = {.items = mem_alloc(live->object_count * sizeof(*choice.items))};

	for (size_t i = 0; i < live->object_count; i++) {
		struct str why CLEANUP(str_release) = {0};
		const struct object *object = &live->objects[i];
		struct chosen *last = choice.count ? &choice.items[choice.count - 1] : NULL;
		bool is_store = object->kind == OBJECT_STORE;
		if (!is_store && !(last && is_inside(object, last->store)))
			continue;
		if (is_unfit(live, i, &why)) {
			leave_out(object, str_text(&why), out, notes);
		} else if (is_store) {
			choice.items[choice.count++].store = object;
		} else {
			add_secret(&last->secrets, object, naming);
			choice.secrets++;
		}
	}
	if (choice.count)
		qsort(choice.items, choice.count, sizeof(*choice.items), compare_chosen);
	return choice;
}

size_t export_manifest(const struct model *accounts, const struct model *live, struct str *out,
	struct error_list *notes)
{
	struct str comments CLEANUP(str_release) = {0};
	struct naming naming CLEANUP(naming_release) = {0};

	for (size_t i = 0; i < accounts->account_count; i++)
		if (accounts->accounts[i].token.kind == VALUE_ENV)
			naming_take(&naming, accounts->accounts[i].token.name);
	const struct choice choice = choose(live, &naming, &comments, notes);

	str_text_add(out, "# What lives in Cloudflare Secrets Store, as cfprov export found it.\n"
			  "# cfprov apply -adopt takes it into the state.\n");
	if (choice.secrets)
		str_text_add(out, "#\n"
				  "# Nobody can read a value out of Cloudflare. With `update: "
				  "if_absent` none is written\n"
				  "# over; before you take that out, say where the right one is "
				  "read from.\n");
	str_char(out, '\n');
	writing_accounts(out, accounts);
	str_text_add(out, choice.count      ? "stores:\n"
			  : comments.length ? "stores: [] # see below what was left out\n"
					    : "stores: [] # nothing lives there yet\n");
	for (size_t i = 0, next; i < choice.count; i = next) {
		for (next = i + 1; next < choice.count; next++)
			if (!are_same(&choice.items[i], &choice.items[next]))
				break;
		add_store(out, &choice.items[i], next - i, accounts->account_count);
	}
	if (comments.length)
		str_format(out, "\n%s", str_text(&comments));
	for (size_t i = 0; i < choice.count; i++)
		str_release(&choice.items[i].secrets);
	free(choice.items);
	return choice.count;
}
