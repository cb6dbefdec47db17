#include "man.h"

#include "adapter/fs.h"
#include "base/mdoc.h"
#include "base/text.h"
#include "manifest/schema.h"
#include "tables.h"
#include "term.h"

#include <string.h>

enum { PAGE_LIMIT = 1 << 20, MOST_OPTIONS = 100 };

/* Adds text of several paragraphs. */
static void add_paragraphs(struct str *out, const char *text)
{
	for (const char *end; text; text = end ? end + 2 : NULL) {
		end = strstr(text, "\n\n");
		char *paragraph AUTO_FREE = mem_copy_text(text);
		if (end)
			paragraph[end - text] = '\0';
		mdoc_add_sentence(out, paragraph);
		str_text_add(out, end ? ".Pp\n" : "");
	}
}

/* ---- commands ---- */

static void add_command(struct str *out, const struct command *command)
{
	str_format(out, ".It Cm %s", command->name);
	str_text_add(out, command->arguments ? " Ar " : "");
	mdoc_add_word(out, command->arguments ? command->arguments : "");
	str_char(out, '\n');
	mdoc_add_sentence(out, command->summary);
	str_text_add(out, command->details ? ".Pp\n" : "");
	add_paragraphs(out, command->details);
	if (command->statuses) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "Exit status: %s", command->statuses);
		str_text_add(out, ".Pp\n");
		mdoc_add_sentence(out, str_text(&text));
	}
	if (command->examples) {
		str_text_add(out, ".Bd -literal\n"); /* at the left, for long lines */
		mdoc_add_word(out, command->examples);
		str_text_add(out, ".Ed\n");
	}
}

static void add_commands(struct str *out)
{
	for (int section = 0; section < COMMAND_SECTIONS; section++) {
		str_format(out, ".Ss %s\n.Bl -tag -width Ds\n",
			command_section_title((enum command_section)section));
		for (const struct command *it = cli_commands; it->name; it++)
			if ((int)it->section == section)
				add_command(out, it);
		str_text_add(out, ".El\n");
	}
}

/* ---- options ---- */

/* Does the command have this option, with this meaning? */
static bool has_option(const struct command *command, const struct option_text *option)
{
	struct option_text its;

	for (size_t i = 0; option_next(command, &i, &its);)
		if (strcmp(its.name, option->name) == 0 && its.help == option->help)
			return true;
	return false;
}

/* "For `plan` and `apply`", or what is shorter, "For all commands except `schema`". */
static void add_commands_of(struct str *out, const struct option_text *option)
{
	struct str text CLEANUP(str_release) = {0};
	size_t with = 0, without = 0, index = 0;

	for (const struct command *it = cli_commands; it->name; it++)
		++*(has_option(it, option) ? &with : &without);
	bool lists_with = with <= without + 1;
	str_format(&text, "for %s%s", lists_with ? "" : "all commands",
		!lists_with && without ? " except " : "");
	for (const struct command *it = cli_commands; it->name; it++) {
		struct str name CLEANUP(str_release) = {0};
		if (has_option(it, option) != lists_with)
			continue;
		str_format(&name, "`%s`", it->name);
		text_add_listed(
			&text, str_text(&name), index++, lists_with ? with : without, SIZE_MAX);
	}
	mdoc_add_sentence(out, str_text(&text));
}

/* Each option once, though several commands have it. */
static void add_options(struct str *out, enum option_section section)
{
	for (const struct command *it = cli_commands; it->name; it++) {
		struct option_text option;
		for (size_t i = 0; option_next(it, &i, &option);) {
			const struct command *first = cli_commands;
			while (first != it && !has_option(first, &option))
				first++;
			if (option.section != section || first != it)
				continue;
			mdoc_add_option(out, option.name, option.value);
			mdoc_add_sentence(out, option.help);
			add_commands_of(out, &option);
		}
	}
}

static void add_front_options(struct str *out)
{
	struct option_text option;

	for (size_t i = 0; option_next(NULL, &i, &option);) {
		mdoc_add_option(out, option.name, option.value);
		mdoc_add_sentence(out, option.help);
	}
}

/* ---- environment variables ---- */

static void add_variables(struct str *out)
{
	for (const struct variable_text *it = cli_variables; it->name; it++) {
		if (!it->help)
			continue;
		str_format(out, ".It Ev %s\n", it->name);
		mdoc_add_sentence(out, it->help);
	}
}

/* ---- the manifest ---- */

/* Lends the keys of the map at a path like stores.secrets; "": the whole manifest. */
static const struct schema_key *find_keys(const char *path)
{
	const struct schema *schema = &schema_manifest;

	while (schema && *path) {
		size_t length = strcspn(path, ".");
		const struct schema_key *key = schema->keys;
		while (key->name && (strncmp(key->name, path, length) != 0 || key->name[length]))
			key++;
		schema = key->schema;
		while (schema && !schema->keys)
			schema = schema->items;
		path += length + (path[length] == '.');
	}
	return schema ? schema->keys : NULL;
}

static bool add_keys(struct str *out, const char *path)
{
	const struct schema_key *key = find_keys(path);

	for (; key && key->name; key++) {
		struct str must_be CLEANUP(str_release) = {0};
		if (!key->schema)
			continue;
		str_format(&must_be, "must be %s", key->schema->is);
		str_format(out, ".It Cm %s%s\n", key->name, key->is_required ? " Pq required" : "");
		mdoc_add_sentence(out, key->meaning);
		mdoc_add_sentence(out, str_text(&must_be));
	}
	return key;
}

/* ---- the page ---- */

static bool add_table(struct str *out, const char *name, const char *argument)
{
	if (strcmp(name, "KEYS") == 0)
		return add_keys(out, argument);
	if (strcmp(name, "COMMANDS") == 0)
		add_commands(out);
	else if (strcmp(name, "FRONT-OPTIONS") == 0)
		add_front_options(out);
	else if (strcmp(name, "VARIABLES") == 0)
		add_variables(out);
	else if (strcmp(name, "STATUSES") == 0)
		mdoc_add_sentence(out, cli_statuses);
	else if (strcmp(name, "OPTIONS") != 0)
		return false;
	else
		for (int section = OPTION_INPUT; section <= OPTION_GENERAL; section++) {
			str_format(out, ".Ss %s\n.Bl -tag -width Ds\n",
				option_section_title((enum option_section)section));
			add_options(out, (enum option_section)section);
			str_text_add(out, ".El\n");
		}
	return true;
}

bool man_print(const char *path)
{
	struct str page CLEANUP(str_release) = {0}, out CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!fs_read(path, PAGE_LIMIT, &page, &err) ||
		!mdoc_fill(&out, str_text(&page), add_table, &err))
		return term_error(&err);
	term_out_str(&out);
	return true;
}
