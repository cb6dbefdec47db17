#include "source/permit.h"

#include "adapter/fs.h"
#include "base/text.h"
#include "source/source_name.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_COLUMNS = 200 };

/* Sets "the policy does not allow WHAT (rule ...)", with what it allows as the hint. */
static bool refuse(const char *what, const struct policy_rule *rule, struct error *err)
{
	struct str rule_words CLEANUP(str_release) = {0}, allowed CLEANUP(str_release) = {0};

	policy_add_rule(&rule_words, rule->name, &rule->place);
	policy_add_allowed(&allowed, rule);
	error_set(err, "the policy does not allow %s (%s)", what, str_text(&rule_words));
	return error_hint(err, "%s", str_text(&allowed));
}

static bool at_place(struct error *err, const struct place *place)
{
	if (place->file)
		error_at(err, place->file, place->line, place->column);
	return false;
}

/* ---- paths ---- */

/* Gives (mem_free) the path of a file, or of a program with a slash in its name; or NULL. */
static char *real_path(const struct value_source *source)
{
	const char *program = source->kind == VALUE_COMMAND ? source->argv[0] : NULL;
	struct str path CLEANUP(str_release) = {0};

	if (source->kind == VALUE_FILE || source->kind == VALUE_DOTENV)
		return fs_full_path(source->name);
	if (!program || !strchr(program, '/'))
		return NULL;
	if (*program != '/')
		str_format(&path, "%s/", source->folder ? source->folder : ".");
	str_text_add(&path, program);
	return fs_full_path(str_text(&path));
}

/* Commands run in the manifest's folder, so a relative folder in PATH would be beneath that. */
static bool check_path(const struct value_source *source, struct error *err)
{
	const char *at = getenv("PATH");

	if (source->kind != VALUE_COMMAND || strchr(source->argv[0], '/') || !at)
		return true;
	while (*at == '/') {
		at += strcspn(at, ":");
		if (!*at)
			return true;
		at++;
	}
	error_set(
		err, "the program of a command can't be looked up: PATH has a relative directory");
	return error_hint(err, "With a policy, every directory in PATH must be absolute, because "
			       "commands run in the manifest's directory.");
}

/* ---- what the arguments of a command name ---- */

/*
 * Gives (mem_free) the folder that the fixed part of a pattern names, from the argument's byte `at`
 * on: of --config=conf/x and the pattern --config=conf/`*` it is conf. NULL: any absolute path
 * fits.
 */
static char *fixed_folder(const char *root, const char *pattern, const char *argument, size_t at)
{
	struct str fixed CLEANUP(str_release) = {0};
	size_t end = strcspn(pattern, "*");

	while (end > at && argument[end - 1] != '/')
		end--;
	if (end <= at && argument[at] == '/')
		return NULL;
	str_add(&fixed, argument + at, end > at ? end - at : 0);
	return fs_plain_path(root, str_text(&fixed));
}

/*
 * Whoever writes the manifest can also make links beside it. Gives (mem_free) where the argument
 * leads, if it is a path from byte `at` on and leaves the folder that the pattern names; else NULL.
 */
static char *leads_away(const char *root, const char *pattern, const char *argument, size_t at)
{
	struct str path CLEANUP(str_release) = {0};

	if (!argument[at] || !fs_may_exist(root, argument + at))
		return NULL;
	char *fixed AUTO_FREE = fixed_folder(root, pattern, argument, at);
	str_format(&path, "%s%s%s", argument[at] == '/' ? "" : root, argument[at] == '/' ? "" : "/",
		argument + at);
	return !fixed || fs_leads_beneath(fixed, str_text(&path)) ? NULL
								  : fs_full_path(str_text(&path));
}

/* False: one leads away, which `why` tells. A path may follow a mark, as in --file=x or @x. */
static bool check_arguments(
	const char *const *pattern, const struct value_source *command, struct str *why)
{
	char *root AUTO_FREE = fs_full_path(command->folder ? command->folder : ".");

	for (size_t i = 1; pattern[i]; i++) {
		const char *argument = command->argv[i];
		for (size_t at = 0; at == 0 || argument[at - 1]; at++) {
			char *place AUTO_FREE = at == 0 || strchr("=@:,", argument[at - 1])
							? leads_away(root, pattern[i], argument, at)
							: NULL;
			if (!place)
				continue;
			str_clear(why);
			str_text_add(why, "Its argument ");
			text_add_visible(why, argument, strlen(argument), SHOWN_COLUMNS);
			str_text_add(why, " resolves to ");
			text_add_visible(why, *place ? place : "an unknown place",
				*place ? strlen(place) : strlen("an unknown place"), 0);
			str_text_add(why, " through a symbolic link, which is outside of the "
					  "directory that the rule names.");
			return false;
		}
	}
	return true;
}

/* Lends the rule that a command's arguments do not satisfy, and tells why; NULL: one item is
 * satisfied. */
static const struct policy_rule *refuses_arguments(
	const struct policy *policy, const struct policy_request *request, struct str *why)
{
	const struct policy_rule *rule = policy_commands(policy, request);

	if (request->source->kind != VALUE_COMMAND)
		return NULL;
	for (size_t i = 0; (i = policy_find_command(rule, request, i)) < rule->count; i++)
		if (check_arguments(rule->items[i], request->source, why))
			return NULL;
	return rule;
}

/* ---- sources ---- */

/* A command may be given the variables that its reader may read itself. */
static bool permit_passed(
	const struct permit *permit, const struct value_source *command, struct error *err)
{
	for (size_t i = 0; command->env && command->env[i]; i++) {
		const struct value_source passed = {.kind = VALUE_ENV, .name = command->env[i]};
		if (!permit_source(permit, &passed, err))
			return false;
	}
	return true;
}

/* Adds to the hint where a file leads, if its name alone does not tell. */
static void add_link(const struct policy_request *request, struct error *err)
{
	const struct value_source *source = request->source;
	struct str shown CLEANUP(str_release) = {0};

	if (source->kind == VALUE_COMMAND || !request->real_path || !*request->real_path)
		return;
	char *here AUTO_FREE = fs_full_path(".");
	char *plain AUTO_FREE = fs_plain_path(here, source->name);
	if (strcmp(plain, request->real_path) == 0)
		return;
	text_add_visible(&shown, request->real_path, strlen(request->real_path), SHOWN_COLUMNS);
	error_hint(
		err, "It resolves to %s through a symbolic link. %s", str_text(&shown), err->hint);
}

/* `why` (empty: the rule says it all) is about the arguments of a command. */
static bool refuse_source(const struct permit *permit, const struct policy_request *request,
	const struct policy_rule *rule, const struct str *why, struct error *err)
{
	static const char *const uses[] = {[POLICY_VALUE] = "",
		[POLICY_TOKEN] = " for a token",
		[POLICY_KEY] = " for the key",
		[POLICY_BACKEND] = " for credentials of the state"};
	struct str what CLEANUP(str_release) = {0};
	bool is_known = rule != &permit->policy->account_rule;

	if (is_known)
		source_add_name(&what, request->source);
	else
		str_text_add(&what, "this account");
	if (is_known)
		str_text_add(&what, uses[permit->use]);
	refuse(str_text(&what), rule, err);
	if (why->length)
		return error_hint(err, "%s", why->bytes);
	if (is_known)
		add_link(request, err);
	return is_known && policy_must_name(rule, request)
		       ? error_hint(err, "It is a credential, so the rule must name it exactly.")
		       : false;
}

/* Recursion ends with the variables that a command is given. */
bool permit_read(const struct permit *permit, const struct value_source *source, char **ret_path,
	struct error *err)
{
	const struct policy *policy = permit->policy;
	struct str why CLEANUP(str_release) = {0};

	if (!policy)
		return true;
	char *path AUTO_FREE = real_path(source);
	const struct policy_request request = {.use = permit->use,
		.account = permit->use == POLICY_TOKEN ? policy_account(policy, permit->account_id)
						       : NULL,
		.source = source,
		.real_path = path};
	bool is_known = permit->use != POLICY_TOKEN || request.account;
	const struct policy_rule *rule =
		is_known ? policy_refuses(policy, &request) : &policy->account_rule;
	if (!rule)
		rule = refuses_arguments(policy, &request, &why);
	if (rule)
		return refuse_source(permit, &request, rule, &why, err);
	if (!check_path(source, err) || !permit_passed(permit, source, err))
		return false;
	*ret_path = mem_steal(&path);
	return true;
}

bool permit_source(
	const struct permit *permit, const struct value_source *source, struct error *err)
{
	char *path AUTO_FREE = NULL;

	return permit_read(permit, source, &path, err);
}

/* ---- accounts ---- */

static bool permit_account(
	const struct policy *policy, const struct account *account, struct error *err)
{
	struct str what CLEANUP(str_release) = {0};

	if (!policy || policy_account(policy, account->id))
		return true;
	str_text_add(&what, "the account ");
	text_add_visible(&what, account->id, strlen(account->id), 60);
	refuse(str_text(&what), &policy->account_rule, err);
	error_prefix(err, "%s", account->alias);
	return at_place(err, &account->place);
}

/* Without a source of its own, an account uses variables of the environment. */
static bool permit_default_token(const struct permit *permit, struct error *err)
{
	const struct value_source token = {.kind = VALUE_ENV, .name = "CLOUDFLARE_API_TOKEN"};
	const struct value_source key = {.kind = VALUE_ENV, .name = "CLOUDFLARE_API_KEY"};
	struct error ignored CLEANUP(error_release) = {0};

	return permit_source(permit, &key, &ignored) || permit_source(permit, &token, err);
}

bool permit_token(const struct policy *policy, const struct account *account, struct error *err)
{
	const struct permit permit = {policy, POLICY_TOKEN, account->id};
	const struct value_source *token = &account->token;
	bool has_source = token->kind != VALUE_NONE;

	if (!policy)
		return true;
	if (!permit_account(policy, account, err))
		return false;
	if (has_source ? permit_source(&permit, token, err) : permit_default_token(&permit, err))
		return true;
	error_prefix(err, "%s", account->alias);
	return at_place(err, has_source ? &token->place : &account->place);
}

/* ---- a state ---- */

static bool permit_path(const struct policy *policy, const char *path, struct error *err)
{
	struct str what CLEANUP(str_release) = {0};
	char *real AUTO_FREE = fs_full_path(path);
	const struct policy_rule *rule = policy_refuses_state(policy, real);

	if (!rule)
		return true;
	str_text_add(&what, "the state ");
	text_add_visible(&what, path, strlen(path), 0);
	return refuse(str_text(&what), rule, err);
}

static bool permit_url(const struct policy *policy, const char *url, struct error *err)
{
	struct str what CLEANUP(str_release) = {0};
	const struct policy_rule *rule = url ? policy_refuses_url(policy, url) : NULL;

	if (!rule)
		return true;
	str_text_add(&what, "the state ");
	text_add_visible(&what, url, strcspn(url, "?"), 0);
	return refuse(str_text(&what), rule, err);
}

bool permit_state(const struct policy *policy, const struct location *location, struct error *err)
{
	const struct permit permit = {policy, POLICY_BACKEND, NULL};
	struct str url CLEANUP(str_release) = {0};

	if (!policy)
		return true;
	if (location_is_file(location))
		return permit_path(policy, location->path, err);
	location_add_url(location, &url);
	if (!permit_url(policy, url.length ? str_text(&url) : NULL, err) ||
		!permit_url(policy, location->lock_address, err) ||
		!permit_url(policy, location->unlock_address, err))
		return false;
	for (size_t i = 0; i < LOCATION_SECRETS; i++)
		if (!permit_source(&permit, &location->secrets[i], err))
			return at_place(err, &location->secrets[i].place);
	return true;
}

/* ---- a model ---- */

bool permit_model(
	const struct policy *policy, const struct model *desired, struct error_list *errors)
{
	const struct permit value = {policy, POLICY_VALUE, NULL}, key = {policy, POLICY_KEY, NULL};
	const struct {
		const char *name;
		const struct value_source *source;
	} keys[] = {{"state.key", &desired->key}, {"state.old_key", &desired->old_key}};
	size_t before = errors->count;
	struct error err = {0};

	if (!policy)
		return true;
	for (size_t i = 0; i < desired->account_count; i++)
		if (!permit_token(policy, &desired->accounts[i], &err))
			error_move(error_list_add(errors), &err);
	for (size_t i = 0; i < desired->object_count; i++) {
		const struct object *object = &desired->objects[i];
		if (!object->value || permit_source(&value, object->value, &err))
			continue;
		char *address AUTO_FREE = object_address(object);
		error_prefix(&err, "%s", address);
		(void)at_place(&err, &object->value->place);
		error_move(error_list_add(errors), &err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (permit_source(&key, keys[i].source, &err))
			continue;
		error_prefix(&err, "`%s`", keys[i].name);
		(void)at_place(&err, &keys[i].source->place);
		error_move(error_list_add(errors), &err);
	}
	return errors->count == before;
}
