#include "manifest/documents.h"

#include "adapter/fs.h"
#include "adapter/input.h"
#include "adapter/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct opening {
	struct documents *documents;
	struct error_list *errors;
	struct input_patience patience;
	struct table *seen; /* real path -> how it was named */
	bool is_in_folder;  /* the file was not named itself */
};

static struct document *new_document(struct documents *documents, const char *file)
{
	documents->items = mem_room(
		documents->items, documents->count, &documents->room, sizeof(*documents->items));
	struct document *document = &documents->items[documents->count++];
	*document = (struct document){.file = arena_text(&documents->arena, file)};
	return document;
}

static bool parse(struct document *document, struct error_list *errors)
{
	return yaml_parse(&document->yaml, document->file, str_text(&document->bytes),
		document->bytes.length, errors);
}

/* Is there nothing in it, but for comments? */
static bool is_empty(const struct document *document)
{
	return !document->yaml.root || yaml_is_null(document->yaml.root);
}

static void refuse_empty(const char *file, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_set(err, "the manifest is empty");
	error_hint(err, "It needs at least `account_id` and `stores`.");
	error_at(err, file, 0, 0);
}

/* A file that is named twice would say everything twice. */
static bool is_new(struct opening *o, const char *path)
{
	struct arena *arena = &o->documents->arena;
	char *real AUTO_FREE = fs_real_path(path);
	const char *before = table_get(o->seen, real);

	if (before) {
		struct str first CLEANUP(str_release) = {0}, second CLEANUP(str_release) = {0};
		text_add_visible(&first, before, strlen(before), 0);
		text_add_visible(&second, path, strlen(path), 0);
		return error_set(error_list_add(o->errors),
			"the manifest %s is named twice, first as %s", str_text(&second),
			str_text(&first));
	}
	table_put(&o->seen, arena_text(arena, real), arena_text(arena, path));
	return true;
}

static void release_document(struct document *document)
{
	yaml_release(&document->yaml);
	str_release(&document->bytes);
}

static void drop_last(struct documents *documents)
{
	release_document(&documents->items[--documents->count]);
}

static void open_file(struct opening *o, const char *path)
{
	bool is_input = strcmp(path, "-") == 0;
	struct error err = {0};

	if (!is_new(o, path))
		return;
	struct document *document =
		new_document(o->documents, is_input ? "(standard input)" : path);
	document->is_input = is_input;
	bool is_read =
		is_input ? input_text(DOCUMENTS_SIZE_LIMIT, &o->patience, &document->bytes, &err)
			 : fs_read(path, DOCUMENTS_SIZE_LIMIT, &document->bytes, &err);
	if (!is_read) {
		if (err.code == ERROR_ABSENT)
			error_hint(&err, "Write one, or name another with -f.");
		error_move(error_list_add(o->errors), &err);
		return;
	}
	if (!parse(document, o->errors) || !is_empty(document))
		return;
	if (o->is_in_folder && strchr(str_text(&document->bytes), '#'))
		drop_last(o->documents);
	else
		refuse_empty(document->file, o->errors);
}

static bool is_manifest_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* Names in a folder may be made to look like something else. */
static bool is_plain_name(struct opening *o, const char *folder, const char *name)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, name, strlen(name), 0);
	if (strcmp(str_text(&shown), name) == 0)
		return true;
	return error_set(error_list_add(o->errors),
		"the folder %s has a manifest with odd characters in its name: %s", folder,
		str_text(&shown));
}

static void open_folder(struct opening *o, const char *path)
{
	struct arena *arena = &o->documents->arena;
	const char *const *names;
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct error err = {0};
	size_t count, used = 0, documents = o->documents->count, before = o->errors->count;

	if (!fs_list(path, arena, &names, &count, &err)) {
		error_move(error_list_add(o->errors), &err);
		return;
	}
	o->is_in_folder = true;
	for (size_t i = 0; i < count; i++) {
		if (!is_manifest_name(names[i]))
			continue;
		used++;
		if (is_plain_name(o, path, names[i]))
			open_file(o, arena_format(arena, "%s%s%s", path, slash, names[i]));
	}
	o->is_in_folder = false;
	if (used && o->documents->count == documents && o->errors->count == before)
		refuse_empty(path, o->errors);
	if (used)
		return;
	struct error *problem = error_list_add(o->errors);
	error_set(problem, "there is no manifest in the folder %s", path);
	error_hint(problem, "Manifests end in .yaml or .yml.");
}

bool documents_open(struct documents *documents, const char *const *paths, size_t count,
	const volatile sig_atomic_t *interrupted, struct error_list *errors)
{
	struct opening o = {.documents = documents,
		.errors = errors,
		.patience = {DOCUMENTS_INPUT_TIMEOUT_MS, interrupted}};
	size_t before = errors->count;

	*documents = (struct documents){0};
	for (size_t i = 0; i < count; i++) {
		if (fs_is_folder(paths[i]))
			open_folder(&o, paths[i]);
		else
			open_file(&o, paths[i]);
	}
	table_free(&o.seen);
	return errors->count == before;
}

bool documents_add(struct documents *documents, const char *file, const struct str *bytes,
	struct error_list *errors)
{
	struct document *document = new_document(documents, file);

	str_add(&document->bytes, str_text(bytes), bytes->length);
	if (!parse(document, errors))
		return false;
	if (is_empty(document))
		refuse_empty(file, errors);
	return !is_empty(document);
}

void documents_release(struct documents *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		release_document(&documents->items[i]);
	free(documents->items);
	arena_release(&documents->arena);
	*documents = (struct documents){0};
}
