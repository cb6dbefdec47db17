#include "desired/envfile.h"

#include "adapter/dotenv.h"
#include "adapter/json.h"
#include "base/text.h"
#include "desired/shape.h"
#include "desired/writing.h"

#include <stdlib.h>
#include <string.h>

struct parsing {
	struct envfile *envfile;
	struct error_list *errors;
};

/* ---- what is said ---- */

static struct error *refuse(struct parsing *p, size_t line)
{
	struct error *err = error_list_add(p->errors);

	error_at(err, p->envfile->path, line, 0);
	return err;
}

static void add_shown(struct str *out, const char *text)
{
	text_add_visible(out, text, strlen(text), 120);
}

void envfile_leave_out(struct envfile *envfile, struct envfile_entry *entry, const char *why)
{
	struct str name CLEANUP(str_release) = {0};
	struct error *warning = error_list_add(&envfile->warnings);

	add_shown(&name, entry->name);
	error_set(warning, "%s is left out: %s", str_text(&name), why);
	error_at(warning, envfile->path, entry->line, 0);
	entry->is_left_out = true;
}

/* ---- entries ---- */

/* Lends a new entry with a copy of the name; NULL: it can't be the name of a secret. */
static struct envfile_entry *add_entry(struct parsing *p, const char *name, size_t line)
{
	struct envfile *envfile = p->envfile;
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	if (!shape_text_is_right(&schema_secret_name, name, true, &why)) {
		add_shown(&shown, name);
		struct error *err = refuse(p, line);
		error_set(err, "the key `%s` can't be the name of a secret: %s", str_text(&shown),
			str_text(&why));
		error_hint(err, "Rename it, or write its entry by hand, with another name.");
		return NULL;
	}
	envfile->entries = mem_room(
		envfile->entries, envfile->count, &envfile->room, sizeof(*envfile->entries));
	struct envfile_entry *entry = &envfile->entries[envfile->count++];
	*entry = (struct envfile_entry){.name = arena_text(&envfile->arena, name), .line = line};
	return entry;
}

static void leave_out_empty(struct parsing *p, struct envfile_entry *entry)
{
	if (entry)
		envfile_leave_out(p->envfile, entry, "it has no value, and Cloudflare keeps none");
}

/* ---- dotenv ---- */

static void take_line(struct parsing *p, const struct dotenv *dotenv, const struct dotenv_entry *it)
{
	const struct dotenv_entry *last = dotenv_get(dotenv, it->key);
	struct envfile_entry *entry = add_entry(p, it->key, it->line);
	struct str why CLEANUP(str_release) = {0};

	if (!entry)
		return;
	if (last != it) {
		str_format(&why, "line %zu sets it again", last->line);
		envfile_leave_out(p->envfile, entry, str_text(&why));
	} else if (it->is_open) {
		error_set(refuse(p, it->line), "the quote of %s is never closed", it->key);
	} else if (!it->length) {
		leave_out_empty(p, entry);
	} else {
		entry->ends_line = it->value[it->length - 1] == '\n';
	}
	if (it->is_cut)
		dotenv_warn(it, p->envfile->path, &p->envfile->warnings);
}

static void parse_dotenv(struct parsing *p, struct secret *bytes)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};

	dotenv_parse(&dotenv, bytes->bytes, bytes->length);
	if (dotenv.stray_line) {
		struct error *err = refuse(p, dotenv.stray_line);
		error_set(err, "the line assigns nothing");
		error_hint(err, "A value of several lines stands in quotes: without, what looks "
				"like keys may be parts of it. A comment begins with #.");
		return;
	}
	for (size_t i = 0; i < dotenv.count; i++)
		take_line(p, &dotenv, &dotenv.entries[i]);
}

/* ---- JSON ---- */

/*
 * Finds the lines on which the members of the outermost object begin, at most `count`. The text is
 * valid JSON, so that brackets and quotes tell.
 */
static void find_lines(const struct secret *bytes, size_t *lines, size_t count)
{
	size_t depth = 0, line = 1, found = 0;
	bool is_quoted = false, begins = false;

	for (size_t at = 0; at < bytes->length && found < count; at++) {
		char c = bytes->bytes[at];
		line += c == '\n';
		if (is_quoted) {
			at += c == '\\';
			is_quoted = c != '"';
		} else if (c == '"') {
			is_quoted = true;
			if (begins)
				lines[found++] = line;
			begins = false;
		} else if (c == '{' || c == '[') {
			begins = ++depth == 1;
		} else if (c == '}' || c == ']') {
			depth--;
		} else if (c == ',') {
			begins = depth == 1;
		}
	}
}

static void take_member(struct parsing *p, const struct json *member, size_t line)
{
	struct envfile_entry *entry = add_entry(p, json_key(member), line);
	const char *text = json_text(member);

	if (!entry || json_is_number(member) || json_is_true(member) || json_is_false(member))
		return;
	if (json_is_null(member) || (text && !*text)) {
		leave_out_empty(p, entry);
	} else if (!text) {
		bool is_object = json_is_object(member);
		struct str why CLEANUP(str_release) = {0};
		str_format(&why,
			"it is %s, not a text. Write entries for what is in it by hand; `json` "
			"takes "
			"a pointer, as /%s/%s",
			is_object ? "an object" : "an array", entry->name,
			is_object ? "name" : "0");
		envfile_leave_out(p->envfile, entry, str_text(&why));
	} else {
		entry->ends_line = text[strlen(text) - 1] == '\n';
	}
}

/* The only reason without a line is a key that stands twice, perhaps deep in a value. */
static void refuse_json(struct parsing *p, const struct error *why)
{
	error_set(refuse(p, why->line), "%s",
		why->line ? why->message : "not valid JSON: a key stands twice in one object");
}

static void parse_json(struct parsing *p, struct secret *bytes)
{
	struct error why CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(bytes->bytes, bytes->length, &why);
	size_t count = json_count(json), i = 0;
	size_t *lines AUTO_FREE = mem_alloc(count * sizeof(*lines));

	if (!json) {
		refuse_json(p, &why);
		return;
	}
	if (!json_is_object(json)) {
		error_set(refuse(p, 0), "it is no object of names and texts");
		return;
	}
	find_lines(bytes, lines, count);
	for (const struct json *it = json_first(json); it; it = json_next(it))
		take_member(p, it, lines[i++]);
}

/* ---- the whole ---- */

static bool is_json(const char *path, const struct secret *bytes)
{
	const char *end = strrchr(path, '.');

	return bytes->bytes[strspn(bytes->bytes, " \t\r\n")] == '{' ||
	       (end && strcmp(end, ".json") == 0);
}

bool envfile_parse(
	struct envfile *envfile, const char *path, struct secret *bytes, struct error_list *errors)
{
	struct parsing p = {envfile, errors};
	size_t before = errors->count;

	struct error wrong = {0};
	envfile->path = arena_text(&envfile->arena, path);
	if (!text_check_encoding(bytes->bytes, bytes->length, "the file", &wrong)) {
		error_copy(refuse(&p, 0), &wrong);
		error_release(&wrong);
		return false;
	}
	envfile->is_json = is_json(path, bytes);
	if (envfile->is_json)
		parse_json(&p, bytes);
	else
		parse_dotenv(&p, bytes);
	if (errors->count == before && !envfile->count)
		error_set(refuse(&p, 0), "there is no key in it");
	return errors->count == before;
}

void envfile_release(struct envfile *envfile)
{
	error_list_release(&envfile->warnings);
	free(envfile->entries);
	arena_release(&envfile->arena);
	*envfile = (struct envfile){0};
}

size_t envfile_left(const struct envfile *envfile)
{
	size_t left = 0;

	for (size_t i = 0; i < envfile->count; i++)
		left += !envfile->entries[i].is_left_out;
	return left;
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
		str_text_add(out, "# account_id: ... # if it is not to come from "
				  "CLOUDFLARE_ACCOUNT_ID\n\n");
	} else {
		str_text_add(out, "accounts:\n  ");
		writing_word(out, alias);
		str_text_add(out, ":\n    account_id: ${CLOUDFLARE_ACCOUNT_ID} # or the id itself"
				  "\n\n");
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
	str_text_add(out, "      - name: ");
	writing_word(out, entry->name);
	str_text_add(out, "\n        value: ");
	writing_source(out, &source);
	str_char(out, '\n');
}

void envfile_write(
	const struct envfile *envfile, const struct envfile_target *target, struct str *out)
{
	str_text_add(out, "# The names in ");
	add_shown(out, target->path);
	str_text_add(out, ", as cfprov import-env found them. The values stay in that file.\n\n");
	if (target->is_whole)
		add_account(target, out);
	str_text_add(out, "stores:\n  - name: ");
	writing_word(out, target->store);
	str_char(out, '\n');
	if (target->alias && !target->is_whole) {
		str_text_add(out, "    accounts: [");
		writing_word(out, target->alias);
		str_text_add(out, "]\n");
	}
	str_text_add(out, "    secrets:\n");
	for (size_t i = 0; i < envfile->count; i++)
		if (!envfile->entries[i].is_left_out)
			add_secret(envfile, target->path, &envfile->entries[i], out);
}
