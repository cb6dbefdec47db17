#include "base/text.h"
#include "manifest/reading.h"

#include <stdlib.h>
#include <string.h>

/* A store of the manifest with its secrets; it may belong in several accounts. */
struct entry {
	struct object *objects; /* the store, then its secrets; without account and store */
	size_t count;
	struct spot name; /* of the store */
};

/* ---- one store ---- */

static const char *read_scopes(struct reading *r, const struct yaml *list)
{
	static const char *const defaults[] = {"workers"}; /* as in Cloudflare's own tools */
	size_t count = 0;

	if (!list)
		return model_scopes(&r->model->arena, defaults, ARRAY_SIZE(defaults));
	const char **items AUTO_FREE = mem_alloc(reading_count(list) * sizeof(*items));
	for (const struct yaml *it = list->first; it; it = it->next)
		items[count++] = it->text;
	return model_scopes(&r->model->arena, items, count);
}

/* Reads what stores and secrets share. Lends the node of the name. */
static const struct yaml *read_common(struct reading *r, struct spot at, struct object *object)
{
	const struct yaml *node = at.node;
	const struct yaml *name = node->kind == YAML_SCALAR ? node : yaml_get(node, "name");

	object->may_adopt = reading_says(node, "adopt", "true");
	object->prevent_destroy = reading_says(node, "prevent_destroy", "true");
	object->forget_on_remove = reading_says(node, "on_remove", "forget");
	object->place = reading_place(r, spot_of(at, name));
	return name;
}

/* Lends the node of the name. */
static const struct yaml *read_secret(struct reading *r, struct spot at, struct object *secret)
{
	const struct yaml *node = at.node, *comment = yaml_get(node, "comment");
	const struct yaml *version = yaml_get(node, "version");
	const struct yaml *name = read_common(r, at, secret);
	struct value_source *value = arena_alloc(&r->model->arena, sizeof(*value));
	size_t number;

	secret->kind = OBJECT_SECRET;
	secret->secret = name->text;
	secret->scopes = read_scopes(r, yaml_get(node, "scopes"));
	if (comment && *comment->text)
		secret->comment = arena_text(&r->model->arena, comment->text);
	secret->version =
		version && text_to_number(version->text, SIZE_MAX, &number) ? (int64_t)number : 1;
	*value = reference_read(r, spot_of(at, yaml_get(node, "value")));
	secret->value = value;
	secret->is_written_once = reading_says(node, "update", "if_absent");
	secret->keeps_no_fingerprint = reading_says(node, "fingerprint", "none");
	secret->on_drift = reading_says(node, "on_drift", "warn")     ? ON_DRIFT_WARN
			   : reading_says(node, "on_drift", "ignore") ? ON_DRIFT_IGNORE
								      : ON_DRIFT_REWRITE;
	return name;
}

static struct entry read_entry(struct reading *r, struct spot at)
{
	const struct yaml *list = yaml_get(at.node, "secrets");
	size_t room = 1 + reading_count(list);
	struct entry entry = {arena_alloc(&r->arena, room * sizeof(struct object)), 1, {0}};
	struct table *seen = NULL;

	entry.name = spot_of(at, read_common(r, at, &entry.objects[0]));
	for (const struct yaml *it = list ? list->first : NULL; it; it = it->next) {
		struct object *secret = &entry.objects[entry.count++];
		const struct spot name = spot_of(at, read_secret(r, spot_of(at, it), secret));
		const struct spot *first = reading_first(r, &seen, secret->secret, name);
		if (!first)
			continue;
		const char *shown = reading_shown_again(r, name.node, first->node);
		error_set(reading_error_at(r, name, text_characters(shown)),
			"secret `%s` is declared twice in this store, first at %s", shown,
			reading_where(r, reading_place(r, *first)));
	}
	table_free(&seen);
	return entry;
}

/* ---- all stores ---- */

static void add_entry(
	struct reading *r, const struct entry *entry, const char *alias, struct table **seen)
{
	const char *store = entry->name.node->text;
	const char *address = arena_format(&r->arena, "%s/%s", alias, store);
	const struct spot *first = reading_first(r, seen, address, entry->name);

	if (first) {
		const char *shown = reading_shown_again(r, entry->name.node, first->node);
		error_set(reading_error_at(r, entry->name, text_characters(shown)),
			"store `%s` is declared twice for account `%s`, first at %s", shown, alias,
			reading_where(r, reading_place(r, *first)));
	}
	for (size_t i = 0; i < entry->count; i++) {
		struct object *object =
			model_add_object(r->model, alias, store, entry->objects[i].secret);
		const struct object named = *object;
		*object = entry->objects[i];
		object->account = named.account;
		object->store = named.store;
		object->secret = named.secret;
	}
}

/* A small manifest may mean a huge model: all of its stores in all of its accounts. */
static bool check_size(
	struct reading *r, const struct entry *entry, const struct yaml *chosen, struct spot at)
{
	size_t accounts = chosen ? reading_count(chosen) : r->model->account_count;

	if (r->model->object_count + accounts * entry->count <= READING_OBJECT_LIMIT)
		return true;
	if (!r->is_too_large)
		error_set(reading_error(r, at), "more than %d stores and secrets in all accounts",
			READING_OBJECT_LIMIT);
	r->is_too_large = true;
	return false;
}

/* Adds the store to the accounts that it names, or to all. */
static void read_store(
	struct reading *r, struct spot at, const struct table *aliases, struct table **seen)
{
	const struct yaml *chosen = yaml_get(at.node, "accounts");
	const struct entry entry = read_entry(r, at);

	if (!check_size(r, &entry, chosen, spot_of(at, entry.name.node)))
		return;
	for (size_t i = 0; !chosen && i < r->model->account_count; i++)
		add_entry(r, &entry, r->model->accounts[i].alias, seen);
	for (const struct yaml *it = chosen ? chosen->first : NULL; it; it = it->next) {
		if (table_get(aliases, it->text))
			add_entry(r, &entry, it->text, seen);
		else
			reading_unknown_alias(r, it->text, it, reading_error(r, spot_of(at, it)));
	}
}

static void no_stores(struct reading *r, struct spot empty)
{
	bool is_one = r->documents->count == 1;
	const struct spot root = {0, r->documents->items[0].yaml.root};
	struct error *err = reading_error(r, empty.node ? empty : root);

	if (empty.node)
		error_set(err, "`stores` is empty");
	else
		error_set(err, "`stores` is missing%s", is_one ? "" : " in all files");
	error_hint(err, "An empty manifest never destroys anything. To destroy everything, run "
			"`cfprov destroy` with the previous manifest. To stop managing an object "
			"without deleting it, run `cfprov state rm ADDRESS`.");
}

void stores_read(struct reading *r)
{
	struct table *aliases = NULL, *seen = NULL; /* ALIAS/STORE -> where it was first */
	struct spot list = {0};
	bool is_empty = true;

	for (size_t i = 0; i < r->model->account_count; i++)
		table_put(&aliases, r->model->accounts[i].alias, r->model);
	while (reading_next(r, "stores", &list)) {
		model_reserve(r->model, r->model->object_count + reading_count(list.node));
		for (const struct yaml *it = list.node->first; it; it = it->next) {
			read_store(r, spot_of(list, it), aliases, &seen);
			is_empty = false;
		}
	}
	table_free(&aliases);
	table_free(&seen);
	if (is_empty)
		no_stores(r, list);
}
