#include "manifest/manifest.h"

#include "adapter/fs.h"
#include "base/text.h"
#include "manifest/reading.h"
#include "manifest/shape.h"

#include <string.h>

/* ---- the state ---- */

/* Only one key is allowed, even if two would be equal. */
static void read_one_key(struct reading *r, const char *name, struct value_source *key)
{
	for (struct spot it = {0}; reading_next(r, "state", &it);) {
		const struct yaml *node = yaml_get(it.node, name);
		if (node && key->kind != VALUE_NONE)
			error_set(reading_error(r, spot_of(it, node)),
				"`%s` is set twice, first at %s", name,
				reading_where(r, key->place));
		else if (node)
			*key = reference_read(r, spot_of(it, node));
	}
}

static void read_key(struct reading *r)
{
	struct model *model = r->model;

	read_one_key(r, "key", &model->key);
	read_one_key(r, "old_key", &model->old_key);
	for (struct spot it = {0}; reading_next(r, "state", &it);) {
		const struct yaml *node = yaml_get(it.node, "encrypt");
		if (node && model->encryption != ENCRYPTION_UNSAID)
			error_set(reading_error(r, spot_of(it, node)),
				"`encrypt` is set twice, first at %s",
				reading_where(r, model->encryption_place));
		else if (node) {
			model->encryption = reading_says(it.node, "encrypt", "true")
						    ? ENCRYPTION_ON
						    : ENCRYPTION_OFF;
			model->encryption_place = reading_place(r, spot_of(it, node));
		}
	}
}

/* Whoever writes the manifest must not choose any file of the machine. */
static bool is_beneath_manifest(const struct reading *r, const char *path)
{
	for (size_t i = 0; i < r->documents->count; i++)
		if (fs_is_beneath(documents_base(r->files[i]), path))
			return true;
	return false;
}

/*
 * Reads where the state is, and sets its place. If a path in it will be used, it must not lead out
 * of the manifest's folder.
 */
static void read_location(
	struct reading *r, struct manifest *manifest, bool is_used, struct location *ret_location)
{
	location_read(r, ret_location);
	const char *path = ret_location->path;
	manifest->state_place = ret_location->place;
	if (!path || !is_used || manifest->has_policy || is_beneath_manifest(r, path))
		return;
	for (struct spot it = {0}; reading_next(r, "state", &it);) {
		const struct yaml *node = yaml_get(it.node, "path");
		char *shown AUTO_FREE = text_visible(path, 0);
		if (!node)
			continue;
		struct error *err = reading_error(r, spot_of(it, node));
		error_set(err, "the path of the state leads out of the directory of the manifest");
		error_hint(err, "If the state belongs there, pass -state=%s.", shown);
		return;
	}
}

/* ---- reading ---- */

static struct reading start_reading(
	struct manifest *manifest, struct model *model, struct error_list *errors)
{
	struct documents *documents = &manifest->documents;
	struct reading r = {.documents = documents,
		.model = model,
		.errors = errors,
		.warnings = &manifest->warnings};

	r.files = arena_alloc(&r.arena, documents->count * sizeof(*r.files));
	for (size_t i = 0; i < documents->count; i++)
		r.files[i] = arena_text(&model->arena, documents->items[i].file);
	return r;
}

/* Gives the model, unless errors were added to the first `before`. */
static bool end_reading(struct reading *r, size_t before, struct model *ret_model)
{
	bool is_good = r->errors->count == before;

	documents_scrub(r->documents, r->errors, before);
	documents_scrub(r->documents, r->warnings, 0);
	arena_release(&r->arena);
	if (is_good)
		*ret_model = *r->model;
	else
		model_release(r->model);
	return is_good;
}

/* Checks all documents, or only this key of them. */
static bool check_documents(struct reading *r, struct manifest *manifest, const char *key_or_null)
{
	bool is_good = true;

	for (size_t i = 0; i < r->documents->count; i++)
		is_good = shape_check(&manifest->variables, &r->documents->items[i].yaml,
				  key_or_null, r->errors, r->warnings) &&
			  is_good;
	return is_good;
}

/* After other errors; of a file that could not be read, nobody knows what it asks for. */
static void check_variables_anyway(struct manifest *manifest, struct error_list *errors)
{
	for (size_t i = 0; i < manifest->documents.count; i++)
		if (!manifest->documents.items[i].bytes.length)
			return;
	for (size_t i = 0; i < manifest->documents.count; i++)
		variables_ask_all(
			&manifest->variables, str_text(&manifest->documents.items[i].bytes));
	(void)!variables_check_used(&manifest->variables, errors);
}

bool manifest_read(struct manifest *manifest, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors)
{
	struct model model = {0};
	struct location location;
	struct reading r = start_reading(manifest, &model, errors);
	size_t before = errors->count;

	if (!check_documents(&r, manifest, NULL)) {
		check_variables_anyway(manifest, errors);
	} else if (variables_check_used(&manifest->variables, errors)) {
		accounts_read(&r, default_account_id);
		stores_read(&r);
		model_sort(&model);
		changes_read(&r);
		model_sort(&model); /* with the removals */
		read_location(&r, manifest, false, &location);
		read_key(&r);
	}
	return end_reading(&r, before, ret_desired);
}

bool manifest_accounts(
	struct manifest *manifest, struct model *ret_accounts, struct error_list *errors)
{
	struct model model = {0};
	struct reading r = start_reading(manifest, &model, errors);
	struct spot spot = {0};
	size_t before = errors->count;

	if (check_documents(&r, manifest, "account_id") &&
		check_documents(&r, manifest, "accounts") &&
		(reading_next(&r, "account_id", &spot) || reading_next(&r, "accounts", &spot)))
		accounts_read(&r, NULL);
	model_sort(&model);
	return end_reading(&r, before, ret_accounts);
}

bool manifest_location(struct manifest *manifest, struct model *ret_model,
	struct location *ret_location, struct error_list *errors)
{
	struct model model = {0};
	struct location location = {0};
	struct reading r = start_reading(manifest, &model, errors);
	size_t before = errors->count;

	if (check_documents(&r, manifest, "state"))
		read_location(&r, manifest, true, &location);
	if (!end_reading(&r, before, ret_model))
		return false;
	*ret_location = location;
	return true;
}

bool manifest_key(struct manifest *manifest, struct model *ret_model, struct error_list *errors)
{
	struct model model = {0};
	struct reading r = start_reading(manifest, &model, errors);
	size_t before = errors->count;

	if (check_documents(&r, manifest, "state"))
		read_key(&r);
	return end_reading(&r, before, ret_model);
}

/* ---- the files ---- */

bool manifest_open(
	struct manifest *manifest, const struct manifest_source *source, struct error_list *errors)
{
	static const char *const default_paths[] = {MANIFEST_DEFAULT_PATH};
	bool is_given = source->path_count > 0;
	const struct documents_source files = {
		.paths = is_given ? source->paths : default_paths,
		.count = is_given ? source->path_count : 1,
		.interrupted = source->interrupted,
		.must_be_in_place = source->has_policy,
	};

	size_t before = errors->count;

	manifest->has_policy = source->has_policy;
	variables_init(&manifest->variables, source->variables, source->variable_count);
	if (documents_open(&manifest->documents, &files, errors))
		return true;
	check_variables_anyway(manifest, errors);
	documents_scrub(&manifest->documents, errors, before);
	return false;
}

void manifest_release(struct manifest *manifest)
{
	documents_release(&manifest->documents);
	variables_release(&manifest->variables);
	error_list_release(&manifest->warnings);
	manifest->state_place = (struct place){0};
}

char *manifest_beside(const struct manifest_source *source, const char *name)
{
	const char *path = source->path_count ? source->paths[0] : MANIFEST_DEFAULT_PATH;
	struct str inside CLEANUP(str_release) = {0};

	path = documents_base(path);
	str_format(&inside, "%s%s", path, fs_is_folder(path) ? "/" : "");
	return fs_neighbour(str_text(&inside), name);
}

bool manifest_decode(const char *file, const struct str *bytes, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};

	return documents_add(&manifest.documents, file, bytes, errors) &&
	       manifest_read(&manifest, default_account_id, ret_desired, errors);
}
