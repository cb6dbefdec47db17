/* cfprov help, from the tables; schema. */
#include "manifest/jsonschema.h"
#include "mistakes.h"
#include "session.h"
#include "term.h"

#include <string.h>

/* Where the text beside a command, an option and a variable begins. */
enum { COMMAND_COLUMN = 18, OPTION_COLUMN = 25, VARIABLE_COLUMN = 26 };

static void add_commands(struct str *out, enum command_section section)
{
	str_format(out, "\n%s:\n", command_section_title(section));
	for (const struct command *it = cli_commands; it->name; it++)
		if (it->section == section)
			term_add_row(out, it->name, COMMAND_COLUMN, it->summary);
}

/* The options of a command, or those before it; with a title for each section. */
static void add_options(struct str *out, const struct command *command)
{
	struct option_text option;
	int section = -1;

	for (size_t i = 0; option_next(command, &i, &option);) {
		struct str left CLEANUP(str_release) = {0};
		if ((int)option.section != section)
			str_format(out, "\n%s options:\n", option_section_title(option.section));
		section = (int)option.section;
		str_format(&left, "-%s%s%s", option.name, option.value ? "=" : "",
			option.value ? option.value : "");
		term_add_row(out, str_text(&left), OPTION_COLUMN, option.help);
	}
}

static void add_statuses(struct str *out, const char *statuses)
{
	struct str line CLEANUP(str_release) = {0};

	str_format(&line, "Exit status: %s", statuses);
	str_char(out, '\n');
	term_add_text(out, str_text(&line));
}

static void add_overview(struct str *out)
{
	str_text_add(out, "Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
			  "Manages Cloudflare Secrets Store from a manifest.\n");
	for (enum command_section section = 0; section < COMMAND_SECTIONS; section++)
		add_commands(out, section);
	add_options(out, NULL);
	str_text_add(out, "\nEnvironment variables:\n");
	for (const struct variable_text *it = cli_variables; it->name; it++)
		if (it->help)
			term_add_row(out, it->name, VARIABLE_COLUMN, it->help);
	term_add_row(out, "AWS_*", VARIABLE_COLUMN,
		"credentials, region and endpoint of a state in an object store");
	term_add_row(out, "TF_HTTP_*", VARIABLE_COLUMN,
		"address and credentials of a state at an http server (or CFPROV_HTTP_*)");
	add_statuses(out, cli_statuses);
	str_text_add(out, "\nRun `cfprov COMMAND -help` for the options of a command.\n");
}

static void add_group(struct str *out, const char *group)
{
	struct str line CLEANUP(str_release) = {0};

	str_format(out, "Usage: cfprov %s COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n", group);
	for (const struct command *it = cli_commands; it->name; it++)
		if (command_is_in_group(it, group))
			term_add_row(out, it->name, COMMAND_COLUMN, it->summary);
	str_format(&line, "Run `cfprov %s COMMAND -help` for the options of a command.", group);
	str_char(out, '\n');
	term_add_text(out, str_text(&line));
}

static void add_details(struct str *out, const char *details)
{
	for (const char *end; *details; details = end + strspn(end, "\n")) {
		struct str paragraph CLEANUP(str_release) = {0};
		end = details + strcspn(details, "\n");
		str_add(&paragraph, details, (size_t)(end - details));
		str_char(out, '\n');
		term_add_text(out, str_text(&paragraph));
	}
}

static void add_examples(struct str *out, const char *examples)
{
	str_text_add(out, "\nExamples:\n");
	for (const char *end; *examples; examples = end + 1) {
		end = strchr(examples, '\n');
		str_format(out, "  %.*s\n", (int)(end - examples), examples);
	}
}

static void add_command(struct str *out, const struct command *command)
{
	str_format(out, "Usage: cfprov %s [OPTIONS]%s%s\n", command->name,
		command->arguments ? " " : "", command->arguments ? command->arguments : "");
	add_details(out, command->details);
	add_options(out, command);
	if (command->examples)
		add_examples(out, command->examples);
	if (command->statuses)
		add_statuses(out, command->statuses);
}

bool help_run(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *first = cli->argument_count ? cli->arguments[0] : "";
	const char *second = cli->argument_count > 1 ? cli->arguments[1] : NULL;
	struct str text CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	str_format(&name, "%s%s%s", first, second ? " " : "", second ? second : "");
	const struct command *command = command_find(str_text(&name));
	if (command)
		add_command(&text, command);
	else if (!*first)
		add_overview(&text);
	else if (!second && command_is_group(first))
		add_group(&text, first);
	else if (!mistake_command(first, second, &err))
		return term_error(&err);
	term_out_str(&text);
	return true;
}

/* The JSON Schema of the manifest, or of policies, for editors. */
bool schema_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};

	if (session->cli->policy_schema)
		jsonschema_write_policy(&text);
	else
		jsonschema_write(&text);
	term_out_str(&text);
	return true;
}
