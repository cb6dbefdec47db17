#include "cli.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* plan asks nothing and needs no lock; it takes these options because Terraform's plan does. */
#define CLI_PLANNING                                                                               \
	(CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_PARALLEL | CLI_SELECT | CLI_LOCK |           \
		CLI_INPUT | CLI_STREAM)
#define CLI_ACTING  (CLI_PLANNING | CLI_REFRESH | CLI_BACKUP | CLI_APPROVE)
#define CLI_EDITING (CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP)

const struct command cli_commands[] = {
	{"validate", NULL, "check the manifest, offline", CLI_MANIFEST | CLI_JSON, 0, validate_run},
	{"plan", NULL, "show what apply would do; changes nothing",
		CLI_PLANNING | CLI_REFRESH | CLI_CHANGES | CLI_OUT | CLI_FORMAT, 0, plan_run},
	{"apply", "[PLANFILE]", "plan, ask, and do it; or do just what a saved plan says",
		CLI_ACTING | CLI_CHANGES | CLI_GUARD | CLI_WAIT, 1, apply_run},
	{"destroy", NULL, "plan the end of all that is managed, ask, and do it",
		CLI_ACTING | CLI_GUARD, 0, destroy_run},
	{"refresh", NULL, "bring the state up to what lives, without a question",
		CLI_PLANNING | CLI_BACKUP, 0, refresh_run},
	{"show", "[PLANFILE]", "show the state, or a saved plan",
		CLI_MANIFEST | CLI_STATE | CLI_JSON | CLI_FORMAT, 1, show_run},
	{"import", "ADDRESS ACCOUNT/STORE[/SECRET]",
		"take a store or a secret that lives already into the state",
		CLI_EDITING | CLI_INPUT | CLI_PARALLEL, 2, import_run},
	{"export", NULL, "write a manifest of what lives in the accounts",
		CLI_MANIFEST | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0, export_run},
	{"import-env", "FILE", "write manifest entries for the names in a .env or JSON file",
		CLI_MANIFEST | CLI_STORE, 1, import_env_run},
	{"output", "[ADDRESS]", "write ids, or a Worker's bindings, for other tools",
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_JSON | CLI_TOOL, 1, output_run},
	{"doctor", NULL, "check credentials, accounts and state, and say what to do",
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0,
		doctor_run},
	{"state list", "[ADDRESS...]", "list the addresses of what is managed",
		CLI_MANIFEST | CLI_STATE, SIZE_MAX, state_list_run},
	{"state show", "ADDRESS", "show what is recorded of one object",
		CLI_MANIFEST | CLI_STATE | CLI_JSON, 1, state_show_run},
	{"state rm", "ADDRESS...", "take objects out of the state; they go on living",
		CLI_EDITING | CLI_DRY_RUN, SIZE_MAX, state_rm_run},
	{"state mv", "OLD NEW", "rename an account's alias in the state", CLI_EDITING | CLI_DRY_RUN,
		2, state_mv_run},
	{"state pull", NULL, "write the state as JSON", CLI_MANIFEST | CLI_STATE, 0,
		state_pull_run},
	{"state push", "FILE", "put another state in its place; FILE may be - (stdin)",
		CLI_EDITING | CLI_FORCE, 1, state_push_run},
	{"schema", NULL, "print the JSON Schema of the manifest, for editors", 0, 0, schema_run},
	{"version", NULL, "show the version", 0, 0, version_run},
	{"help", "[COMMAND]", "show this, or how a command is used", 0, 2, help_run},
	{0},
};

const struct command *cli_find(const char *name)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

bool cli_is_in_group(const struct command *command, const char *word)
{
	size_t length = strlen(word);

	return strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
}

bool cli_unknown(const char *what, const char *name, struct error *err)
{
	char *shown AUTO_FREE = text_visible(name, 60);

	for (const struct command *it = cli_commands; it->name; it++)
		if (text_is_near(name, it->name))
			return error_set(err, "%s `%s`; did you mean `%s`?", what, shown, it->name);
	error_set(err, "%s `%s`", what, shown);
	return error_hint(err, "See cfprov help.");
}

const char *cli_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* A command has one word or two. */
static bool take_command(struct cli *cli, const char *word, char ***next, struct error *err)
{
	struct str group CLEANUP(str_release) = {0};
	const char *second = **next;

	cli->command = cli_find(word);
	for (const struct command *it = cli_commands; it->name && !cli->command; it++) {
		if (!cli_is_in_group(it, word))
			continue;
		str_format(&group, "%scfprov %s", group.length ? ", " : "", it->name);
		if (second && strcmp(it->name + strlen(word) + 1, second) == 0) {
			cli->command = it;
			++*next;
		}
	}
	if (cli->command)
		return true;
	if (!group.length)
		return cli_unknown("unknown command", word, err);
	if (second && *second != '-') {
		char *shown AUTO_FREE = text_visible(second, 60);
		error_set(err, "unknown command `%s %s`", word, shown);
	} else {
		error_set(err, "`%s` needs a second word", word);
	}
	return error_hint(err, "There is: %s.", str_text(&group));
}

static bool take_argument(struct cli *cli, const char *argument, struct error *err)
{
	const struct command *command = cli->command;
	char *shown AUTO_FREE = text_visible(argument, 60);

	if (cli->argument_count == command->most_arguments)
		return error_set(err, "`%s` is one argument too many for %s", shown, command->name);
	if (strstr(command->arguments, "FILE") && !options_check_local("the file", argument, err))
		return false;
	cli->arguments[cli->argument_count++] = argument;
	return true;
}

/* Before the command there may be -version, -chdir=DIR, and what every command takes. */
static bool take_global(struct cli *cli, const char *text, char ***next, struct error *err)
{
	const char *name = text + 1 + (text[1] == '-');

	if (strcmp(name, "version") == 0) {
		cli->command = cli_find("version");
		return true;
	}
	bool has_value = strncmp(name, "chdir=", 6) == 0;
	if (!has_value && strcmp(name, "chdir") != 0)
		return options_take(cli, text, next, err);
	if (!has_value && !**next)
		return error_set(err, "-chdir needs a value: a folder");
	const char *folder = has_value ? name + 6 : *(*next)++;
	return chdir(folder) == 0 ||
	       error_set_errno(err, errno, "can't change to the folder %s", folder);
}

/* Arguments that the help shows without brackets are required. */
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
	size_t words = (size_t)argc + 1; /* one more for `help COMMAND` */
	bool ends_options = false, is_good = options_init(cli, words, err);
	char **next = argv + (argc > 0);

	cli->arguments = arena_alloc(&cli->arena, words * sizeof(*cli->arguments));
	while (*next && is_good) {
		const char *word = *next++;
		bool is_option = !ends_options && word[0] == '-' && word[1];
		if (is_option && strcmp(word, "--") == 0)
			ends_options = true;
		else if (is_option)
			is_good = cli->command ? options_take(cli, word, &next, err)
					       : take_global(cli, word, &next, err);
		else
			is_good = cli->command ? take_argument(cli, word, err)
					       : take_command(cli, word, &next, err);
	}
	if (!is_good)
		return false;
	const struct command *about = cli->command;
	if (cli->help || !about) { /* -help: the same as `help COMMAND` */
		cli->argument_count = 0;
		cli->command = cli_find("help");
		return !about || about == cli->command || take_argument(cli, about->name, err);
	}
	return check_arguments(cli, err);
}

void cli_release(struct cli *cli)
{
	arena_release(&cli->arena);
}
