#include "manifest/documents.h"

#include "adapter/fs.h"
#include "adapter/input.h"
#include "adapter/table.h"
#include "base/text.h"
#include "manifest/schema.h"

#include <stdlib.h>
#include <string.h>

struct opening {
	struct documents *documents;
	struct error_list *errors;
	struct input_patience patience;
	struct table *seen; /* real path -> how it was named */
	bool is_in_folder;  /* the file itself was not named */
	bool must_be_in_place;
};

static struct document *new_document(struct documents *documents, const char *file)
{
	documents->items = mem_room(
		documents->items, documents->count, &documents->room, sizeof(*documents->items));
	struct document *document = &documents->items[documents->count++];
	*document = (struct document){.file = arena_text(&documents->arena, file)};
	return document;
}

static void release_last(struct documents *documents)
{
	struct document *document = &documents->items[--documents->count];

	yaml_release(&document->yaml);
	str_release(&document->bytes);
}

static bool refuse_empty(const char *file, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_set(err, "the manifest is empty");
	error_hint(err, "It needs at least `account_id` and `stores`.");
	return error_at(err, file, 0, 0);
}

const char *documents_base(const char *path)
{
	bool is_descriptor = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;

	return is_descriptor ? "" : path;
}

/*
 * True if the tree, perhaps incomplete, has a key that only manifests have. Until then nothing of
 * the file is shown: it may be a link to .netrc, a private key or /proc/self/environ.
 */
static bool is_manifest(const struct yaml *root)
{
	for (const struct schema_key *key = schema_manifest.keys; root && key->name; key++)
		if (strcmp(key->name, "version") != 0 && yaml_get(root, key->name))
			return true;
	return false;
}

static void hide(struct document *document, size_t before, struct error_list *errors)
{
	document->yaml.text.is_hidden = true;
	for (size_t i = before; i < errors->count; i++) {
		struct error *err = &errors->items[i];
		mem_free(err->snippet);
		err->snippet = NULL;
		err->caret = 0;
		if (!strchr(err->message, '`'))
			continue;
		mem_free(err->message); /* it quotes the file */
		err->message = mem_copy_text("not a valid manifest");
	}
}

/* Parses the last document. If it has only comments, it may be dropped. */
static bool parse(struct documents *documents, bool may_be_dropped, struct error_list *errors)
{
	struct document *document = &documents->items[documents->count - 1];
	const char *text = str_text(&document->bytes);

	size_t before = errors->count;
	bool is_good =
		yaml_parse(&document->yaml, document->file, text, document->bytes.length, errors);
	if (!is_manifest(document->yaml.root))
		hide(document, before, errors);
	if (!is_good)
		return false;
	if (document->yaml.root && !yaml_is_null(document->yaml.root))
		return true;
	if (!may_be_dropped || !strchr(text, '#'))
		return refuse_empty(document->file, errors);
	release_last(documents);
	return true;
}

/* A file that is named twice would declare everything twice. */
static bool is_new(struct opening *o, const char *path)
{
	struct arena *arena = &o->documents->arena;
	char *real AUTO_FREE = fs_real_path(path);
	const char *before = table_get(o->seen, real);
	struct str first CLEANUP(str_release) = {0}, second CLEANUP(str_release) = {0};

	if (!before) {
		table_put(&o->seen, arena_text(arena, real), arena_text(arena, path));
		return true;
	}
	text_add_visible(&first, before, strlen(before), 0);
	text_add_visible(&second, path, strlen(path), 0);
	return error_set(error_list_add(o->errors), "the manifest %s is passed twice, first as %s",
		str_text(&second), str_text(&first));
}

static void open_file(struct opening *o, const char *path)
{
	bool is_input = strcmp(path, "-") == 0;
	struct error err = {0};

	if (!is_new(o, path))
		return;
	if (o->must_be_in_place && !is_input && !fs_check_in_place(path, &err)) {
		error_move(error_list_add(o->errors), &err);
		return;
	}
	struct document *document =
		new_document(o->documents, is_input ? "(standard input)" : path);
	document->is_input = is_input;
	if (input_text(is_input ? NULL : path, DOCUMENTS_SIZE_LIMIT, &o->patience, &document->bytes,
		    &err)) {
		(void)!parse(o->documents, o->is_in_folder, o->errors);
		return;
	}
	if (err.code == ERROR_ABSENT)
		error_hint(&err, "Create it, or pass the path of another one with -f.");
	error_move(error_list_add(o->errors), &err);
}

/* A file's name may be crafted to look like another one. */
static bool is_plain_name(struct opening *o, const char *folder, const char *name)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, name, strlen(name), 0);
	if (strcmp(str_text(&shown), name) == 0)
		return true;
	return error_set(error_list_add(o->errors),
		"the directory %s has a manifest with special characters in its name: %s", folder,
		str_text(&shown));
}

static void open_folder(struct opening *o, const char *path)
{
	struct arena *arena = &o->documents->arena;
	const char *const *names;
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct error err = {0};
	size_t count, used = 0, documents = o->documents->count, before = o->errors->count;

	if ((o->must_be_in_place && !fs_check_in_place(path, &err)) ||
		!fs_list(path, arena, &names, &count, &err)) {
		error_move(error_list_add(o->errors), &err);
		return;
	}
	o->is_in_folder = true;
	for (size_t i = 0; i < count; i++) {
		const char *dot = names[i][0] == '.' ? NULL : strrchr(names[i], '.');
		if (!dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
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
	error_set(problem, "there is no manifest in the directory %s", path);
	error_hint(problem, "Manifest files end in .yaml or .yml.");
}

bool documents_open(struct documents *documents, const struct documents_source *source,
	struct error_list *errors)
{
	struct opening o = {.documents = documents,
		.errors = errors,
		.patience = {DOCUMENTS_INPUT_TIMEOUT_MS, source->interrupted},
		.must_be_in_place = source->must_be_in_place};
	size_t before = errors->count;

	*documents = (struct documents){0};
	for (size_t i = 0; i < source->count; i++) {
		if (fs_is_folder(source->paths[i]))
			open_folder(&o, source->paths[i]);
		else
			open_file(&o, source->paths[i]);
	}
	table_free(&o.seen);
	return errors->count == before;
}

bool documents_add(struct documents *documents, const char *file, const struct str *bytes,
	struct error_list *errors)
{
	struct document *document = new_document(documents, file);

	str_add(&document->bytes, str_text(bytes), bytes->length);
	return parse(documents, false, errors);
}

static void scrub_text(const struct scrub *scrub, char **text)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	if (!*text || !scrub_finds(scrub, *text, strlen(*text)))
		return;
	scrub_add(&scrubbed, *text, strlen(*text), scrub);
	mem_free(*text);
	/* Where it was cut, it may end with a part. */
	*text = scrub_finds(scrub, str_text(&scrubbed), scrubbed.length)
			? mem_copy_text(SCRUB_WITHHELD)
			: str_steal(&scrubbed);
}

void documents_scrub(const struct documents *documents, struct error_list *errors, size_t from)
{
	struct scrub scrub CLEANUP(scrub_release) = {0};

	if (from == errors->count)
		return;
	for (size_t i = 0; i < documents->count; i++)
		snippet_know(&documents->items[i].yaml.text, &scrub);
	for (size_t i = from; i < errors->count; i++) {
		struct error *err = &errors->items[i];
		scrub_text(&scrub, &err->message);
		scrub_text(&scrub, &err->hint);
		if (!err->snippet || !scrub_finds(&scrub, err->snippet, strlen(err->snippet)))
			continue;
		mem_free(err->snippet);
		err->snippet = NULL;
		err->caret = 0;
	}
}

void documents_drop_texts(struct documents *documents)
{
	for (size_t i = 0; i < documents->count; i++) {
		yaml_release(&documents->items[i].yaml);
		str_release(&documents->items[i].bytes);
	}
}

void documents_release(struct documents *documents)
{
	while (documents->count)
		release_last(documents);
	mem_free(documents->items);
	arena_release(&documents->arena);
	*documents = (struct documents){0};
}
