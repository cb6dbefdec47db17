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

struct parsing {
	struct cli *cli;
	char **next;
	const char *group; /* the first word of a command of two; NULL: none */
	bool ends_options;
	bool is_unsure; /* an option is unknown: what follows may be its value */
	struct error_list *errors;
};

/* A command has one word or two. */
static bool take_command(struct parsing *p, const char *word)
{
	struct str name CLEANUP(str_release) = {0};

	if (p->group)
		str_format(&name, "%s ", p->group);
	str_text_add(&name, word);
	p->cli->command = command_find(str_text(&name));
	if (p->cli->command)
		return true;
	if (p->group)
		return mistake_command(p->group, word, error_list_add(p->errors));
	if (!command_is_group(word))
		return mistake_command(word, *p->next, error_list_add(p->errors));
	p->group = word;
	return true;
}

static void take_option(struct parsing *p, const char *word)
{
	struct cli *cli = p->cli;

	if (strcmp(word, "--") == 0)
		p->ends_options = true;
	else if (!options_take(cli, word, &p->next, p->errors))
		p->is_unsure = true;
	if (cli->version && !cli->help && !cli->command && !p->group)
		cli->command = command_find("version"); /* which has options of its own */
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
	bool is_file =
		cli->argument_count < command->most_arguments && strstr(command->arguments, "FILE");

	if ((is_file && !options_check_local("the file", argument, &err)) ||
		(!(is_file && access(argument, F_OK) == 0) &&
			!options_check_pasted("the argument", argument, &err)))
		error_move(error_list_add(errors), &err);
	cli->arguments[cli->argument_count++] = argument;
}

/* Arguments that the help shows without brackets are required; with -from there are none. */
static bool check_arguments(const struct cli *cli, struct error *err)
{
	const struct command *command = cli->command;
	const char *word = cli->from ? NULL : command->arguments;
	size_t most = cli->from ? 0 : command->most_arguments;

	if (cli->argument_count > most) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_quoted(&shown, cli->arguments[most], SHOWN_COLUMNS);
		error_set(err, "too many arguments for `%s`: %s", command->name, str_text(&shown));
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
static bool is_question(const struct parsing *p)
{
	struct cli *cli = p->cli;
	const struct command *about = cli->command;

	if (!cli->help && !cli->version && (about || p->group || p->errors->count))
		return false;
	bool is_help = cli->help || !cli->version;
	cli->command = command_find(is_help ? "help" : "version");
	if (is_help && about == cli->command && cli->argument_count)
		return true; /* help COMMAND -help */
	cli->argument_count = 0;
	if (is_help && (about || p->group))
		cli->arguments[cli->argument_count++] = about ? about->name : p->group;
	return true;
}

static void check(const struct parsing *p)
{
	const struct cli *cli = p->cli;
	struct error err CLEANUP(error_release) = {0};
	bool is_good = true;

	if (cli->command)
		options_check_environment(cli, p->errors);
	if (cli->command && !p->is_unsure)
		is_good = check_arguments(cli, &err);
	else if (!cli->command && p->group)
		is_good = mistake_command(p->group, NULL, &err);
	if (is_good && !p->errors->count && cli->chdir && chdir(cli->chdir) != 0)
		is_good = error_set_errno(
			&err, errno, "can't change to the directory %s", cli->chdir);
	if (!is_good)
		error_move(error_list_add(p->errors), &err);
}

bool cli_parse(int argc, char **argv, struct cli *cli, struct error_list *errors)
{
	struct parsing p = {.cli = cli, .next = argv + (argc > 0), .errors = errors};
	bool is_known = true;

	options_init(cli, (size_t)argc + 1); /* one more for `help COMMAND` */
	cli->arguments = arena_alloc(&cli->arena, cli->words * sizeof(*cli->arguments));
	while (*p.next && is_known) {
		const char *word = *p.next++;
		if (!p.ends_options && word[0] == '-' && word[1])
			take_option(&p, word);
		else if (cli->command)
			take_argument(cli, word, errors);
		else
			is_known = take_command(&p, word);
	}
	if (is_question(&p))
		error_list_release(errors);
	else if (is_known)
		check(&p);
	return !errors->count;
}

void cli_release(struct cli *cli)
{
	arena_release(&cli->arena);
}
