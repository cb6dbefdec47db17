#include "manifest/manifest.h"
#include "manifest/accounts.h"

#include "adapter/fs.h"
#include "base/text.h"
#include "manifest/changes.h"
#include "manifest/interpolate.h"
#include "manifest/reading.h"
#include "manifest/references.h"
#include "manifest/secrets.h"
#include "manifest/shape.h"

#include <string.h>

/* ---- stores ---- */

static void add_store(
	struct reading *r, const char *alias, const struct spot *at, const struct secrets *secrets)
{
	const struct yaml *node = at->node;
	const struct yaml *name = node->kind == YAML_SCALAR ? node : yaml_get(node, "name");
	struct object *object = model_add_object(r->model, alias, name->text, NULL);

	reading_note(r, name->written, object->store);
	object->may_adopt = reading_says(node, "adopt", "true");
	object->prevent_destroy = reading_says(node, "prevent_destroy", "true");
	object->forget_on_remove = reading_says(node, "on_remove", "forget");
	object->place = reading_place(r, at->document, name);
	secrets_add(r, alias, name->text, secrets);
}

static void read_store(struct reading *r, const struct table *aliases, const struct spot *at)
{
	const struct yaml *chosen = yaml_get(at->node, "accounts");
	const struct secrets secrets = secrets_read(r, at);

	if (!chosen) {
		for (size_t i = 0; i < r->model->account_count; i++)
			add_store(r, r->model->accounts[i].alias, at, &secrets);
		return;
	}
	for (const struct yaml *it = chosen->first; it; it = it->next) {
		if (table_get(aliases, it->text)) {
			add_store(r, it->text, at, &secrets);
			continue;
		}
		reading_note(r, it->written, it->text);
		reading_unknown_alias(r, it->text, reading_error(r, at->document, it));
	}
}

static void no_stores(struct reading *r, const struct spot *empty)
{
	const struct yaml *root = r->documents->items[0].yaml.root;
	bool is_one = r->documents->count == 1;
	struct error *err = empty->node ? reading_error(r, empty->document, empty->node)
					: reading_error(r, 0, root);

	if (empty->node)
		error_set(err, "`stores` is empty");
	else
		error_set(err, "`stores` is missing %s", is_one ? "here" : "in all of the files");
	error_hint(err,
		"cfprov never reads an empty manifest as a wish to have nothing. To destroy all, "
		"run cfprov destroy with the manifest as it was; to forget it and let it live, "
		"cfprov state rm ADDRESS.");
}

static void read_stores(struct reading *r)
{
	struct table *aliases = NULL;
	struct spot list = {0};
	bool is_empty = true;

	for (size_t i = 0; i < r->model->account_count; i++)
		table_put(&aliases, r->model->accounts[i].alias, r->model);
	while (reading_next(r, "stores", &list)) {
		for (const struct yaml *it = list.node->first; it; it = it->next) {
			read_store(r, aliases, &(struct spot){list.document, it});
			is_empty = false;
		}
	}
	table_free(&aliases);
	if (is_empty)
		no_stores(r, &list);
}

static void refuse_double(
	struct reading *r, const struct object *first, const struct object *second)
{
	const char *shown = reading_shown(r, second->store);

	error_set(reading_error_at(r, &second->place, text_columns(shown)),
		"store `%s` stands twice for the account `%s`, first in %s", shown, second->account,
		reading_where(r, &first->place));
}

/*
 * Before the model is sorted: in the order of the files. Of secrets, manifest/secrets has seen to
 * it: a store stands once, and all of its secrets with it.
 */
static void refuse_doubles(struct reading *r)
{
	struct table *seen = NULL;
	struct arena addresses CLEANUP(arena_release) = {0};

	for (size_t i = 0; i < r->model->object_count; i++) {
		struct object *object = &r->model->objects[i];
		if (object->kind != OBJECT_STORE)
			continue;
		const char *address =
			arena_format(&addresses, "%s/%s", object->account, object->store);
		const struct object *first = table_get(seen, address);
		if (first)
			refuse_double(r, first, object);
		else
			table_put(&seen, address, object);
	}
	table_free(&seen);
}

/* ---- the state ---- */

/* Not compared with another one: whoever has two of them has one too many. */
static void read_fingerprint_key(struct reading *r)
{
	struct value_source *key = &r->model->fingerprint_key;

	for (struct spot it = {0}; reading_next(r, "state", &it);) {
		const struct yaml *node = yaml_get(it.node, "fingerprint_key");
		if (node && key->kind != VALUE_NONE)
			error_set(reading_error(r, it.document, node),
				"another `fingerprint_key` stands in %s",
				reading_where(r, &key->place));
		else if (node)
			*key = reference_read(r, it.document, node);
	}
}

static const char *given_state_path(const struct reading *r, const struct spot *at)
{
	const struct yaml *path = yaml_get(at->node, "path");
	const char *file = r->documents->items[at->document].file;

	if (!path)
		return NULL;
	if (text_url_scheme(path->text)) {
		struct error *err =
			yaml_error_hidden(&r->documents->items[at->document].yaml, path, r->errors);
		error_set(err, "the state can't be at a URL: cfprov keeps it in a local file");
		error_hint(err,
			"Remote states are not supported. Fetch the state before the run and "
			"store it afterwards, also when the run fails.");
		return NULL;
	}
	if (path->text[0] == '/')
		return path->text;
	char *beside AUTO_FREE = fs_neighbour(file, path->text);
	return arena_text(&r->model->arena, beside);
}

/* Lends the path, or NULL. A manifest has one state, wherever it says so. */
static const char *read_state(struct reading *r)
{
	const char *path = NULL;
	struct place first = {0};

	for (struct spot it = {0}; reading_next(r, "state", &it);) {
		const char *given = given_state_path(r, &it);
		if (!given)
			continue;
		if (path && strcmp(path, given) != 0)
			error_set(reading_error(r, it.document, yaml_get(it.node, "path")),
				"another path of the state stands in %s", reading_where(r, &first));
		if (path)
			continue;
		path = given;
		first = reading_place(r, it.document, yaml_get(it.node, "path"));
	}
	return path;
}

/* ---- the whole ---- */

static struct reading start_reading(
	struct manifest *manifest, struct model *model, struct error_list *errors)
{
	struct documents *documents = &manifest->documents;
	struct reading r = {.documents = documents,
		.model = model,
		.errors = errors,
		.warnings = &manifest->warnings};

	r.files = arena_alloc(&model->arena, documents->count * sizeof(*r.files));
	for (size_t i = 0; i < documents->count; i++)
		r.files[i] = arena_text(&model->arena, documents->items[i].file);
	return r;
}

static bool check_documents(struct manifest *manifest, struct error_list *errors)
{
	bool is_good = true;

	for (size_t i = 0; i < manifest->documents.count; i++) {
		struct yaml_document *doc = &manifest->documents.items[i].yaml;
		const struct schema *schema = &schema_manifest;
		is_good = interpolate(&manifest->variables, doc, doc->root, schema, errors) &&
			  is_good;
		is_good =
			shape_check(doc, doc->root, schema, errors, &manifest->warnings) && is_good;
	}
	return is_good && variables_check_used(&manifest->variables, errors);
}

bool manifest_read(struct manifest *manifest, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors)
{
	struct model model = {0};
	struct reading r = start_reading(manifest, &model, errors);
	size_t before = errors->count;

	if (check_documents(manifest, errors)) {
		accounts_read(&r, default_account_id);
		read_stores(&r);
		refuse_doubles(&r);
		model_sort(&model);
		changes_read(&r);
		model_sort(&model); /* what it added, too */
		(void)read_state(&r);
		read_fingerprint_key(&r);
	}
	table_free(&r.written);
	if (errors->count != before) {
		model_release(&model);
		return false;
	}
	*ret_desired = model;
	return true;
}

/* Checks one key of a document; the others may be as they like. */
static bool check_key(struct manifest *manifest, struct yaml_document *doc, const char *name,
	struct error_list *errors)
{
	const struct schema_key *key = schema_manifest.keys;
	struct yaml *it = doc->root->kind == YAML_MAP ? doc->root->first : NULL;

	while (strcmp(key->name, name) != 0)
		key++;
	while (it && strcmp(it->key->text, name) != 0)
		it = it->next;
	return !it || (interpolate(&manifest->variables, doc, it, key->schema, errors) &&
			      shape_check(doc, it, key->schema, errors, &manifest->warnings));
}

static bool check_keys(struct manifest *manifest, const char *const *names, size_t count,
	struct error_list *errors)
{
	for (size_t i = 0; i < manifest->documents.count; i++)
		for (size_t k = 0; k < count; k++)
			if (!check_key(
				    manifest, &manifest->documents.items[i].yaml, names[k], errors))
				return false;
	return true;
}

bool manifest_accounts(
	struct manifest *manifest, struct model *ret_accounts, struct error_list *errors)
{
	static const char *const keys[] = {"account_id", "accounts"};
	struct model model = {0};
	struct reading r = start_reading(manifest, &model, errors);
	struct spot spot = {0};
	size_t before = errors->count;

	if (check_keys(manifest, keys, ARRAY_SIZE(keys), errors) &&
		(reading_next(&r, keys[0], &spot) || reading_next(&r, keys[1], &spot)))
		accounts_read(&r, NULL);
	table_free(&r.written);
	if (errors->count != before) {
		model_release(&model);
		return false;
	}
	model_sort(&model);
	*ret_accounts = model;
	return true;
}

bool manifest_state_path(struct manifest *manifest, char **ret_path, struct error_list *errors)
{
	static const char *const keys[] = {"state"};
	struct model model CLEANUP(model_release) = {0};
	struct reading r = start_reading(manifest, &model, errors);
	size_t before = errors->count;

	if (!check_keys(manifest, keys, 1, errors))
		return false;
	const char *path = read_state(&r);
	if (errors->count != before)
		return false;
	*ret_path = path ? mem_copy_text(path) : NULL;
	return true;
}

static const char *const default_paths[] = {MANIFEST_DEFAULT_PATH};

bool manifest_open(
	struct manifest *manifest, const struct manifest_source *source, struct error_list *errors)
{
	bool is_given = source->path_count > 0;

	variables_init(&manifest->variables, source->variables, source->variable_count);
	return documents_open(&manifest->documents, is_given ? source->paths : default_paths,
		is_given ? source->path_count : 1, source->interrupted, errors);
}

void manifest_release(struct manifest *manifest)
{
	documents_release(&manifest->documents);
	variables_release(&manifest->variables);
	error_list_release(&manifest->warnings);
}

char *manifest_beside(const struct manifest_source *source, const char *name)
{
	const char *path = source->path_count ? source->paths[0] : MANIFEST_DEFAULT_PATH;
	struct str inside CLEANUP(str_release) = {0};

	if (!fs_is_folder(path))
		return fs_neighbour(path, name);
	str_format(&inside, "%s/", path);
	return fs_neighbour(str_text(&inside), name);
}

bool manifest_decode(const char *file, const struct str *bytes, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};

	variables_init(&manifest.variables, NULL, 0);
	return documents_add(&manifest.documents, file, bytes, errors) &&
	       manifest_read(&manifest, default_account_id, ret_desired, errors);
}
