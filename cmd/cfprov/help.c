/* cfprov help, from the tables of commands and options; version; schema. */
#include "base/version.h"
#include "manifest/jsonschema.h"
#include "session.h"
#include "term.h"

/* Where the summary of a command begins, and what a variable means. */
enum { SUMMARY_COLUMN = 15, VARIABLE_COLUMN = 25 };

static const struct {
	const char *name, *meaning;
} variables[] = {
	{"CLOUDFLARE_API_TOKEN", "the token (or CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY)"},
	{"CLOUDFLARE_ACCOUNT_ID", "the account, if the manifest names none"},
	{"CFPROV_VAR_NAME", "the value of ${NAME} in the manifest, behind -var"},
	{"CLOUDFLARE_BASE_URL", "another server than Cloudflare's, a simulator say"},
	{"CFPROV_FINGERPRINT_KEY", "what fingerprints of values are made with"},
	{"CFPROV_REQUEST_TIMEOUT", "seconds that one request may take (default 60)"},
	{"CFPROV_LOG", "write a log: error, warn, info, debug or trace"},
	{"CFPROV_LOG_PATH", "append it to this file (default: standard error)"},
	{"NO_COLOR", "no colour"},
	{"CFPROV_PATIENCE", "the default of -patience"},
	{"CFPROV_MAX_WAIT", "the default of -max-wait"},
};

static void add_overview(struct str *out)
{
	str_text_add(out,
		"Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		"Brings Cloudflare Secrets Store to the state that a manifest describes.\n\n"
		"Commands:\n");
	for (const struct command *it = cli_commands; it->name; it++)
		term_add_row(out, it->name, SUMMARY_COLUMN, it->summary);
	str_text_add(out, "\nEnvironment:\n");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		term_add_row(out, variables[i].name, VARIABLE_COLUMN, variables[i].meaning);
	str_text_add(out, "\n"
			  "Exit status: 0 done, 1 error, 2 changes (plan -detailed-exitcode).\n"
			  "`cfprov help COMMAND` tells the options of a command.\n");
}

static const char import_env_details[] =
	"The values stay in FILE, from which plan and apply read them; none is shown.\n"
	"Where there is no manifest yet (or an empty file), it is a whole one; else it\n"
	"is `stores`, for a file that a further -f names. Paths are written from where\n"
	"that stands:\n\n"
	"  cfprov import-env .dev.vars -store=keys > cfprov.yaml\n"
	"  cfprov import-env .env -store=prod/web -f cfprov.yaml -f web.yaml > web.yaml\n"
	"  cfprov plan -f cfprov.yaml -f web.yaml\n\n";

static void add_command(struct str *out, const struct command *command)
{
	str_format(out, "Usage: cfprov %s [OPTIONS]%s%s\n\n%c%s.\n\n", command->name,
		command->arguments ? " " : "", command->arguments ? command->arguments : "",
		command->summary[0] - 'a' + 'A', command->summary + 1);
	if (command->run == import_env_run)
		str_text_add(out, import_env_details);
	str_text_add(out, "Options:\n");
	options_add_help(out, command);
}

bool help_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct str text CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!cli->argument_count)
		add_overview(&text);
	if (cli->argument_count == 1)
		for (const struct command *it = cli_commands; it->name; it++)
			if (cli_is_in_group(it, cli->arguments[0]))
				term_add_row(&text, it->name, SUMMARY_COLUMN, it->summary);
	for (size_t i = 0; !text.length && i < cli->argument_count; i++)
		str_format(&name, "%s%s", i ? " " : "", cli->arguments[i]);
	const struct command *command = cli_find(str_text(&name));
	if (command) {
		add_command(&text, command);
	} else if (!text.length) {
		cli_unknown("there is no command", str_text(&name), &err);
		return term_error(&err);
	}
	term_out_str(&text);
	return true;
}

bool version_run(struct session *session)
{
	struct str line CLEANUP(str_release) = {0};

	(void)session;
	str_format(&line, "cfprov %s\n", cfprov_version());
	term_out_str(&line);
	return true;
}

/* The JSON Schema of the manifest, for editors. */
bool schema_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};

	(void)session;
	jsonschema_write(&text);
	term_out_str(&text);
	return true;
}
