#include "source/source.h"

#include "adapter/crypt.h"
#include "adapter/dotenv.h"
#include "adapter/fs.h"
#include "adapter/input.h"
#include "adapter/process.h"
#include "adapter/table.h"
#include "base/text.h"
#include "source/fields.h"
#include "source/marker.h"
#include "source/permit.h"
#include "source/source_name.h"
#include "source/surroundings.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_COLUMNS = 200, HINT_LIMIT = 1000 };

/* What a file, a command or the standard input holds, or why it could not be read. */
struct content {
	struct content *next;
	struct secret bytes;
	struct secret dotenv_bytes; /* a copy that was taken apart, if a key was asked for */
	struct dotenv dotenv;
	struct error error;
};

/* The JSON that pointers lead into, or why it is none. */
struct tree {
	struct tree *next;
	struct fields *fields;
	struct error error;
};

/* A copy of what a pointer led to, which its text may spell otherwise. */
struct field {
	struct field *next;
	struct secret value;
};

/* What is remembered of a source, under the key of the source or of a part of it. */
enum memory {
	CONTENTS, /* by what has to be read: see find_content */
	TREES,    /* by the source without its pointer */
	LOSSES,   /* with a warning that a part of the value may be lost */
	MARKERS,  /* with a warning that it does not look like a value */
	MEMORIES,
};

struct sources {
	const volatile sig_atomic_t *interrupted;
	const struct policy *policy; /* NULL: none */
	struct arena arena;          /* keys, and what they lead to; no plaintext */
	struct table *by_key[MEMORIES];
	struct content *contents;
	struct tree *trees;
	struct field *fields; /* that were read */
	struct surroundings surroundings;
	struct error_list warnings;
};

/* Bytes that somebody else owns. */
struct view {
	const char *bytes;
	size_t length;
};

struct sources *sources_new(const volatile sig_atomic_t *interrupted)
{
	struct sources *sources = mem_alloc(sizeof(*sources));

	sources->interrupted = interrupted;
	return sources;
}

void sources_obey(struct sources *sources, const struct policy *policy)
{
	sources->policy = policy;
	if (policy)
		surroundings_hold_policy(&sources->surroundings, policy);
}

void sources_hold(struct sources *sources, const struct model *model)
{
	surroundings_hold_model(&sources->surroundings, model);
}

void sources_hold_location(struct sources *sources, const struct location *location)
{
	surroundings_hold_location(&sources->surroundings, location);
}

struct error_list *sources_warnings(struct sources *sources)
{
	return &sources->warnings;
}

static bool prefix_name(struct error *err, const struct value_source *source)
{
	struct str name CLEANUP(str_release) = {0};

	source_add_name(&name, source);
	return error_prefix(err, "%s", str_text(&name));
}

static bool at_place(struct error *err, const struct value_source *source)
{
	if (source->place.file)
		error_at(err, source->place.file, source->place.line, source->place.column);
	return false;
}

/* ---- memory ---- */

static void *recall(
	const struct sources *sources, enum memory memory, const struct value_source *of)
{
	struct str key CLEANUP(str_release) = {0};

	source_add_key(&key, of);
	return table_get(sources->by_key[memory], str_text(&key));
}

static void remember(
	struct sources *sources, enum memory memory, const struct value_source *of, void *what)
{
	struct str key CLEANUP(str_release) = {0};

	source_add_key(&key, of);
	table_put(&sources->by_key[memory], arena_text(&sources->arena, str_text(&key)), what);
}

/* Remembers the source; false if it was remembered already. */
static bool note(struct sources *sources, enum memory memory, const struct value_source *source)
{
	if (recall(sources, memory, source))
		return false;
	remember(sources, memory, source, sources);
	return true;
}

/* ---- what is read once ---- */

/* What was read until now, and what the environment holds. */
static void know_all(const struct sources *sources, struct scrub *scrub)
{
	surroundings_know(&sources->surroundings, scrub);
	for (const struct content *it = sources->contents; it; it = it->next) {
		scrub_know_text(scrub, it->bytes.bytes, it->bytes.length);
		for (size_t i = 0; i < it->dotenv.count; i++)
			scrub_know_text(
				scrub, it->dotenv.entries[i].value, it->dotenv.entries[i].length);
	}
	for (const struct field *it = sources->fields; it; it = it->next)
		scrub_know(scrub, &it->value);
}

static bool run_command(struct sources *sources, const struct value_source *source,
	struct secret *ret_bytes, struct error *err)
{
	surroundings_hide(&sources->surroundings);
	char **environment = surroundings_environment(&sources->surroundings, source->env);
	struct scrub known CLEANUP(scrub_release) = {0};
	const struct process process = {
		.argv = source->argv,
		.program = source->real_path,
		.folder = source->folder,
		.environment = environment,
		.timeout_ms = SOURCE_TIMEOUT_MS,
		.output_limit = SOURCE_SIZE_LIMIT,
		.interrupted = sources->interrupted,
		.known = &known,
	};

	know_all(sources, &known);
	bool is_good = process_run(&process, ret_bytes, err);
	mem_free(environment);
	return is_good;
}

static bool read_content(struct sources *sources, const struct value_source *source,
	struct secret *ret_bytes, struct error *err)
{
	const struct input_patience patience = {SOURCE_TIMEOUT_MS, sources->interrupted};

	if (source->kind == VALUE_COMMAND)
		return run_command(sources, source, ret_bytes, err);
	if (source->kind == VALUE_STDIN)
		return input_secret(SOURCE_SIZE_LIMIT, &patience, ret_bytes, err);
	if (source->real_path)
		return input_exact_file(
			source->real_path, SOURCE_SIZE_LIMIT, &patience, ret_bytes, err);
	return input_file(source->name, SOURCE_SIZE_LIMIT, &patience, ret_bytes, err);
}

/* Lends what the source holds; NULL: it could not be read. A file is one by all of its paths. */
static struct content *find_content(
	struct sources *sources, const struct value_source *source, struct error *err)
{
	bool is_file = source->kind == VALUE_FILE || source->kind == VALUE_DOTENV;
	const struct value_source named = {.kind = is_file ? VALUE_FILE : source->kind,
		.name = source->name,
		.argv = source->argv,
		.env = source->env,
		.folder = source->folder,
		.real_path = source->real_path};
	struct content *content = recall(sources, CONTENTS, &named);

	if (!content) {
		char *path AUTO_FREE = is_file ? fs_real_path(source->name) : NULL;
		struct value_source real = named;
		real.name = path ? path : source->name;
		content = recall(sources, CONTENTS, &real);
		if (!content) {
			content = arena_alloc(&sources->arena, sizeof(*content));
			*content = (struct content){.next = sources->contents};
			sources->contents = content;
			(void)!read_content(sources, &named, &content->bytes, &content->error);
			remember(sources, CONTENTS, &real, content);
		}
		remember(sources, CONTENTS, &named, content);
	}
	if (!content->error.message)
		return content;
	error_copy(err, &content->error);
	return NULL;
}

/* Only text can be taken apart. */
static bool check_encoding(
	const struct value_source *source, const struct view *view, struct error *err)
{
	return text_check_encoding(view->bytes, view->length, "it", err) ||
	       prefix_name(err, source);
}

/* ---- dotenv ---- */

static bool refuse_key(
	const struct value_source *source, const struct dotenv *dotenv, struct error *err)
{
	struct str key CLEANUP(str_release) = {0}, file CLEANUP(str_release) = {0};

	text_add_visible(&key, source->key, strlen(source->key), SHOWN_COLUMNS);
	text_add_visible(&file, source->name, strlen(source->name), SHOWN_COLUMNS);
	error_set(err, "key %s not found in %s", str_text(&key), str_text(&file));
	for (size_t i = 0; i < dotenv->count && dotenv->count <= HINT_LIMIT; i++)
		if (!dotenv_may_be_base64(&dotenv->entries[i]) &&
			text_is_near(source->key, dotenv->entries[i].key))
			return error_hint(err, "Did you mean `%s`?", dotenv->entries[i].key);
	return false;
}

static bool find_entry(struct content *content, const struct value_source *source,
	struct view *ret_view, struct error *err)
{
	struct secret *copy = &content->dotenv_bytes;
	const struct view all = {content->bytes.bytes, content->bytes.length};

	if (!check_encoding(source, &all, err))
		return false;
	if (!copy->bytes) {
		secret_copy(copy, content->bytes.bytes, content->bytes.length);
		dotenv_parse(&content->dotenv, copy->bytes, copy->length);
	}
	const struct dotenv_entry *entry = dotenv_get(&content->dotenv, source->key);
	if (!entry)
		return refuse_key(source, &content->dotenv, err);
	if (entry->is_open) {
		error_set(err, "unclosed quote (line %zu)", entry->line);
		return prefix_name(err, source);
	}
	*ret_view = (struct view){entry->value, entry->length};
	return true;
}

/* ---- bytes, fields and values ---- */

/* Lends the bytes that the source holds before its pointer is followed. */
static bool find_bytes(struct sources *sources, const struct value_source *source,
	struct view *ret_view, struct error *err)
{
	if (source->kind == VALUE_ENV) {
		const char *value = getenv(source->name);
		if (!value)
			return error_set(
				err, "the environment variable %s is not set", source->name);
		surroundings_note_read(&sources->surroundings, source->name);
		*ret_view = (struct view){value, strlen(value)};
		return true;
	}
	struct content *content = find_content(sources, source, err);
	if (!content)
		return false;
	if (source->kind == VALUE_DOTENV)
		return find_entry(content, source, ret_view, err);
	*ret_view = (struct view){content->bytes.bytes, content->bytes.length};
	return true;
}

static bool read_field(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err)
{
	struct value_source whole = *source;
	struct view view = {0};

	whole.pointer = NULL;
	struct tree *tree = recall(sources, TREES, &whole);
	if (!tree) {
		if (!find_bytes(sources, source, &view, err) || !check_encoding(source, &view, err))
			return false;
		size_t mark = text_mark_length(view.bytes, view.length);
		tree = arena_alloc(&sources->arena, sizeof(*tree));
		*tree = (struct tree){.next = sources->trees};
		sources->trees = tree;
		tree->fields = fields_parse(view.bytes + mark, view.length - mark, &tree->error);
		remember(sources, TREES, &whole, tree);
	}
	if (!tree->fields || !fields_read(tree->fields, source->pointer, ret_secret, err)) {
		if (!tree->fields)
			error_copy(err, &tree->error);
		return prefix_name(err, source);
	}
	struct field *field = arena_alloc(&sources->arena, sizeof(*field));
	*field = (struct field){.next = sources->fields};
	secret_copy(&field->value, ret_secret->bytes, ret_secret->length);
	sources->fields = field;
	return true;
}

static bool generate(
	const struct value_source *source, struct secret *ret_secret, struct error *err)
{
	static const char *const names[] = {
		[CRYPT_HEX] = "hex", [CRYPT_BASE64] = "base64", [CRYPT_BASE64URL] = "base64url"};

	if (source->bytes > CRYPT_RANDOM_LIMIT)
		return error_set(
			err, "can't generate %zu bytes: a value can't hold them", source->bytes);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(source->name, names[i]) != 0)
			continue;
		crypt_random_text(source->bytes, (enum crypt_encoding)i, ret_secret);
		return true;
	}
	return error_set(err, "unknown encoding for generated bytes");
}

static bool read_any(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err)
{
	struct view view = {0};

	if (source->kind == VALUE_NONE)
		return error_set(err, "there is no source to read");
	if (source->kind == VALUE_GENERATE)
		return generate(source, ret_secret, err);
	if (source->pointer)
		return read_field(sources, source, ret_secret, err);
	if (!find_bytes(sources, source, &view, err))
		return false;
	secret_copy(ret_secret, view.bytes, view.length);
	return true;
}

/* Drops one newline with its carriage return, and the mark that an editor or PowerShell adds. */
static void trim(struct secret *secret, bool drops_mark)
{
	size_t length = secret->length, mark = 0;

	if (length && secret->bytes[length - 1] == '\n') {
		length--;
		length -= length && secret->bytes[length - 1] == '\r';
	}
	if (drops_mark && length)
		mark = text_mark_length(secret->bytes, length);
	if (mark)
		memmove(secret->bytes, secret->bytes + mark, length - mark);
	memset(secret->bytes + length - mark, 0, secret->length - length + mark);
	secret->length = length - mark;
}

/* Of a value in a .env file, a part may be lost. */
static void warn_of_loss(struct sources *sources, const struct value_source *source)
{
	struct error ignored CLEANUP(error_release) = {0};
	const struct content *content =
		source->kind == VALUE_DOTENV ? find_content(sources, source, &ignored) : NULL;
	const struct dotenv_entry *entry =
		content ? dotenv_get(&content->dotenv, source->key) : NULL;

	if (entry && note(sources, LOSSES, source))
		dotenv_warn(entry, source->name, &sources->warnings);
}

/* The door: whatever is read passes here. */
static bool read_source(struct sources *sources, const struct permit *permit,
	const struct value_source *source, struct secret *ret_secret, struct error *err)
{
	bool is_whole = source->kind == VALUE_FILE || source->kind == VALUE_COMMAND ||
			source->kind == VALUE_STDIN;
	struct value_source allowed = *source;
	char *path AUTO_FREE = NULL;

	if (!permit_read(permit, source, &path, err))
		return at_place(err, source);
	allowed.real_path = path;
	if (!read_any(sources, &allowed, ret_secret, err))
		return at_place(err, source);
	warn_of_loss(sources, &allowed);
	if (!source->keeps_last_newline && ret_secret->length)
		trim(ret_secret, is_whole);
	return true;
}

/* ---- what may be a mistake ---- */

static void warn_of_marker(
	struct sources *sources, const struct value_source *source, const struct secret *value)
{
	struct str name CLEANUP(str_release) = {0};
	const char *is =
		source->kind == VALUE_GENERATE ? NULL : marker_find(value->bytes, value->length);

	if (!is || !note(sources, MARKERS, source))
		return;
	struct error *warning = error_list_add(&sources->warnings);
	source_add_name(&name, source);
	error_set(
		warning, "%s looks like a reference or a ciphertext, not a value", str_text(&name));
	error_hint(warning,
		"It looks like %s. cfprov sends values unchanged. Resolve or decrypt it first, for "
		"example with {command: [...]}.",
		is);
	(void)at_place(warning, source);
}

static bool read_value(struct sources *sources, const struct permit *permit,
	const struct value_source *source, struct secret *ret_secret, struct error *err)
{
	if (!read_source(sources, permit, source, ret_secret, err))
		return false;
	warn_of_marker(sources, source, ret_secret);
	return true;
}

bool sources_read(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err)
{
	const struct permit permit = {sources->policy, POLICY_VALUE, NULL};

	return read_value(sources, &permit, source, ret_secret, err);
}

bool sources_read_key(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err)
{
	/* cfprov's own variables are set by the owner of the runner, if no manifest names them. */
	bool is_own = source->kind == VALUE_ENV && !source->place.file &&
		      strncmp(source->name, "CFPROV_", strlen("CFPROV_")) == 0;
	const struct permit permit = {is_own ? NULL : sources->policy, POLICY_KEY, NULL};

	return read_value(sources, &permit, source, ret_secret, err);
}

/* ---- credentials ---- */

typedef bool check_fn(const struct secret *secret, const char *what, struct error *err);

/* Reports credentials that can't be valid before anything is sent. */
static bool check_credentials(
	const struct secret *secret, const char *name, check_fn *check, struct error *err)
{
	const char *is = marker_find(secret->bytes, secret->length);

	if (!is)
		return check(secret, name, err);
	error_set(err, "%s looks like a reference or a ciphertext, not a token", name);
	return error_hint(err, "It looks like %s. Resolve or decrypt it first.", is);
}

static bool read_credential(struct sources *sources, const struct permit *permit,
	const struct value_source *source, struct secret *ret_secret, struct error *err)
{
	check_fn *check = permit->use == POLICY_TOKEN ? credentials_check_token : credentials_check;
	struct str name CLEANUP(str_release) = {0};

	if (!read_source(sources, permit, source, ret_secret, err))
		return false;
	source_add_name(&name, source);
	return check_credentials(ret_secret, str_text(&name), check, err) || at_place(err, source);
}

bool sources_read_backend(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err)
{
	const struct permit permit = {sources->policy, POLICY_BACKEND, NULL};

	return read_credential(sources, &permit, source, ret_secret, err);
}

/* A variable of cfprov's own, and the form that it must have. */
struct variable {
	const char *name;
	check_fn *check;
};

static bool read_variable(struct sources *sources, const struct account *account,
	const struct variable *variable, struct secret *ret_secret, struct error *err)
{
	const struct permit permit = {sources->policy, POLICY_TOKEN, account->id};
	const struct value_source source = {
		.kind = VALUE_ENV, .name = variable->name, .keeps_last_newline = true};

	return read_source(sources, &permit, &source, ret_secret, err) &&
	       check_credentials(ret_secret, variable->name, variable->check, err);
}

bool sources_credentials(struct sources *sources, const struct account *account,
	struct credentials *ret_credentials, struct error *err)
{
	static const struct variable token = {"CLOUDFLARE_API_TOKEN", credentials_check_token},
				     key = {"CLOUDFLARE_API_KEY", credentials_check_key},
				     email = {"CLOUDFLARE_EMAIL", credentials_check};
	struct credentials read CLEANUP(credentials_release) = {0};
	struct str origin CLEANUP(str_release) = {0};

	if (account->token.kind != VALUE_NONE) {
		const struct permit permit = {sources->policy, POLICY_TOKEN, account->id};
		if (!read_credential(sources, &permit, &account->token, &read.token, err))
			return error_prefix(err, "no credentials for account `%s`", account->alias);
	} else if (getenv("CLOUDFLARE_API_TOKEN")) {
		if (!read_variable(sources, account, &token, &read.token, err))
			return false;
	} else if (getenv("CLOUDFLARE_API_KEY") || getenv("CLOUDFLARE_EMAIL")) {
		if (!read_variable(sources, account, &email, &read.email, err) ||
			!read_variable(sources, account, &key, &read.key, err))
			return false;
	} else {
		error_set(err, "no credentials for account `%s`", account->alias);
		return error_hint(err,
			"Set CLOUDFLARE_API_TOKEN to a token with the permission Secrets "
			"Store Edit (or CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY).");
	}
	*ret_credentials = (struct credentials){.token = secret_steal(&read.token),
		.email = secret_steal(&read.email),
		.key = secret_steal(&read.key)};
	const struct value_source variable = {
		.kind = VALUE_ENV, .name = ret_credentials->token.bytes ? token.name : key.name};
	source_add_origin(&origin, account->token.kind != VALUE_NONE ? &account->token : &variable);
	ret_credentials->origin = str_steal(&origin);
	return true;
}

/* ---- the end ---- */

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	for (struct content *it = sources->contents; it; it = it->next) {
		dotenv_release(&it->dotenv);
		secret_release(&it->dotenv_bytes);
		secret_release(&it->bytes);
		error_release(&it->error);
	}
	for (struct tree *it = sources->trees; it; it = it->next) {
		fields_free(it->fields);
		error_release(&it->error);
	}
	for (struct field *it = sources->fields; it; it = it->next)
		secret_release(&it->value);
	surroundings_release(&sources->surroundings);
	for (size_t i = 0; i < MEMORIES; i++)
		table_free(&sources->by_key[i]);
	error_list_release(&sources->warnings);
	arena_release(&sources->arena);
	mem_free(sources);
}
