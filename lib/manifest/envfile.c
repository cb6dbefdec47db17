#include "manifest/envfile.h"

#include "adapter/dotenv.h"
#include "adapter/json.h"
#include "base/text.h"
#include "base/value.h"
#include "manifest/shape.h"
#include "manifest/writing.h"

#include <stdlib.h>
#include <string.h>

static struct error *refuse(struct envfile *envfile, size_t line, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, envfile->path, line, 0);
	return err;
}

static void add_shown(struct str *out, const char *text)
{
	text_add_visible(out, text, strlen(text), 120);
}

/* Adds a warning; `why` is for people. */
static void leave_out(struct envfile *envfile, struct envfile_entry *entry, const char *why)
{
	struct str name CLEANUP(str_release) = {0};

	add_shown(&name, entry->name);
	error_set(refuse(envfile, entry->line, &envfile->warnings), "%s skipped: %s",
		str_text(&name), why);
	entry->is_left_out = true;
	envfile->left_out++;
}

static void leave_out_empty(struct envfile *envfile, struct envfile_entry *entry)
{
	leave_out(envfile, entry, "its value is empty, and Cloudflare does not store empty values");
}

/* What could never be written is left out, as a plan with it would be refused. */
static void take_value(
	struct envfile *envfile, struct envfile_entry *entry, const char *bytes, size_t length)
{
	struct error why CLEANUP(error_release) = {0};

	if (!length)
		leave_out_empty(envfile, entry);
	else if (!value_check(bytes, length, &why))
		leave_out(envfile, entry, why.message);
	else
		entry->ends_line = bytes[length - 1] == '\n';
}

/*
 * Lends a new entry with a copy of the name; NULL: no secret can have that name. With a line, the
 * name is not shown: it may be a piece of a file that is no .env file.
 */
static struct envfile_entry *add_entry(
	struct envfile *envfile, const char *name, size_t line, struct error_list *errors)
{
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	if (!shape_text_is_right(&schema_secret_name, name, true, &why)) {
		if (!line)
			text_add_quoted(&shown, name, 120);
		struct error *err = refuse(envfile, line, errors);
		error_set(err, "the key %s%sis not a valid secret name: %s", str_text(&shown),
			line ? "" : " ", str_text(&why));
		error_hint(err, "Rename it, or write its entry by hand under another name.");
		return NULL;
	}
	envfile->entries = mem_room(
		envfile->entries, envfile->count, &envfile->room, sizeof(*envfile->entries));
	struct envfile_entry *entry = &envfile->entries[envfile->count++];
	*entry = (struct envfile_entry){.name = arena_text(&envfile->arena, name), .line = line};
	return entry;
}

static void parse_dotenv(struct envfile *envfile, struct secret *bytes, struct error_list *errors)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};

	dotenv_parse(&dotenv, bytes->bytes, bytes->length);
	if (dotenv.stray_line) {
		struct error *err = refuse(envfile, dotenv.stray_line, errors);
		error_set(err, "not an assignment (NAME=VALUE)");
		error_hint(err, "Put a value with several lines in quotes; otherwise parts of it "
				"may look like keys. Comments start with #.");
		return;
	}
	for (size_t i = 0; i < dotenv.count; i++) {
		const struct dotenv_entry *it = &dotenv.entries[i];
		const struct dotenv_entry *last = dotenv_get(&dotenv, it->key);
		if (dotenv_may_be_base64(it)) {
			error_set(refuse(envfile, it->line, errors),
				"not an assignment: it looks like a value in base64");
			continue;
		}
		struct envfile_entry *entry = add_entry(envfile, it->key, it->line, errors);
		struct str why CLEANUP(str_release) = {0};
		if (!entry)
			continue;
		if (last != it) {
			str_format(&why, "line %zu overrides it", last->line);
			leave_out(envfile, entry, str_text(&why));
		} else if (it->is_open) {
			error_set(refuse(envfile, it->line, errors),
				"unclosed quote in the value of %s", it->key);
		} else {
			take_value(envfile, entry, it->value, it->length);
		}
		if (it->is_cut)
			dotenv_warn(it, envfile->path, &envfile->warnings);
	}
}

static void take_member(
	struct envfile *envfile, const struct json *member, struct error_list *errors)
{
	struct envfile_entry *entry = add_entry(envfile, json_key(member), 0, errors);
	const char *text = json_text(member);
	bool is_object = json_is_object(member);
	struct str why CLEANUP(str_release) = {0};

	if (!entry)
		return;
	if (text) {
		take_value(envfile, entry, text, strlen(text));
	} else if (json_is_null(member)) {
		leave_out_empty(envfile, entry);
	} else if (is_object || json_is_array(member)) {
		str_format(&why,
			"its value is %s, not text. To use its parts, write their entries by hand "
			"with a JSON pointer such as /%s/%s",
			is_object ? "an object" : "an array", entry->name,
			is_object ? "name" : "0");
		leave_out(envfile, entry, str_text(&why));
	}
}

static void parse_json(struct envfile *envfile, struct secret *bytes, struct error_list *errors)
{
	struct error why CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(bytes->bytes, bytes->length, &why);

	/* Only a duplicate key has no line; it may be deep in a value. */
	if (!json)
		error_set(refuse(envfile, why.line, errors), "%s",
			why.line ? why.message : "not valid JSON: duplicate key");
	else if (!json_is_object(json))
		error_set(refuse(envfile, 0, errors), "not a JSON object of names and values");
	else
		for (const struct json *it = json_first(json); it; it = json_next(it))
			take_member(envfile, it, errors);
}

bool envfile_parse(
	struct envfile *envfile, const char *path, struct secret *bytes, struct error_list *errors)
{
	const char *end = strrchr(path, '.');
	size_t before = errors->count;
	struct error wrong CLEANUP(error_release) = {0};

	envfile->path = arena_text(&envfile->arena, path);
	if (!text_check_encoding(bytes->bytes, bytes->length, "the file", &wrong))
		return error_copy(refuse(envfile, 0, errors), &wrong);
	envfile->is_json = bytes->bytes[strspn(bytes->bytes, " \t\r\n")] == '{' ||
			   (end && strcmp(end, ".json") == 0);
	if (envfile->is_json)
		parse_json(envfile, bytes, errors);
	else
		parse_dotenv(envfile, bytes, errors);
	if (errors->count == before && !envfile->count)
		error_set(refuse(envfile, 0, errors), "no keys found");
	return errors->count == before;
}

void envfile_release(struct envfile *envfile)
{
	error_list_release(&envfile->warnings);
	mem_free(envfile->entries);
	arena_release(&envfile->arena);
	*envfile = (struct envfile){0};
}

/* ---- writing ---- */

static void add_account(const struct envfile_target *target, struct str *out)
{
	struct model accounts CLEANUP(model_release) = {0};
	const char *alias = target->alias ? target->alias : MODEL_DEFAULT_ALIAS;

	if (target->account_id) {
		model_add_account(&accounts, alias, target->account_id);
		writing_accounts(out, &accounts);
	} else if (strcmp(alias, MODEL_DEFAULT_ALIAS) == 0) {
		str_text_add(out, "# account_id: ... # if CLOUDFLARE_ACCOUNT_ID is not set\n\n");
	} else {
		writing_name(out, "accounts:\n  ", alias,
			":\n    account_id: ${CLOUDFLARE_ACCOUNT_ID} # or the id itself\n\n");
	}
}

static void add_secret(const struct envfile *envfile, const char *path,
	const struct envfile_entry *entry, struct str *out)
{
	struct str pointer CLEANUP(str_release) = {0};
	struct value_source source = {
		.name = path, .keeps_last_newline = entry->ends_line, .kind = VALUE_DOTENV};

	if (envfile->is_json) {
		str_format(&pointer, "/%s", entry->name);
		source.kind = VALUE_FILE;
		source.pointer = str_text(&pointer);
	} else {
		source.key = entry->name;
	}
	writing_name(out, "      - name: ", entry->name, "\n        value: ");
	writing_source(out, &source);
	str_char(out, '\n');
}

void envfile_write(
	const struct envfile *envfile, const struct envfile_target *target, struct str *out)
{
	str_text_add(out, "# Names in ");
	add_shown(out, target->path);
	str_text_add(out, ", found by cfprov import-env. The values stay in that file.\n\n");
	if (target->is_whole)
		add_account(target, out);
	writing_name(out, "stores:\n  - name: ", target->store, "\n");
	if (target->alias && !target->is_whole)
		writing_name(out, "    accounts: [", target->alias, "]\n");
	str_text_add(out, "    secrets:\n");
	for (size_t i = 0; i < envfile->count; i++)
		if (!envfile->entries[i].is_left_out)
			add_secret(envfile, target->path, &envfile->entries[i], out);
}

void envfile_heed_declared(
	struct envfile *envfile, const struct envfile_target *target, const struct model *desired)
{
	const struct object *store = NULL, *other;
	struct str why CLEANUP(str_release) = {0};
	size_t accounts = 0; /* with the store from the same place */

	for (size_t i = 0; i < desired->account_count; i++) {
		const char *alias = desired->accounts[i].alias;
		if (target->alias && strcmp(alias, target->alias) != 0)
			continue;
		other = model_object(desired, alias, target->store, NULL);
		store = other ? other : store;
		for (size_t k = 0; k < envfile->count; k++) {
			struct envfile_entry *entry = &envfile->entries[k];
			other = model_object(desired, alias, target->store, entry->name);
			if (!other || entry->is_left_out)
				continue;
			str_clear(&why);
			str_format(&why, "already declared (%s:%zu)", other->place.file,
				other->place.line);
			leave_out(envfile, entry, str_text(&why));
		}
	}
	if (!store || envfile->left_out == envfile->count)
		return;
	for (size_t i = 0; i < desired->account_count && target->alias; i++) {
		other = model_object(desired, desired->accounts[i].alias, target->store, NULL);
		accounts += other && other->place.line == store->place.line &&
			    strcmp(other->place.file, store->place.file) == 0;
	}
	struct error *warning = error_list_add(&envfile->warnings);
	error_set(warning, "store %s is already declared here, and can be declared only once",
		target->store);
	if (accounts > 1)
		error_hint(warning,
			"Other accounts share this entry. Add a separate entry for %s, and put the "
			"lines below `secrets:` there.",
			target->alias);
	else
		error_hint(warning, "Add the lines below `secrets:` to it.");
	error_at(warning, store->place.file, store->place.line, store->place.column);
}
