#include "cli.h"

#include "base/text.h"
#include "commands.h"
#include "engine/guard.h"
#include "live/patience.h"
#include "options.h"
#include "term.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the text beside an option begins. */
enum { HELP_COLUMN = 25 };

/* What those who come from Terraform give to all of these is taken by all: plan asks nothing, and
 * needs no lock. */
#define CLI_PLANNING                                                                               \
	(CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_PARALLEL | CLI_SELECT | CLI_LOCK |           \
		CLI_INPUT | CLI_STREAM)
#define CLI_ACTING  (CLI_PLANNING | CLI_REFRESH | CLI_BACKUP | CLI_APPROVE)
#define CLI_MENDING (CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP)

const struct command cli_commands[] = {
	{"validate", NULL, "check the manifest, offline", CLI_MANIFEST | CLI_JSON, 0, validate_run},
	{"plan", NULL, "show what apply would do; changes nothing",
		CLI_PLANNING | CLI_REFRESH | CLI_ADOPT | CLI_CHANGES | CLI_DETAILED | CLI_OUT |
			CLI_FORMAT,
		0, plan_run},
	{"apply", "[PLANFILE]", "plan, ask, and do it; or do just what a saved plan says",
		CLI_ACTING | CLI_ADOPT | CLI_CHANGES | CLI_GUARD | CLI_WAIT, 1, apply_run},
	{"destroy", NULL, "plan the end of all that is managed, ask, and do it",
		CLI_ACTING | CLI_GUARD, 0, destroy_run},
	{"refresh", NULL, "bring the state up to what lives, without a question",
		CLI_PLANNING | CLI_BACKUP, 0, refresh_run},
	{"show", "[PLANFILE]", "show the state, or a saved plan",
		CLI_MANIFEST | CLI_STATE | CLI_JSON | CLI_FORMAT, 1, show_run},
	{"import", "ADDRESS ACCOUNT/STORE[/SECRET]",
		"take a store or a secret that lives already into the state",
		CLI_MENDING | CLI_INPUT | CLI_PARALLEL, 2, import_run},
	{"export", NULL, "write a manifest of what lives in the accounts",
		CLI_MANIFEST | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0, export_run},
	{"import-env", "FILE", "write manifest entries for the names in a .env or JSON file",
		CLI_MANIFEST | CLI_STORE, 1, import_env_run},
	{"output", "[ADDRESS]", "write ids, or a Worker's bindings, for other tools",
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_JSON | CLI_RAW | CLI_TOOL, 1,
		output_run},
	{"doctor", NULL, "check credentials, accounts and state, and say what to do",
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0,
		doctor_run},
	{"state list", "[ADDRESS...]", "list the addresses of what is managed",
		CLI_MANIFEST | CLI_STATE, SIZE_MAX, state_list_run},
	{"state show", "ADDRESS", "show what is recorded of one object",
		CLI_MANIFEST | CLI_STATE | CLI_JSON, 1, state_show_run},
	{"state rm", "ADDRESS...", "take objects out of the state; they go on living",
		CLI_MENDING | CLI_DRY_RUN, SIZE_MAX, state_rm_run},
	{"state mv", "OLD NEW", "rename an account's alias in the state", CLI_MENDING | CLI_DRY_RUN,
		2, state_mv_run},
	{"state pull", NULL, "write the state as JSON", CLI_MANIFEST | CLI_STATE, 0,
		state_pull_run},
	{"state push", "FILE", "put another state in its place; FILE may be - (stdin)",
		CLI_MENDING | CLI_FORCE, 1, state_push_run},
	{"schema", NULL, "print the JSON Schema of the manifest, for editors", 0, 0, schema_run},
	{"version", NULL, "show the version", 0, 0, version_run},
	{"help", "[COMMAND]", "show this, or how a command is used", 0, 2, help_run},
	{0},
};

/* ---- options ---- */

struct parsing {
	struct cli *cli;
	struct error *err;
};

static bool is_allowed(const struct option *option, const struct command *command)
{
	return option->bit == CLI_ALL || (command && (command->options & option->bit));
}

static bool unknown_option(struct parsing *p, const char *name, size_t length)
{
	const struct command *command = p->cli->command;
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, name, length, 60);
	for (size_t i = 0; options[i].name; i++) {
		if (strncmp(options[i].name, name, length) == 0 && !options[i].name[length]) {
			error_set(p->err, "`%s` takes no option -%s",
				command ? command->name : "cfprov", options[i].name);
			return error_hint(p->err,
				"Options stand behind the command; see cfprov help%s%s.",
				command ? " " : "", command ? command->name : "");
		}
	}
	for (size_t i = 0; options[i].name; i++) {
		if (is_allowed(&options[i], command) &&
			text_is_near(str_text(&shown), options[i].name))
			return error_set(p->err, "unknown option -%s; did you mean -%s?",
				str_text(&shown), options[i].name);
	}
	error_set(p->err, "unknown option -%s", str_text(&shown));
	return error_hint(
		p->err, "See cfprov help%s%s.", command ? " " : "", command ? command->name : "");
}

static const struct option *find_option(const struct parsing *p, const char *name, size_t length)
{
	for (size_t i = 0; options[i].name; i++)
		if (strncmp(options[i].name, name, length) == 0 && !options[i].name[length] &&
			is_allowed(&options[i], p->cli->command))
			return &options[i];
	return NULL;
}

/* One dash or two. */
static const char *without_dashes(const char *text)
{
	return text + (text[0] == '-') + (text[0] == '-' && text[1] == '-');
}

/* The URL itself isn't shown: it may hold credentials. */
static bool refuse_url(const char *what, const char *value, struct error *err)
{
	error_set(err, "%s can't be a URL (%.*s://): cfprov reads and writes local files only",
		what, (int)text_url_scheme(value), value);
	if (strcmp(what, "-state") == 0)
		error_hint(err,
			"Remote states are not supported. Fetch the state before the run and "
			"store it afterwards, also when the run fails.");
	if (strcmp(what, "-f") == 0)
		error_hint(err, "Download the manifest first, or pipe it in with -f -.");
	return false;
}

static bool takes_path(const struct option *option)
{
	return option->value &&
	       (strcmp(option->value, "PATH") == 0 || strcmp(option->value, "FILE") == 0);
}

/* Takes one option; *next is the argument behind it, and moves if that is its value. */
static bool take_option(struct parsing *p, const char *text, char ***next)
{
	const char *name = without_dashes(text);
	size_t length = strcspn(name, "=");
	const struct option *option = find_option(p, name, length);
	const char *value = name[length] ? name + length + 1 : NULL;

	if (!option)
		return unknown_option(p, name, length);
	if (!value && !option->value)
		value = "true";
	if (!value && !**next)
		return error_set(p->err, "-%s needs a value: %s", option->name, option->must_be);
	if (!value)
		value = *(*next)++;
	if (takes_path(option) && text_url_scheme(value)) {
		struct str what CLEANUP(str_release) = {0};
		str_format(&what, "-%s", option->name);
		return refuse_url(str_text(&what), value, p->err);
	}
	if (option->take((char *)p->cli + option->at, value))
		return true;
	if (strcmp(option->name, "var") == 0) { /* it may be a secret */
		error_set(p->err, "-%s must be %s", option->name, option->must_be);
		return error_hint(p->err,
			"NAME is made of letters (A to Z, a to z), digits and _, and starts with "
			"no digit.");
	}
	struct str shown CLEANUP(str_release) = {0};
	text_add_visible(&shown, value, strlen(value), 60);
	return error_set(p->err, "-%s can't be `%s`: it must be %s", option->name, str_text(&shown),
		option->must_be);
}

/* The option that a row of option_variables names. */
static const struct option *option_of(const struct option_variable *row)
{
	const struct option *option = options;

	while (strcmp(option->name, row->option) != 0)
		option++;
	return option;
}

/* Before the command line, which wins. */
static bool take_environment(struct parsing *p)
{
	for (const struct option_variable *row = option_variables; row->variable; row++) {
		const struct option *option = option_of(row);
		const char *value = getenv(row->variable);
		struct str shown CLEANUP(str_release) = {0};
		if (!value || !*value || option->take((char *)p->cli + option->at, value))
			continue;
		text_add_visible(&shown, value, strlen(value), 60);
		return error_set(p->err, "%s can't be `%s`: it must be %s", row->variable,
			str_text(&shown), option->must_be);
	}
	return true;
}

/* ---- commands ---- */

const struct command *cli_find(const char *name)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

const struct command *cli_find_near(const char *name)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (text_is_near(name, it->name))
			return it;
	return NULL;
}

static bool unknown_command(const char *name, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};
	const struct command *near = cli_find_near(name);

	text_add_visible(&shown, name, strlen(name), 60);
	if (near)
		return error_set(err, "unknown command `%s`; did you mean `%s`?", str_text(&shown),
			near->name);
	error_set(err, "unknown command `%s`", str_text(&shown));
	return error_hint(err, "See cfprov help.");
}

/* Is this the first of the two words of the command? */
static bool begins_with(const struct command *command, const char *word)
{
	size_t length = strlen(word);

	return strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
}

/* Adds the commands whose first word this is. */
static void add_commands_of(const char *word, struct str *out)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (begins_with(it, word))
			str_format(out, "%scfprov %s", out->length ? ", " : "", it->name);
}

/* A command has one word or two. */
static bool take_command(struct parsing *p, const char *word, char ***next)
{
	p->cli->command = cli_find(word);
	if (!p->cli->command && **next) {
		struct str both CLEANUP(str_release) = {0};
		str_format(&both, "%s %s", word, **next);
		p->cli->command = cli_find(str_text(&both));
		if (p->cli->command)
			(*next)++;
	}
	if (p->cli->command)
		return true;
	struct str known CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	add_commands_of(word, &known);
	if (!known.length)
		return unknown_command(word, p->err);
	if (**next && ***next != '-') {
		text_add_visible(&shown, **next, strlen(**next), 60);
		error_set(p->err, "unknown command `%s %s`", word, str_text(&shown));
	} else {
		error_set(p->err, "`%s` needs a second word", word);
	}
	return error_hint(p->err, "There is: %s.", str_text(&known));
}

static bool take_argument(struct parsing *p, const char *argument)
{
	struct cli *cli = p->cli;
	struct str shown CLEANUP(str_release) = {0};

	if (cli->argument_count == cli->command->most_arguments) {
		text_add_visible(&shown, argument, strlen(argument), 60);
		return error_set(p->err, "`%s` is one argument too many for %s", str_text(&shown),
			cli->command->name);
	}
	if (strstr(cli->command->arguments, "FILE") && text_url_scheme(argument))
		return refuse_url("the file", argument, p->err);
	cli->arguments = mem_room(
		(void *)cli->arguments, cli->argument_count, &cli->argument_room, sizeof(argument));
	cli->arguments[cli->argument_count++] = argument;
	return true;
}

/* -chdir=DIR and -version stand before the command. *ret_used: it was one of them. */
static bool take_global(struct parsing *p, const char *text, char ***next, bool *ret_used)
{
	const char *name = without_dashes(text);
	struct str shown CLEANUP(str_release) = {0};

	*ret_used = true;
	if (strcmp(name, "version") == 0) {
		p->cli->command = cli_find("version");
		return true;
	}
	bool has_value = strncmp(name, "chdir=", 6) == 0;
	*ret_used = has_value || strcmp(name, "chdir") == 0;
	if (!*ret_used)
		return true;
	if (!has_value && !**next)
		return error_set(p->err, "-chdir needs a value: a folder");
	const char *folder = has_value ? name + 6 : *(*next)++;
	text_add_visible(&shown, folder, strlen(folder), 0);
	return chdir(folder) == 0 ||
	       error_set_errno(p->err, errno, "can't change to the folder %s", str_text(&shown));
}

static bool parse_words(struct parsing *p, char **next)
{
	bool ends_options = false;

	while (*next) {
		const char *word = *next++;
		bool is_option = !ends_options && word[0] == '-' && word[1];
		bool is_used = false;
		if (is_option && strcmp(word, "--") == 0) {
			ends_options = true;
			continue;
		}
		if (is_option && !p->cli->command && !take_global(p, word, &next, &is_used))
			return false;
		if (is_used)
			continue;
		bool is_good = is_option         ? take_option(p, word, &next)
			       : p->cli->command ? take_argument(p, word)
						 : take_command(p, word, &next);
		if (!is_good)
			return false;
	}
	return true;
}

/* What the command's help writes without brackets must be there. */
static bool check_arguments(const struct cli *cli, struct error *err)
{
	const char *word = cli->command->arguments;

	for (size_t count = 0; word && *word && *word != '['; count++) {
		size_t length = strcspn(word, " ");
		if (count == cli->argument_count) {
			error_set(err, "%s needs %.*s", cli->command->name, (int)length, word);
			return error_hint(err, "Usage: cfprov %s [OPTIONS] %s", cli->command->name,
				cli->command->arguments);
		}
		word += length + (word[length] == ' ');
	}
	return true;
}

bool cli_parse(int argc, char **argv, struct cli *cli, struct error *err)
{
	struct parsing p = {.cli = cli, .err = err};

	*cli = (struct cli){
		.input = true,
		.lock = true,
		.refresh = true,
		.max_deletes = SIZE_MAX,
		.max_delete_percent = GUARD_DELETE_PERCENT,
		.parallelism = CLI_PARALLELISM,
		.patience_ms = PATIENCE_DEFAULT_MS,
		.wait_timeout_ms = -1,
		.max_wait_ms = CLI_MAX_WAIT_MS,
	};
	if (!take_environment(&p) || !parse_words(&p, argv + (argc > 0)))
		return false;
	if (cli->help && cli->command) { /* -help: the same as `help COMMAND` */
		const struct command *about = cli->command;
		cli->argument_count = 0;
		cli->command = cli_find("help");
		return about == cli->command || take_argument(&p, about->name);
	}
	if (!cli->command)
		cli->command = cli_find("help");
	return check_arguments(cli, err);
}

void cli_release(struct cli *cli)
{
	free((void *)cli->manifests.items);
	free((void *)cli->variables.items);
	free((void *)cli->accounts.items);
	free((void *)cli->account_ids.items);
	free((void *)cli->targets.items);
	free((void *)cli->excludes.items);
	free((void *)cli->replaces.items);
	free((void *)cli->arguments);
	*cli = (struct cli){0};
}

void cli_add_options(struct str *out, const struct command *command)
{
	for (size_t i = 0; options[i].name; i++) {
		const struct option *option = &options[i];
		struct str left CLEANUP(str_release) = {0};
		if (!option->help || !is_allowed(option, command))
			continue;
		str_format(&left, "  -%s%s%s", option->name, option->value ? "=" : "",
			option->value ? option->value : "");
		term_add_row(out, str_text(&left), HELP_COLUMN, option->help);
	}
}
