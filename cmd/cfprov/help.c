/* cfprov help: from the tables of commands and options. */
#include "base/text.h"
#include "cli.h"
#include "commands.h"
#include "options.h"
#include "term.h"

#include <string.h>

/* Where the summary of a command begins, and what a variable means. */
enum { SUMMARY_COLUMN = 15, VARIABLE_COLUMN = 25 };

static void add_row(struct str *out, const struct command *command)
{
	struct str left CLEANUP(str_release) = {0};

	str_format(&left, "  %s", command->name);
	term_add_row(out, str_text(&left), SUMMARY_COLUMN, command->summary);
}

static const struct {
	const char *name, *meaning;
} variables[] = {
	{"  CLOUDFLARE_API_TOKEN", "the token (or CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY)"},
	{"  CLOUDFLARE_ACCOUNT_ID", "the account, if the manifest names none"},
	{"  CFPROV_VAR_NAME", "the value of ${NAME} in the manifest, behind -var"},
	{"  CLOUDFLARE_BASE_URL", "another server than Cloudflare's, a simulator say"},
	{"  CFPROV_FINGERPRINT_KEY", "what fingerprints of values are made with"},
	{"  CFPROV_PATIENCE", "the default of -patience"},
	{"  CFPROV_MAX_WAIT", "the default of -max-wait"},
	{"  CFPROV_REQUEST_TIMEOUT", "seconds that one request may take (default 60)"},
	{"  CFPROV_LOG", "write a log: error, warn, info, debug or trace"},
	{"  CFPROV_LOG_PATH", "append it to this file (default: standard error)"},
	{"  NO_COLOR", "no colour"},
};

static void add_default(struct str *out, const struct option_variable *variable)
{
	struct str left CLEANUP(str_release) = {0}, meaning CLEANUP(str_release) = {0};

	str_format(&left, "  %s", variable->variable);
	str_format(&meaning, "the default of -%s", variable->option);
	term_add_row(out, str_text(&left), VARIABLE_COLUMN, str_text(&meaning));
}

static void add_overview(struct str *out)
{
	str_text_add(out,
		"Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		"Brings Cloudflare Secrets Store to the state that a manifest describes.\n\n"
		"Commands:\n");
	for (const struct command *it = cli_commands; it->name; it++)
		add_row(out, it);
	str_text_add(out, "\nEnvironment:\n");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		term_add_row(out, variables[i].name, VARIABLE_COLUMN, variables[i].meaning);
	for (const struct option_variable *it = option_variables; it->variable; it++)
		add_default(out, it);
	str_text_add(out, "\n"
			  "Exit status: 0 done, 1 error, 2 changes (plan -detailed-exitcode).\n"
			  "`cfprov help COMMAND` tells the options of a command.\n");
}

/* What a line of the summary can't tell. */
static const struct {
	const char *command, *text;
} details[] = {
	{"import-env",
		"The values stay in FILE, from which plan and apply read them; none is shown.\n"
		"Where there is no manifest yet (or an empty file), it is a whole one; else it\n"
		"is `stores`, for a file that a further -f names. Paths are written from where\n"
		"that stands:\n\n"
		"  cfprov import-env .dev.vars -store=keys > cfprov.yaml\n"
		"  cfprov import-env .env -store=prod/web -f cfprov.yaml -f web.yaml > web.yaml\n"
		"  cfprov plan -f cfprov.yaml -f web.yaml\n\n"},
};

static void add_command(struct str *out, const struct command *command)
{
	str_format(out, "Usage: cfprov %s [OPTIONS]%s%s\n\n%c%s.\n\n", command->name,
		command->arguments ? " " : "", command->arguments ? command->arguments : "",
		command->summary[0] - 'a' + 'A', command->summary + 1);
	for (size_t i = 0; i < ARRAY_SIZE(details); i++)
		if (strcmp(details[i].command, command->name) == 0)
			str_text_add(out, details[i].text);
	str_text_add(out, "Options:\n");
	cli_add_options(out, command);
}

/* The commands of two words of which this is the first; false: there is none. */
static bool add_group(struct str *out, const char *word)
{
	size_t length = strlen(word), before = out->length;

	for (const struct command *it = cli_commands; it->name; it++)
		if (strncmp(it->name, word, length) == 0 && it->name[length] == ' ')
			add_row(out, it);
	return out->length > before;
}

static bool find_topic(const struct cli *cli, const struct command **ret_command)
{
	struct str name CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < cli->argument_count; i++)
		str_format(&name, "%s%s", i ? " " : "", cli->arguments[i]);
	*ret_command = cli_find(str_text(&name));
	if (*ret_command)
		return true;
	const struct command *near = cli_find_near(str_text(&name));
	text_add_visible(&shown, str_text(&name), name.length, 60);
	if (near) {
		error_set(&err, "there is no command `%s`; did you mean `%s`?", str_text(&shown),
			near->name);
	} else {
		error_set(&err, "there is no command `%s`", str_text(&shown));
		error_hint(&err, "See cfprov help.");
	}
	term_error(&err);
	return false;
}

int help_run(const struct cli *cli)
{
	struct str text CLEANUP(str_release) = {0};
	const struct command *command;

	if (!cli->argument_count) {
		add_overview(&text);
	} else if (cli->argument_count > 1 || !add_group(&text, cli->arguments[0])) {
		if (!find_topic(cli, &command))
			return EXIT_ERROR;
		add_command(&text, command);
	}
	term_out_str(&text);
	return EXIT_DONE;
}
