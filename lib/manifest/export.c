#include "manifest/export.h"

#include "base/text.h"
#include "manifest/naming.h"
#include "manifest/shape.h"
#include "manifest/writing.h"

#include <stdlib.h>
#include <string.h>

/* ---- what can't be written ---- */

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

/* True, and adds why, if a manifest can't hold the scopes or the comment. */
static bool has_unfit_fields(const struct object *secret, struct str *why)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct str detail CLEANUP(str_release) = {0};
	const char *rest = secret->scopes, *comment = secret->comment ? secret->comment : "";

	for (const char *scope; (scope = next_scope(&arena, &rest));) {
		if (shape_text_is_right(&schema_scope, scope, true, &detail))
			continue;
		str_format(why, "invalid scope: %s", str_text(&detail));
		return true;
	}
	/* U+FFFE and U+FFFF */
	if (strstr(comment, "\xef\xbf\xbe") || strstr(comment, "\xef\xbf\xbf"))
		str_text_add(why, "its comment has a character that YAML does not allow");
	else if (!shape_text_is_right(&schema_comment, comment, true, &detail))
		str_format(why, "invalid comment: %s", str_text(&detail));
	return why->length > 0;
}

bool export_is_unfit(const struct model *live, const struct object *object, struct str *why)
{
	size_t index = (size_t)(object - live->objects);
	bool is_store = object->kind == OBJECT_STORE;

	if (!shape_text_is_right(is_store ? &schema_store_name : &schema_secret_name,
		    is_store ? object->store : object->secret, true, why))
		return true;
	if ((index && object_compare(object, object - 1) == 0) ||
		(index + 1 < live->object_count && object_compare(object, object + 1) == 0))
		str_format(why, "several %ss have this name", object_kind_word(object->kind));
	else if (!is_store)
		return has_unfit_fields(object, why);
	return why->length > 0;
}

static void leave_out(
	const struct object *object, const char *why, struct str *out, struct error_list *notes)
{
	struct str name CLEANUP(str_release) = {0};
	bool is_store = object->kind == OBJECT_STORE;
	const char *id = object->id ? object->id : "unknown";

	str_text_add(&name, is_store ? "store \"" : "secret \"");
	const char *own = is_store ? object->store : object->secret;
	text_add_visible(&name, own, strlen(own), 0);
	str_format(&name, "\" in %s", object->account);
	if (!is_store) {
		str_char(&name, '/');
		text_add_visible(&name, object->store, strlen(object->store), 0);
	}
	str_format(out, "# Skipped: %s (id %s): %s.\n", str_text(&name), id, why);
	error_set(error_list_add(notes), "%s (id %s) can't be written to a manifest: %s",
		str_text(&name), id, why);
}

/* ---- secrets ---- */

static void add_secret(struct str *out, const struct object *secret, struct naming *naming)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const char *rest = secret->scopes, *between = "";

	writing_name(out, "      - name: ", secret->secret, "");
	if (rest && *rest && strcmp(rest, "workers") != 0) {
		str_text_add(out, "\n        scopes: [");
		for (const char *scope; (scope = next_scope(&arena, &rest)); between = ", ")
			writing_name(out, between, scope, "");
		str_char(out, ']');
	}
	if (secret->comment && *secret->comment) {
		str_text_add(out, "\n        comment: ");
		writing_text(out, secret->comment, true);
	}
	writing_name(out,
		"\n        value: {env: ", naming_variable(naming, secret->store, secret->secret),
		"}\n        update: if_absent\n");
}

/* ---- stores ---- */

/* A store that can be written, and the lines below its name and accounts. */
struct chosen {
	const struct object *store;
	bool has_secrets;
	struct str body;
};

struct choice {
	struct chosen *items;
	size_t count;
	size_t secrets; /* in all of them */
};

/* Stores that are written alike, in several accounts, are written once. */
static int compare_text(const struct chosen *a, const struct chosen *b)
{
	int order = strcmp(a->store->store, b->store->store);

	return order ? order : strcmp(str_text(&a->body), str_text(&b->body));
}

static int compare_chosen(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;
	int order = compare_text(x, y);

	return order ? order : strcmp(x->store->account, y->store->account);
}

/* One store, and the accounts that it is in. */
static void add_store(struct str *out, const struct chosen *same, size_t count, size_t accounts)
{
	bool is_bare = count == accounts && !same->body.length;

	writing_name(out, is_bare ? "  - " : "  - name: ", same->store->store, "\n");
	if (count != accounts) {
		str_text_add(out, "    accounts: [");
		for (size_t i = 0; i < count; i++)
			writing_name(out, i ? ", " : "", same[i].store->account, "");
		str_text_add(out, "]\n");
	}
	str_text_add(out, str_text(&same->body));
}

/* Adds a comment for what can't be written; the secrets of a store that is left out need none. */
static struct choice choose(
	const struct model *live, struct naming *naming, struct str *out, struct error_list *notes)
{
	struct choice choice = {.items = mem_alloc(live->object_count * sizeof(*choice.items))};
	struct chosen *store = NULL; /* of the secrets that follow; NULL: it is left out */

	for (size_t i = 0; i < live->object_count; i++) {
		struct str why CLEANUP(str_release) = {0};
		const struct object *object = &live->objects[i];
		bool is_store = object->kind == OBJECT_STORE;
		if (is_store)
			store = NULL;
		else if (!store)
			continue;
		if (export_is_unfit(live, object, &why)) {
			leave_out(object, str_text(&why), out, notes);
		} else if (is_store) {
			store = &choice.items[choice.count++];
			store->store = object;
			if (object->forget_on_remove)
				str_text_add(&store->body, "    on_remove: forget\n");
		} else {
			if (!store->has_secrets)
				str_text_add(&store->body, "    secrets:\n");
			store->has_secrets = true;
			add_secret(&store->body, object, naming);
			choice.secrets++;
		}
	}
	if (choice.count)
		qsort(choice.items, choice.count, sizeof(*choice.items), compare_chosen);
	return choice;
}

/* Variables that mean something else already. */
static void take_names(const struct export_input *input, struct naming *naming)
{
	const struct model *known = input->accounts;

	for (size_t i = 0; i < known->account_count; i++)
		if (known->accounts[i].token.kind == VALUE_ENV)
			naming_take(naming, known->accounts[i].token.name);
	for (size_t i = 0; input->is_part && i < known->object_count; i++)
		if (known->objects[i].value && known->objects[i].value->kind == VALUE_ENV)
			naming_take(naming, known->objects[i].value->name);
}

static void add_heading(const struct export_input *input, size_t secrets, struct str *out)
{
	str_text_add(out, input->heading ? input->heading
					 : "# Cloudflare Secrets Store, exported by cfprov.\n"
					   "# To manage these objects, run cfprov apply -adopt.\n");
	if (secrets)
		str_text_add(out, "#\n# Cloudflare never returns values. `update: if_absent` keeps "
				  "the existing ones. Before you\n# remove it, replace `value` "
				  "with the source of the right one.\n");
	str_char(out, '\n');
	if (!input->is_part)
		writing_accounts(out, input->accounts);
}

size_t export_manifest(const struct export_input *input, struct str *out, struct error_list *notes)
{
	struct str comments CLEANUP(str_release) = {0};
	struct naming naming CLEANUP(naming_release) = {0};

	take_names(input, &naming);
	const struct choice choice = choose(input->live, &naming, &comments, notes);
	add_heading(input, choice.secrets, out);
	str_text_add(out, choice.count      ? "stores:\n"
			  : comments.length ? "stores: [] # everything was skipped, see below\n"
					    : "stores: [] # nothing exists yet\n");
	for (size_t i = 0, next; i < choice.count; i = next) {
		next = i + 1;
		while (next < choice.count && !compare_text(&choice.items[i], &choice.items[next]))
			next++;
		add_store(out, &choice.items[i], next - i, input->accounts->account_count);
	}
	if (comments.length)
		str_format(out, "\n%s", str_text(&comments));
	for (size_t i = 0; i < choice.count; i++)
		str_release(&choice.items[i].body);
	mem_free(choice.items);
	return choice.count;
}
