#include "mistakes.h"

#include "adapter/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "base/token.h"
#include "manifest/documents.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_COLUMNS = 60, LISTED = 4, SHORTEST_PREFIX = 3 };

extern char **environ;

/* ---- habits ---- */

/* clang-format off */

/* Commands of other tools. */
static const struct {
	const char *name, *answer;
} habits[] = {
	{"init", "there is nothing to set up. Run `cfprov plan`, or `cfprov state migrate` to move the "
		 "state."},
	{"get", "there are no modules to download, and Cloudflare never returns secret values. Run "
		"`cfprov show` to see what is recorded."},
	{"providers", "Cloudflare is its only provider. Run `cfprov version` to see library "
		"versions."},
	{"fmt", "any YAML formatter can format the manifest. Run `cfprov validate` to check it."},
	{"lint", "run `cfprov validate`."},
	{"test", "run `cfprov validate` to check the manifest, or `cfprov plan` to compare it with "
		"your accounts."},
	{"console", "the manifest has no expressions. Run `cfprov validate` to check it."},
	{"graph", "secrets depend on their store and on nothing else. Run `cfprov state list` to "
		"list both."},
	{"login", "it reads the API token from the environment. Set CLOUDFLARE_API_TOKEN and run "
		"`cfprov doctor`."},
	{"logout", "it does not store credentials. Unset CLOUDFLARE_API_TOKEN instead."},
	{"whoami", "run `cfprov doctor` to check the credentials."},
	{"workspace", "use a manifest and a state per environment, for example `cfprov plan "
		"-f=staging.yaml -state=staging.json`."},
	{"taint", "run `cfprov apply -replace=ADDRESS` to replace an object."},
	{"untaint", "-replace applies to one run only, so there is nothing to undo."},
	{"diff", "run `cfprov plan`."},
	{"preview", "run `cfprov plan`."},
	{"status", "run `cfprov plan` to see what is out of date, or `cfprov show` to see the state."},
	{"up", "run `cfprov apply`."},
	{"deploy", "run `cfprov apply`."},
	{"store", "declare stores in the manifest and run `cfprov plan`."},
	{"secret", "declare secrets in the manifest and run `cfprov plan`."},
	{"put", "declare the secret in the manifest and run `cfprov apply`."},
	{"create", "declare the object in the manifest and run `cfprov apply`."},
	{"down", "run `cfprov destroy`."},
	{"delete", "remove the object from the manifest and run `cfprov apply`."},
	{"rm", "remove the object from the manifest and run `cfprov apply`, or run `cfprov state rm` "
		"to keep it in the account."},
	{"mv", "add `moved` to the manifest to rename an object, or run `cfprov state mv` to rename "
		"an account."},
	{"ls", "run `cfprov state list`."},
	{"list", "run `cfprov state list`."},
};

/* Options of other tools, or of other commands; NULL: with any command. */
static const struct {
	const char *name, *command, *answer;
} option_habits[] = {
	{"dry-run", "plan", "Leave it out: `cfprov plan` changes nothing."},
	{"dry-run", "apply", "To see what apply would do, run `cfprov plan`."},
	{"dry-run", "destroy", "To see what destroy would do, run `cfprov plan -destroy`."},
	{"dry-run", "refresh", "To see what refresh would do, run `cfprov plan -refresh-only`."},
	{"auto-approve", "plan", "Leave it out: `cfprov plan` does not ask."},
	{"auto-approve", "refresh", "Leave it out: `cfprov refresh` does not ask."},
	{"yes", NULL, "To skip the approval prompt of apply or destroy, pass -auto-approve."},
	{"y", NULL, "To skip the approval prompt of apply or destroy, pass -auto-approve."},
	{"var-file", NULL, "Pass each variable with -var, or set CFPROV_VAR_NAME."},
	{"file", NULL, "Pass the manifest with -f."},
	{"config", NULL, "Pass the manifest with -f."},
	{"c", NULL, "Pass the manifest with -f."},
	{"generate-config-out", NULL, "To write a manifest of existing objects, run `cfprov export`."},
	{"verbose", NULL, "To write a log, set CFPROV_LOG=debug."},
	{"debug", NULL, "To write a log, set CFPROV_LOG=debug."},
};

/* clang-format on */

/* ---- commands ---- */

/* Gives the first word of a command's name; *ret_second is the other, or NULL. */
static char *split(const struct command *command, const char **ret_second)
{
	size_t length = strcspn(command->name, " ");
	char *first = mem_copy_text(command->name);

	*ret_second = first[length] ? command->name + length + 1 : NULL;
	first[length] = '\0';
	return first;
}

/* The command that was probably meant, or else the group. */
static bool guess(const char *word, const char *second, struct str *ret_name)
{
	size_t edits = SIZE_MAX;

	for (const struct command *it = cli_commands; it->name; it++) {
		const char *other, *typed = word;
		char *first AUTO_FREE = split(it, &other);
		const char *known = it->name;
		if (other && second && text_is_near(word, first)) {
			typed = second;
			known = other;
		}
		if (!text_is_nearer(typed, known, &edits))
			continue;
		str_clear(ret_name);
		str_text_add(ret_name, it->name);
	}
	for (const struct command *it = cli_commands; it->name && !ret_name->length; it++) {
		const char *other;
		char *first AUTO_FREE = split(it, &other);
		if (other && strcmp(word, first) != 0 && text_is_near(word, first))
			str_text_add(ret_name, first);
	}
	return ret_name->length;
}

static void list_group(const char *group, struct error *err)
{
	struct str names CLEANUP(str_release) = {0};
	size_t count = 0, i = 0;

	for (const struct command *it = cli_commands; it->name; it++)
		count += command_is_in_group(it, group);
	for (const struct command *it = cli_commands; it->name; it++)
		if (command_is_in_group(it, group))
			text_add_listed(&names, it->name + strlen(group) + 1, i++, count, count);
	error_hint(err, "The commands of `cfprov %s` are %s.", group, str_text(&names));
}

bool mistake_command(const char *word, const char *second, struct error *err)
{
	struct str name CLEANUP(str_release) = {0}, typed CLEANUP(str_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
		if (strcmp(habits[i].name, word) == 0)
			return error_set(err, "cfprov has no %s: %s", word, habits[i].answer);
	if (second && *second == '-')
		second = NULL;
	bool is_group = command_is_group(word), is_near = guess(word, second, &name);
	if (is_group && !second) {
		error_set(err, "`%s` needs a subcommand", word);
		list_group(word, err);
		return false;
	}
	str_text_add(&typed, word);
	if (second && (is_group || strchr(str_text(&name), ' ')))
		str_format(&typed, " %s", second);
	text_add_quoted(&shown, str_text(&typed), SHOWN_COLUMNS);
	if (is_near)
		return error_set(err, "unknown command %s; did you mean `%s`?", str_text(&shown),
			str_text(&name));
	error_set(err, "unknown command %s", str_text(&shown));
	if (is_group)
		list_group(word, err);
	else
		error_hint(err, "See `cfprov help`.");
	return false;
}

/* ---- options ---- */

static bool takes(const struct command *command, const char *name)
{
	struct option_text option;

	for (size_t i = 0; option_next(command, &i, &option);)
		if (strcmp(option.name, name) == 0)
			return true;
	return false;
}

/* "apply and destroy"; nothing if no command takes it. */
static void add_takers(struct str *out, const char *name)
{
	size_t count = 0, i = 0;

	for (const struct command *it = cli_commands; it->name; it++)
		count += takes(it, name);
	for (const struct command *it = cli_commands; it->name; it++)
		if (takes(it, name))
			text_add_listed(out, it->name, i++, count, LISTED);
}

/* An option of the command that was probably meant: misspelled, or its beginning. */
static bool guess_option(
	const struct command *command, const char *name, struct option_text *ret_option)
{
	size_t length = strlen(name), edits = SIZE_MAX;
	struct option_text option;

	for (size_t i = 0; option_next(command, &i, &option);)
		if (text_is_nearer(name, option.name, &edits))
			*ret_option = option;
	for (size_t i = 0; edits == SIZE_MAX && option_next(command, &i, &option);) {
		if (length < SHORTEST_PREFIX || strncmp(name, option.name, length) != 0)
			continue;
		*ret_option = option;
		edits = 0;
	}
	return edits != SIZE_MAX;
}

static const char *habit_of(const struct command *command, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_habits); i++)
		if (strcmp(option_habits[i].name, name) == 0 &&
			(!option_habits[i].command ||
				strcmp(option_habits[i].command, command->name) == 0))
			return option_habits[i].answer;
	return NULL;
}

/* An option of others, or one that goes before the command. */
static void misplaced(
	const struct command *command, const char *name, const char *takers, struct error *err)
{
	const char *answer = habit_of(command, name);

	if (!*takers) {
		error_set(err, "-%s goes before the command", name);
		error_hint(err, "Usage: cfprov -%s=VALUE %s", name, command->name);
		return;
	}
	error_set(err, "-%s is an option of %s, not of %s", name, takers, command->name);
	if (answer)
		error_hint(err, "%s", answer);
}

/* Nothing is like it, but other tools may have it. */
static void strange(const struct command *command, const char *name, struct error *err)
{
	const char *answer = command ? habit_of(command, name) : NULL;

	if (answer)
		error_hint(err, "%s", answer);
	else if (command)
		error_hint(err, "See `cfprov %s -help`.", command->name);
	else
		error_hint(err, "See `cfprov help`.");
}

bool mistake_option(const struct command *command, const char *name, struct error *err)
{
	struct str takers CLEANUP(str_release) = {0};
	bool is_hidden = token_is_inside(name, strlen(name));
	char *shown AUTO_FREE = text_visible(is_hidden ? TEXT_HIDDEN : name, SHOWN_COLUMNS);
	struct option_text option = {.name = ""};

	add_takers(&takers, name);
	if (!command && takers.length) {
		error_set(err, "-%s goes after the command", name);
		return error_hint(err, "Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]");
	}
	if (takers.length || (command && takes(NULL, name))) {
		misplaced(command, name, str_text(&takers), err);
		return false;
	}
	if (guess_option(command, name, &option))
		return error_set(err, "unknown option -%s; did you mean -%s?", shown, option.name);
	for (const struct command *it = cli_commands; it->name; it++) {
		if (!guess_option(it, name, &option))
			continue;
		add_takers(&takers, option.name);
		return error_set(err, "unknown option -%s; did you mean -%s, an option of %s?",
			shown, option.name, str_text(&takers));
	}
	error_set(err, "unknown option -%s", shown);
	strange(command, name, err);
	return false;
}

/* ---- environment variables ---- */

/* What follows CFPROV_ or CLOUDFLARE_; NULL: the variable is not ours. */
static const char *own_part(const char *name)
{
	static const char *const prefixes[] = {"CFPROV_", "CLOUDFLARE_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	return NULL;
}

static bool is_known(const char *name)
{
	for (const struct variable_text *it = cli_variables; it->name; it++)
		if (strcmp(name, it->name) == 0)
			return true;
	return strncmp(name, "CFPROV_VAR_", strlen("CFPROV_VAR_")) == 0;
}

/* The variable that was probably meant: one with the same beginning. */
static const char *guess_variable(const char *name)
{
	const char *part = own_part(name), *near = NULL;
	size_t edits = SIZE_MAX;

	if (strcmp(name, "CLOUDFLARE_API_BASE_URL") == 0) /* of version 0.1, and of wrangler */
		return "CLOUDFLARE_BASE_URL";
	for (const struct variable_text *it = cli_variables; it->name; it++) {
		const char *other = own_part(it->name);
		if (other && name[1] == it->name[1] && text_is_nearer(part, other, &edits))
			near = it->name;
	}
	return near;
}

/* May a manifest name the variable? What is no regular file is not read: it may. */
static bool is_used(const char *name, const char *const *manifests, size_t count)
{
	bool is_found = false;

	for (size_t i = 0; i < count && !is_found; i++) {
		struct str bytes CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		is_found = fs_read(manifests[i], DOCUMENTS_SIZE_LIMIT, &bytes, &err)
				   ? strstr(str_text(&bytes), name) != NULL
				   : err.code != ERROR_ABSENT || strcmp(manifests[i], "-") == 0;
	}
	return is_found;
}

void mistakes_in_environment(
	const char *const *manifests, size_t count, struct error_list *warnings)
{
	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = mem_copy_text(*it);
		name[strcspn(name, "=")] = '\0';
		if (!own_part(name) || is_known(name))
			continue;
		const char *near = guess_variable(name);
		/* Where the right one is set, too, one like CLOUDFLARE_API_TOKEN2 has a purpose. */
		bool is_ours = name[1] == 'F', may_be = is_ours || (near && !getenv(near));
		if (!may_be || is_used(name, manifests, count))
			continue;
		char *shown AUTO_FREE = text_visible(name, SHOWN_COLUMNS);
		error_set(error_list_add(warnings), "unknown environment variable %s%s%s%s", shown,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
}
