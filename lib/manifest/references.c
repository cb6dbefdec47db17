#include "manifest/references.h"

#include "adapter/fs.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Of a secret's value, as Cloudflare's API reference has it. */
enum { VALUE_LIMIT_BYTES = 65536 };

struct value {
	struct reading *r;
	size_t document;
	struct value_source source;
};

static struct error *error_at_value(struct value *v, const struct yaml *node)
{
	return yaml_error_hidden(&v->r->documents->items[v->document].yaml, node, v->r->errors);
}

static const char *keep(struct value *v, const struct yaml *node)
{
	return node ? arena_text(&v->r->model->arena, node->text) : NULL;
}

/* Nobody has a file whose name has a variable in it, or a URL. */
static void refuse_odd_path(struct value *v, const struct yaml *path)
{
	if (text_url_scheme(path->text)) {
		struct error *err = error_at_value(v, path);
		error_set(err, "a URL is not a path: a secret is read from a local file");
		error_hint(err, "Fetch it with a command, as in {command: [curl, -fsS, URL]}.");
		return;
	}
	if (!strstr(path->text, "${"))
		return;
	struct error *err = error_at_value(v, path);
	error_set(err, "variables are not put in where a secret is read from");
	error_hint(err, "The path is taken as it stands, with the dollar sign and the braces.");
}

static void read_path(struct value *v, const struct yaml *path)
{
	const char *manifest = v->r->documents->items[v->document].file;

	refuse_odd_path(v, path);
	if (path->text[0] == '/') {
		v->source.name = keep(v, path);
		return;
	}
	char *beside AUTO_FREE = fs_neighbour(manifest, path->text);
	v->source.name = arena_text(&v->r->model->arena, beside);
}

static void read_command(struct value *v, const struct yaml *list)
{
	struct arena *arena = &v->r->model->arena;
	const char *manifest = v->r->documents->items[v->document].file;
	char *folder AUTO_FREE = fs_neighbour(manifest, "");
	size_t count = 0;

	for (const struct yaml *it = list->first; it; it = it->next)
		count++;
	const char **argv = arena_alloc(arena, (count + 1) * sizeof(*argv));
	count = 0;
	for (const struct yaml *it = list->first; it; it = it->next)
		argv[count++] = keep(v, it);
	v->source.argv = argv;
	v->source.folder = *folder ? arena_text(arena, folder) : NULL;
	if (!*argv[0])
		error_set(error_at_value(v, list->first), "the program of the command is empty");
}

/* How many characters that many bytes become. */
static size_t encoded_length(const char *encoding, size_t bytes)
{
	if (strcmp(encoding, "hex") == 0)
		return 2 * bytes;
	return strcmp(encoding, "base64") == 0 ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

static void read_generate(struct value *v, const struct yaml *map)
{
	const struct yaml *encoding = yaml_get(map, "encoding"), *bytes = yaml_get(map, "bytes");

	v->source.name = encoding ? keep(v, encoding) : "base64";
	if (!text_to_number(bytes->text, VALUE_LIMIT_BYTES, &v->source.bytes))
		return; /* that has been said */
	size_t length = encoded_length(v->source.name, v->source.bytes);
	if (length > VALUE_LIMIT_BYTES)
		error_set(error_at_value(v, bytes),
			"%zu bytes are %zu characters in %s; a value has at most %d",
			v->source.bytes, length, v->source.name, VALUE_LIMIT_BYTES);
}

/* It can be read once, and the manifest may have been in it. */
static void read_stdin(struct value *v, const struct yaml *node)
{
	const struct documents *documents = v->r->documents;

	for (size_t i = 0; i < documents->count; i++) {
		if (!documents->items[i].is_input)
			continue;
		struct error *err = error_at_value(v, node);
		error_set(err, "the standard input can't be both a manifest and a secret");
		error_hint(err, "Put the manifest into a file, and name that with -f.");
		return;
	}
}

static void read_name(struct value *v, const struct yaml *node)
{
	v->source.name = keep(v, node);
}

static const struct reader {
	const char *key;
	enum value_source_kind kind;
	void (*read)(struct value *v, const struct yaml *node);
} readers[] = {
	{"env", VALUE_ENV, read_name},
	{"file", VALUE_FILE, read_path},
	{"command", VALUE_COMMAND, read_command},
	{"dotenv", VALUE_DOTENV, read_path},
	{"generate", VALUE_GENERATE, read_generate},
	{"stdin", VALUE_STDIN, read_stdin},
};

static const struct reader *find_reader(const struct yaml *node, const struct yaml **ret_member)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		*ret_member = yaml_get(node, readers[i].key);
		if (*ret_member)
			return &readers[i];
	}
	return NULL;
}

struct value_source reference_read(struct reading *r, size_t document, const struct yaml *node)
{
	struct value v = {.r = r, .document = document};
	const struct yaml *member;
	const struct reader *reader = find_reader(node, &member);

	assert(reader); /* the schema demands one */
	v.source.kind = reader->kind;
	v.source.key = keep(&v, yaml_get(node, "key"));
	v.source.pointer = keep(&v, yaml_get(node, "json"));
	v.source.keeps_last_newline = reading_says(node, "trim", "false");
	v.source.place = reading_place(r, document, node);
	reader->read(&v, member);
	return v.source;
}
