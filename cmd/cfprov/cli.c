#include "cli.h"

#include "base/text.h"
#include "commands.h"
#include "desired/manifest.h"
#include "engine/guard.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLI_PLANNING (CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_PARALLEL | CLI_SELECT)
#define CLI_ACTING   (CLI_PLANNING | CLI_LOCK | CLI_BACKUP | CLI_APPROVE | CLI_STREAM)

const struct command cli_commands[] = {
	{"validate", NULL, "check the manifest, offline", CLI_MANIFEST | CLI_JSON, 0, validate_run},
	{"plan", NULL, "show what apply would do; changes nothing",
		CLI_PLANNING | CLI_ADOPT | CLI_CHANGES | CLI_DETAILED | CLI_OUT | CLI_STREAM |
			CLI_FORMAT,
		0, plan_run},
	{"apply", "[PLANFILE]", "plan, ask, and do it; or do just what a saved plan says",
		CLI_ACTING | CLI_ADOPT | CLI_CHANGES | CLI_GUARD, 1, apply_run},
	{"destroy", NULL, "plan the end of all that is managed, ask, and do it",
		CLI_ACTING | CLI_GUARD, 0, destroy_run},
	{"refresh", NULL, "bring the state up to what lives, without a question",
		CLI_PLANNING | CLI_LOCK | CLI_BACKUP | CLI_STREAM, 0, refresh_run},
	{"show", "[PLANFILE]", "show the state, or a saved plan",
		CLI_MANIFEST | CLI_STATE | CLI_JSON | CLI_FORMAT, 1, show_run},
	{"import", "ADDRESS ACCOUNT/STORE", "take a store that lives already into the state",
		CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP, 2, import_run},
	{"export", NULL, "write a manifest of what lives in the accounts",
		CLI_MANIFEST | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0, export_run},
	{"output", "[ADDRESS]", "write ids for other tools",
		CLI_MANIFEST | CLI_STATE | CLI_JSON | CLI_RAW, 1, output_run},
	{"doctor", NULL, "check credentials, accounts and state, and say what to do",
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL, 0,
		doctor_run},
	{"state list", "[ADDRESS...]", "list the addresses of what is managed",
		CLI_MANIFEST | CLI_STATE, SIZE_MAX, state_list_run},
	{"schema", NULL, "print the JSON Schema of the manifest, for editors", 0, 0, schema_run},
	{"state show", "ADDRESS", "show what is recorded of one object",
		CLI_MANIFEST | CLI_STATE | CLI_JSON, 1, state_show_run},
	{"state rm", "ADDRESS...", "take objects out of the state; they go on living",
		CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP | CLI_DRY_RUN, SIZE_MAX,
		state_rm_run},
	{"state mv", "OLD NEW", "rename an account's alias in the state",
		CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP | CLI_DRY_RUN, 2, state_mv_run},
	{"state pull", NULL, "write the state as JSON", CLI_MANIFEST | CLI_STATE, 0,
		state_pull_run},
	{"state push", "FILE", "put another state in its place; FILE may be - (stdin)",
		CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP | CLI_FORCE, 1, state_push_run},
	{"version", NULL, "show the version", 0, 0, version_run},
	{"help", "[COMMAND]", "show this, or how a command is used", 0, 2, help_run},
	{0},
};

/* ---- options ---- */

struct parsing {
	struct cli *cli;
	struct error *err;
};

static bool set_flag(bool *flag, const char *value)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return false;
	*flag = strcmp(value, "true") == 0;
	return true;
}

/* A Go-like duration of one part: 0, 500ms, 3s, 5m, 1h. */
static bool set_duration_ms(int64_t *duration_ms, const char *value)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = strspn(value, "0123456789"), number;
	char *text AUTO_FREE = mem_copy_text(value);

	text[digits] = '\0';
	if (!text_to_number(text, 1000000000, &number))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(value + digits, units[i].unit) != 0)
			continue;
		*duration_ms = (int64_t)number * units[i].ms;
		return true;
	}
	*duration_ms = 0;
	return number == 0 && !value[digits];
}

static const char **add_text(const char **texts, size_t *count, size_t *room, const char *text)
{
	texts = mem_room((void *)texts, *count, room, sizeof(text));
	texts[(*count)++] = text;
	return texts;
}

static bool take_manifest(struct cli *cli, const char *value)
{
	cli->manifests = add_text(cli->manifests, &cli->manifest_count, &cli->manifest_room, value);
	return *value;
}

static bool take_variable(struct cli *cli, const char *value)
{
	cli->variables = add_text(cli->variables, &cli->variable_count, &cli->variable_room, value);
	return variables_is_pair(value);
}

static bool take_state(struct cli *cli, const char *value)
{
	cli->state = value;
	return *value;
}

static bool take_account(struct cli *cli, const char *value)
{
	cli->accounts = add_text(cli->accounts, &cli->account_count, &cli->account_room, value);
	return *value;
}

static bool take_out(struct cli *cli, const char *value)
{
	cli->out = value;
	return *value;
}

static bool take_target(struct cli *cli, const char *value)
{
	cli->targets = add_text(cli->targets, &cli->target_count, &cli->target_room, value);
	return *value;
}

static bool take_exclude(struct cli *cli, const char *value)
{
	cli->excludes = add_text(cli->excludes, &cli->exclude_count, &cli->exclude_room, value);
	return *value;
}

static bool take_replace(struct cli *cli, const char *value)
{
	cli->replaces = add_text(cli->replaces, &cli->replace_count, &cli->replace_room, value);
	return *value;
}

static bool take_destroy(struct cli *cli, const char *value)
{
	return set_flag(&cli->destroys, value);
}

static bool take_refresh(struct cli *cli, const char *value)
{
	return set_flag(&cli->refresh, value);
}

static bool take_refresh_only(struct cli *cli, const char *value)
{
	return set_flag(&cli->refresh_only, value);
}

static bool take_allow(struct cli *cli, const char *value)
{
	return set_flag(&cli->allow_store_destroy, value);
}

static bool take_force(struct cli *cli, const char *value)
{
	return set_flag(&cli->force, value);
}

static bool take_max_deletes(struct cli *cli, const char *value)
{
	return text_to_number(value, SIZE_MAX / 2, &cli->max_deletes);
}

static bool take_max_percent(struct cli *cli, const char *value)
{
	return text_to_number(value, 100, &cli->max_delete_percent);
}

static bool take_parallelism(struct cli *cli, const char *value)
{
	return text_to_number(value, CLI_PARALLELISM_LIMIT, &cli->parallelism) &&
	       cli->parallelism > 0;
}

static bool take_lock(struct cli *cli, const char *value)
{
	return set_flag(&cli->lock, value);
}

static bool take_lock_timeout(struct cli *cli, const char *value)
{
	return set_duration_ms(&cli->lock_timeout_ms, value);
}

static bool take_adopt(struct cli *cli, const char *value)
{
	return set_flag(&cli->adopt, value);
}

static bool take_detailed(struct cli *cli, const char *value)
{
	return set_flag(&cli->detailed_exitcode, value);
}

static bool take_approve(struct cli *cli, const char *value)
{
	return set_flag(&cli->auto_approve, value);
}

static bool take_input(struct cli *cli, const char *value)
{
	return set_flag(&cli->input, value);
}

static bool take_backup(struct cli *cli, const char *value)
{
	cli->backup = value;
	return *value;
}

static bool take_account_id(struct cli *cli, const char *value)
{
	cli->account_ids = mem_room((void *)cli->account_ids, cli->account_id_count,
		&cli->account_id_room, sizeof(value));
	cli->account_ids[cli->account_id_count++] = value;
	return *value;
}

static bool take_dry_run(struct cli *cli, const char *value)
{
	return set_flag(&cli->dry_run, value);
}

static bool take_json(struct cli *cli, const char *value)
{
	return set_flag(&cli->json, value);
}

static bool take_format(struct cli *cli, const char *value)
{
	static const char *const words[] = {
		[FORMAT_HUMAN] = "human",
		[FORMAT_JSON] = "json",
		[FORMAT_MARKDOWN] = "markdown",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], value) != 0)
			continue;
		cli->format = (enum cli_format)i;
		return true;
	}
	return false;
}

static bool take_max_bytes(struct cli *cli, const char *value)
{
	return text_to_number(value, SIZE_MAX / 2, &cli->max_bytes) &&
	       cli->max_bytes >= CLI_LEAST_BYTES;
}

static bool take_raw(struct cli *cli, const char *value)
{
	return set_flag(&cli->raw, value);
}

static bool take_no_color(struct cli *cli, const char *value)
{
	return set_flag(&cli->no_color, value);
}

static bool take_help(struct cli *cli, const char *value)
{
	return set_flag(&cli->help, value);
}

static const struct option {
	const char *name;
	const char *value; /* what it takes, for help; NULL: it is a switch */
	enum cli_option bit;
	bool (*take)(struct cli *cli, const char *value); /* false: not a possible value */
	const char *must_be;
	const char *help;
} options[] = {
	{"f", "PATH", CLI_MANIFEST, take_manifest, "a path",
		"the manifest, a folder of them or -; repeatable "
		"(default " MANIFEST_DEFAULT_PATH ")"},
	{"var", "NAME=VALUE", CLI_MANIFEST, take_variable, "NAME=VALUE",
		"the value of ${NAME} in the manifest; repeatable"},
	{"state", "PATH", CLI_STATE, take_state, "a path",
		"the state file (default: as the manifest says, or beside it)"},
	{"account", "ALIAS", CLI_ACCOUNT, take_account, "an alias from the manifest",
		"only this account; may be given again, and * matches"},
	{"adopt", NULL, CLI_ADOPT, take_adopt, "true or false",
		"agree to take over stores that live already and are not in the state"},
	{"detailed-exitcode", NULL, CLI_DETAILED, take_detailed, "true or false",
		"exit 2 if there is something to do"},
	{"out", "FILE", CLI_OUT, take_out, "a path", "save the plan, for apply FILE"},
	{"target", "ADDRESS", CLI_SELECT, take_target, "an address",
		"only this object (and what is in it); repeatable, * matches within a part"},
	{"exclude", "ADDRESS", CLI_SELECT, take_exclude, "an address",
		"not this object; repeatable"},
	{"replace", "ADDRESS", CLI_CHANGES, take_replace, "an address",
		"destroy this object and create it again; repeatable"},
	{"destroy", NULL, CLI_CHANGES, take_destroy, "true or false",
		"plan the end of all that is managed"},
	{"refresh", "BOOL", CLI_CHANGES, take_refresh, "true or false",
		"-refresh=false: take the state's word for what lives, where all is recorded"},
	{"refresh-only", NULL, CLI_CHANGES, take_refresh_only, "true or false",
		"only bring the state up to what lives"},
	{"allow-store-destroy", NULL, CLI_GUARD, take_allow, "true or false",
		"agree to destroy stores, with all that is in them"},
	{"force", NULL, CLI_GUARD, take_force, "true or false",
		"also stores with what cfprov does not manage, and any number of deletes"},
	{"max-deletes", "N", CLI_GUARD, take_max_deletes, "a number",
		"refuse to destroy more objects than this"},
	{"max-delete-percent", "N", CLI_GUARD, take_max_percent, "a number from 0 to 100",
		"refuse to destroy a larger share of 10 or more objects (default 30)"},
	{"auto-approve", NULL, CLI_APPROVE, take_approve, "true or false",
		"do not ask before acting"},
	{"input", "BOOL", CLI_APPROVE, take_input, "true or false",
		"-input=false: never ask; fail where a question would be needed"},
	{"parallelism", "N", CLI_PARALLEL, take_parallelism, "a number from 1 to 256",
		"requests at a time (default 10)"},
	{"lock", "BOOL", CLI_LOCK, take_lock, "true or false",
		"-lock=false: do not lock the state"},
	{"lock-timeout", "TIME", CLI_LOCK, take_lock_timeout, "a duration like 30s or 5m",
		"how long to wait for the lock (default 0s)"},
	{"backup", "PATH", CLI_BACKUP, take_backup, "a path, or - for none",
		"where the state before is kept (default: with .backup behind); - for none"},
	{"account-id", "ID", CLI_ACCOUNT_ID, take_account_id, "the id of an account",
		"this account, whatever the manifest says; may be given again"},
	{"dry-run", NULL, CLI_DRY_RUN, take_dry_run, "true or false",
		"only say what would be done"},
	{"json", NULL, CLI_JSON, take_json, "true or false", "write JSON"},
	{"raw", NULL, CLI_RAW, take_raw, "true or false",
		"write just the id, without a line break"},
	{"force", NULL, CLI_FORCE, take_force, "true or false",
		"do it in spite of what would keep others from it"},
	{"json", NULL, CLI_STREAM, take_json, "true or false",
		"for machines: one JSON object a line of all that happens"},
	{"format", "FORMAT", CLI_FORMAT, take_format, "human, json or markdown",
		"how the plan is written: human, json (Terraform's representation) or markdown"},
	{"max-bytes", "N", CLI_FORMAT, take_max_bytes, "a number, at least 512",
		"with -format=markdown: cut what is longer, but no deletion"},
	{"no-color", NULL, CLI_ALL, take_no_color, "true or false", "no colour"},
	{"help", NULL, CLI_ALL, take_help, "true or false", "show how the command is used"},
	{"h", NULL, CLI_ALL, take_help, "true or false", NULL},
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
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strncmp(options[i].name, name, length) == 0 && !options[i].name[length]) {
			error_set(p->err, "`%s` takes no option -%s",
				command ? command->name : "cfprov", options[i].name);
			return error_hint(p->err,
				"Options stand behind the command; see cfprov help%s%s.",
				command ? " " : "", command ? command->name : "");
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
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
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
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
	if (option->take(p->cli, value))
		return true;
	if (option->take == take_variable) /* it may be a secret */
		return error_set(p->err, "-%s must be %s", option->name, option->must_be);
	struct str shown CLEANUP(str_release) = {0};
	text_add_visible(&shown, value, strlen(value), 60);
	return error_set(p->err, "-%s can't be `%s`: it must be %s", option->name, str_text(&shown),
		option->must_be);
}

/* ---- commands ---- */

const struct command *cli_find(const char *name)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

static bool unknown_command(const char *name, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, name, strlen(name), 60);
	for (const struct command *it = cli_commands; it->name; it++)
		if (text_is_near(name, it->name))
			return error_set(err, "unknown command `%s`; did you mean `%s`?",
				str_text(&shown), it->name);
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
	struct str known CLEANUP(str_release) = {0};
	add_commands_of(word, &known);
	if (!known.length)
		return unknown_command(word, p->err);
	error_set(p->err, "`%s` needs a second word", word);
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
	cli->arguments = mem_room(
		(void *)cli->arguments, cli->argument_count, &cli->argument_room, sizeof(argument));
	cli->arguments[cli->argument_count++] = argument;
	return true;
}

/* -chdir=DIR and -version stand before the command. *ret_used: it was one of them. */
static bool take_global(struct parsing *p, const char *text, bool *ret_used)
{
	const char *name = without_dashes(text);

	*ret_used = true;
	if (strcmp(name, "version") == 0) {
		p->cli->command = cli_find("version");
		return true;
	}
	if (strncmp(name, "chdir=", 6) == 0) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, name + 6, strlen(name + 6), 0);
		return chdir(name + 6) == 0 ||
		       error_set_errno(
			       p->err, errno, "can't change to the folder %s", str_text(&shown));
	}
	*ret_used = false;
	return true;
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
		if (is_option && !p->cli->command && !take_global(p, word, &is_used))
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
	};
	if (!parse_words(&p, argv + (argc > 0)))
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
	free((void *)cli->manifests);
	free((void *)cli->variables);
	free((void *)cli->accounts);
	free((void *)cli->account_ids);
	free((void *)cli->targets);
	free((void *)cli->excludes);
	free((void *)cli->replaces);
	free((void *)cli->arguments);
	*cli = (struct cli){0};
}

void cli_add_options(struct str *out, const struct command *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		struct str left CLEANUP(str_release) = {0};
		if (!option->help || !is_allowed(option, command))
			continue;
		str_format(&left, "-%s%s%s", option->name, option->value ? "=" : "",
			option->value ? option->value : "");
		str_format(out, "  %-22s %s\n", str_text(&left), option->help);
	}
}
