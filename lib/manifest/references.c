#include "adapter/fs.h"
#include "base/text.h"
#include "manifest/reading.h"

#include <assert.h>
#include <string.h>

/* The limit of a value in Cloudflare's API reference. */
enum { VALUE_LIMIT_BYTES = 65536 };

static bool refuse(struct reading *r, struct spot at, const char *message, const char *hint)
{
	struct yaml_document *doc = &r->documents->items[at.document].yaml;
	struct error *err = yaml_error_hidden(doc, at.node, r->errors);

	error_set(err, "%s", message);
	return hint ? error_hint(err, "%s", hint) : false;
}

static const char *keep(struct reading *r, const struct yaml *node)
{
	return node ? arena_text(&r->model->arena, node->text) : NULL;
}

/* A URL, or a variable in the path, is a mistake. */
static const char *read_path(struct reading *r, struct spot at)
{
	const char *path = at.node->text;

	if (text_url_scheme(path))
		refuse(r, at, "expected a local file, not a URL",
			"To fetch it, use a command such as {command: [curl, -fsS, URL]}.");
	else if (strstr(path, "${"))
		refuse(r, at, "variables are not expanded in the source of a secret",
			"The path is used literally, including the dollar sign and the braces.");
	return reading_path(r, at.document, path);
}

static const char *const *keep_list(struct reading *r, const struct yaml *list)
{
	const char **texts =
		arena_alloc(&r->model->arena, (reading_count(list) + 1) * sizeof(*texts));
	size_t count = 0;

	for (const struct yaml *it = list->first; it; it = it->next)
		texts[count++] = keep(r, it);
	return texts;
}

/* `env` NULL: there is none beside the command. */
static void read_command(
	struct reading *r, struct spot list, const struct yaml *env, struct value_source *source)
{
	const char *folder = reading_path(r, list.document, "");

	source->argv = keep_list(r, list.node);
	source->env = env ? keep_list(r, env) : NULL;
	source->folder = *folder ? folder : NULL;
	if (!*source->argv[0])
		refuse(r, spot_of(list, list.node->first), "the command has an empty program",
			NULL);
}

/* How many characters so many bytes become. */
static size_t encoded_length(const char *encoding, size_t bytes)
{
	if (strcmp(encoding, "hex") == 0)
		return 2 * bytes;
	return strcmp(encoding, "base64") == 0 ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

static void read_generate(struct reading *r, struct spot map, struct value_source *source)
{
	const struct yaml *encoding = yaml_get(map.node, "encoding");
	const struct yaml *bytes = yaml_get(map.node, "bytes");
	struct str why CLEANUP(str_release) = {0};

	source->name = encoding ? keep(r, encoding) : "base64";
	if (!text_to_number(bytes->text, VALUE_LIMIT_BYTES, &source->bytes))
		return; /* the schema has refused it */
	size_t length = encoded_length(source->name, source->bytes);
	if (length <= VALUE_LIMIT_BYTES)
		return;
	str_format(&why, "%zu bytes are %zu characters in %s, but a value has at most %d",
		source->bytes, length, source->name, VALUE_LIMIT_BYTES);
	refuse(r, spot_of(map, bytes), str_text(&why), NULL);
}

/* Standard input can be read once; the manifest may have come from it. */
static void check_stdin(struct reading *r, struct spot at)
{
	for (size_t i = 0; i < r->documents->count; i++)
		if (r->documents->items[i].is_input)
			refuse(r, at, "standard input can't be both the manifest and a secret",
				"Put the manifest in a file, and pass that with -f.");
}

struct value_source reference_read(struct reading *r, struct spot at)
{
	const struct yaml *node = at.node;
	static const char *const keys[] = {[VALUE_ENV] = "env",
		[VALUE_FILE] = "file",
		[VALUE_COMMAND] = "command",
		[VALUE_DOTENV] = "dotenv",
		[VALUE_GENERATE] = "generate",
		[VALUE_STDIN] = "stdin"};
	struct value_source source = {.kind = VALUE_ENV,
		.key = keep(r, yaml_get(node, "key")),
		.pointer = keep(r, yaml_get(node, "json")),
		.keeps_last_newline = reading_says(node, "trim", "false"),
		.place = reading_place(r, at)};

	while (!(at.node = yaml_get(node, keys[source.kind])) ||
		(source.kind == VALUE_ENV && at.node->kind == YAML_LIST)) {
		source.kind++;
		assert(source.kind < ARRAY_SIZE(keys)); /* the schema demands one */
	}
	if (source.kind == VALUE_COMMAND)
		read_command(r, at, yaml_get(node, "env"), &source);
	else if (source.kind == VALUE_GENERATE)
		read_generate(r, at, &source);
	else if (source.kind == VALUE_STDIN)
		check_stdin(r, at);
	else
		source.name = source.kind == VALUE_ENV ? keep(r, at.node) : read_path(r, at);
	return source;
}
