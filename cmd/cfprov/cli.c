#include "cli.h"

#include "base/text.h"
#include "mistakes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_COLUMNS = 60 };

const char *cli_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* A command has one word or two: *group is the first of two. */
static bool take_command(struct cli *cli, const char *word, const char *second, const char **group,
	struct error *err)
{
	struct str name CLEANUP(str_release) = {0};

	if (*group)
		str_format(&name, "%s ", *group);
	str_text_add(&name, word);
	cli->command = command_find(str_text(&name));
	if (cli->command)
		return true;
	if (*group || !command_is_group(word))
		return mistake_command(*group ? *group : word, *group ? word : second, err);
	*group = word;
	return true;
}

static void add_usage(const struct command *command, struct error *err)
{
	error_hint(err, "Usage: cfprov %s [OPTIONS]%s%s", command->name,
		command->arguments ? " " : "", command->arguments ? command->arguments : "");
}

static void take_argument(struct cli *cli, const char *argument, struct error_list *errors)
{
	const struct command *command = cli->command;
	struct error err CLEANUP(error_release) = {0};

	if (cli->argument_count < command->most_arguments && strstr(command->arguments, "FILE") &&
		!options_check_local("the file", argument, &err))
		error_move(error_list_add(errors), &err);
	cli->arguments[cli->argument_count++] = argument;
}

/* Arguments that the help shows without brackets are required. */
static bool check_arguments(const struct cli *cli, struct error *err)
{
	const struct command *command = cli->command;
	const char *word = command->arguments;

	if (cli->argument_count > command->most_arguments) {
		char *shown AUTO_FREE =
			text_visible(cli->arguments[command->most_arguments], SHOWN_COLUMNS);
		error_set(err, "too many arguments for `%s`: `%s`", command->name, shown);
		add_usage(command, err);
		return false;
	}
	for (size_t count = 0; word && *word && *word != '['; count++) {
		size_t length = strcspn(word, " ");
		if (count == cli->argument_count) {
			error_set(err, "missing argument for `%s`: %.*s", command->name,
				(int)length, word);
			add_usage(command, err);
			return false;
		}
		word += length + (word[length] == ' ');
	}
	return true;
}

/* With -help the command is `help`, about the command that was named; with -version `version`. */
static bool is_question(struct cli *cli, const char *group, bool is_good)
{
	const struct command *about = cli->command;

	if (!cli->help && !cli->version && (about || group || !is_good))
		return false;
	bool is_help = cli->help || !cli->version;
	cli->command = command_find(is_help ? "help" : "version");
	if (is_help && about == cli->command && cli->argument_count)
		return true; /* help COMMAND -help */
	cli->argument_count = 0;
	if (is_help && (about || group))
		cli->arguments[cli->argument_count++] = about ? about->name : group;
	return true;
}

static bool check(struct cli *cli, const char *group, bool is_sure, struct error_list *errors)
{
	struct error err CLEANUP(error_release) = {0};
	bool is_good = true;

	if (cli->command)
		options_check_environment(cli, errors);
	if (cli->command && is_sure)
		is_good = check_arguments(cli, &err);
	else if (!cli->command && group)
		is_good = mistake_command(group, NULL, &err);
	if (is_good && !errors->count && cli->chdir && chdir(cli->chdir) != 0)
		is_good = error_set_errno(
			&err, errno, "can't change to the directory %s", cli->chdir);
	if (!is_good)
		error_move(error_list_add(errors), &err);
	return !errors->count;
}

bool cli_parse(int argc, char **argv, struct cli *cli, struct error_list *errors)
{
	bool ends_options = false, is_sure = true, is_good = true;
	char **next = argv + (argc > 0);
	const char *group = NULL;
	struct error err CLEANUP(error_release) = {0};

	options_init(cli, (size_t)argc + 1); /* one more for `help COMMAND` */
	cli->arguments = arena_alloc(&cli->arena, cli->words * sizeof(*cli->arguments));
	while (*next && is_good) {
		const char *word = *next++;
		bool is_option = !ends_options && word[0] == '-' && word[1];
		if (is_option && strcmp(word, "--") == 0)
			ends_options = true;
		else if (is_option)
			is_sure = options_take(cli, word, &next, errors) && is_sure;
		else if (cli->command)
			take_argument(cli, word, errors);
		else
			is_good = take_command(cli, word, *next, &group, &err);
		if (cli->version && !cli->help && !cli->command && !group)
			cli->command = command_find("version");
	}
	if (is_question(cli, group, is_good && !errors->count)) {
		error_list_release(errors);
		return true;
	}
	if (!is_good)
		error_move(error_list_add(errors), &err);
	return is_good && check(cli, group, is_sure, errors);
}

void cli_release(struct cli *cli)
{
	arena_release(&cli->arena);
}
