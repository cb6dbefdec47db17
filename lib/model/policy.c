#include "model/policy.h"

#include "base/text.h"

#include <string.h>

enum { NAMED_AT_MOST = 10, SHOWN_COLUMNS = 60 };

/* ---- patterns ---- */

/* A place in a pattern is reached together with what follows it if a `*` is there. */
static void reach(bool *at, const char *pattern, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (at[i] && pattern[i] == '*')
			at[i + (pattern[i + 1] == '*' ? 2 : 1)] = true;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* All places that the text can have led to are followed at once, so no pattern takes long. */
static bool follow(const char *pattern, const char *text)
{
	size_t length = strlen(pattern), size = (length + 1) * sizeof(bool);
	bool *at AUTO_FREE = mem_alloc(size), *next AUTO_FREE = mem_alloc(size);

	at[0] = true;
	reach(at, pattern, length);
	for (; *text; text++) {
		memset(next, 0, size);
		for (size_t i = 0; i < length; i++) {
			bool is_deep = pattern[i] == '*' && pattern[i + 1] == '*';
			if (at[i] && pattern[i] == '*')
				next[i] |= is_deep || (*text != '/' && !is_control(*text));
			else if (at[i])
				next[i + 1] |= pattern[i] == *text;
		}
		reach(next, pattern, length);
		memcpy(at, next, size);
	}
	return at[length];
}

bool policy_pattern_matches(const char *pattern, const char *text)
{
	size_t plain = strcspn(pattern, "*");

	if (!pattern[plain])
		return strcmp(pattern, text) == 0;
	if (strlen(text) > POLICY_TEXT_LIMIT || strncmp(pattern, text, plain) != 0)
		return false;
	/* The character before may be a dot. */
	if (plain ? strstr(text + plain - 1, "..") != NULL
		  : *text == '-' || strstr(text, "..") != NULL)
		return false;
	return follow(pattern, text);
}

static bool is_plain(const char *pattern)
{
	return !strchr(pattern, '*');
}

/* ---- paths ---- */

/* With links resolved, ".." is left only behind what does not exist. */
static bool is_clean(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/.."))) {
		at += strlen("/..");
		if (!*at || *at == '/')
			return false;
	}
	return *path == '/';
}

/* Is the path the root, or beneath it? */
static bool is_beneath(const char *path, const char *root)
{
	size_t length = strlen(root);

	while (length && root[length - 1] == '/')
		length--;
	return strncmp(path, root, length) == 0 && (!path[length] || path[length] == '/');
}

/* Lends the longest root that the path is beneath; NULL: none is. */
static const char *find_root(const struct policy_rule *files, const char *path)
{
	const char *found = NULL;

	for (size_t i = 0; i < files->count; i++) {
		const char *root = files->items[i][0];
		if (is_beneath(path, root) && (!found || strlen(root) > strlen(found)))
			found = root;
	}
	return found;
}

/* ---- sources ---- */

/* Lends the most exact pattern that matches; NULL: none does. */
static const char *find_pattern(const struct policy_rule *env, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < env->count; i++) {
		const char *pattern = env->items[i][0];
		if (policy_pattern_matches(pattern, name) && (!found || is_plain(pattern)))
			found = pattern;
	}
	return found;
}

/* cfprov's own variables are credentials and keys: a pattern that means them says so. */
static bool is_own(const char *name)
{
	return strncmp(name, "CLOUDFLARE_", strlen("CLOUDFLARE_")) == 0 ||
	       strncmp(name, "CFPROV_", strlen("CFPROV_")) == 0;
}

/* Lends the rules for the i-th kind of credentials: the key, the state's, and each account's. */
static const struct policy_sources *credential_rules(const struct policy *policy, size_t i)
{
	return i == 0 ? &policy->key : i == 1 ? &policy->backend : &policy->accounts[i - 2].token;
}

/* Does a rule for tokens or for the key single this out, more exactly than `found` does? */
static bool is_credential(const struct policy *policy, enum policy_source kind, const char *found,
	const struct policy_request *request)
{
	const char *name = request->source->name, *path = request->real_path;

	for (size_t i = 0; i < policy->account_count + 2; i++) {
		const struct policy_rule *rule = &credential_rules(policy, i)->rules[kind];
		const char *root = kind == POLICY_FILES ? find_root(rule, path) : NULL;
		if (kind == POLICY_ENV ? !is_plain(found) && find_pattern(rule, name)
				       : root && strlen(root) > strlen(found))
			return true;
	}
	return false;
}

static bool allows_env(const struct policy *policy, const struct policy_rule *rule,
	const struct policy_request *request)
{
	const char *name = request->source->name, *found = find_pattern(rule, name);

	if (!found || (is_own(name) && !is_plain(found)))
		return false;
	return request->use != POLICY_VALUE || !is_credential(policy, POLICY_ENV, found, request);
}

static bool allows_file(const struct policy *policy, const struct policy_rule *rule,
	const struct policy_request *request)
{
	const char *path = request->real_path;
	const char *found = path && is_clean(path) ? find_root(rule, path) : NULL;

	if (!found)
		return false;
	return request->use != POLICY_VALUE || !is_credential(policy, POLICY_FILES, found, request);
}

/* A program with a slash in its name is a file: its path counts, not how it was named. */
static bool allows_program(const char *pattern, const struct policy_request *request)
{
	const char *program = request->source->argv[0], *path = request->real_path;

	if (!strchr(program, '/'))
		return policy_pattern_matches(pattern, program);
	return *pattern == '/' && path && is_clean(path) && policy_pattern_matches(pattern, path);
}

size_t policy_find_command(
	const struct policy_rule *rule, const struct policy_request *request, size_t from)
{
	const char *const *argv = request->source->argv;

	for (size_t i = from; i < rule->count; i++) {
		const char *const *pattern = rule->items[i];
		size_t at = argv[0] && allows_program(pattern[0], request);
		while (at && pattern[at] && argv[at] &&
			policy_pattern_matches(pattern[at], argv[at]))
			at++;
		if (at && !pattern[at] && !argv[at])
			return i;
	}
	return rule->count;
}

/* Does the pattern of a command fit only a part of what the other one fits? */
static bool is_narrower(const char *const *pattern, const char *const *other)
{
	bool differs = false;
	size_t i = 0;

	for (; pattern[i] && other[i]; i++) {
		bool is_equal = strcmp(pattern[i], other[i]) == 0;
		if (!is_equal && !policy_pattern_matches(other[i], pattern[i]))
			return false;
		differs |= !is_equal;
	}
	return differs && !pattern[i] && !other[i];
}

/* The same as is_credential, for a command. */
static bool is_credential_command(
	const struct policy *policy, const char *const *found, const struct policy_request *request)
{
	for (size_t i = 0; i < policy->account_count + 2; i++) {
		const struct policy_rule *rule =
			&credential_rules(policy, i)->rules[POLICY_COMMANDS];
		for (size_t k = 0; (k = policy_find_command(rule, request, k)) < rule->count; k++)
			if (is_narrower(rule->items[k], found))
				return true;
	}
	return false;
}

static bool allows_command(const struct policy *policy, const struct policy_rule *rule,
	const struct policy_request *request)
{
	for (size_t i = 0; (i = policy_find_command(rule, request, i)) < rule->count; i++)
		if (request->use != POLICY_VALUE ||
			!is_credential_command(policy, rule->items[i], request))
			return true;
	return false;
}

static const struct policy_rule *rules_of(
	const struct policy *policy, const struct policy_request *request)
{
	switch (request->use) {
	case POLICY_TOKEN:
		return request->account->token.rules;
	case POLICY_KEY:
		return policy->key.rules;
	case POLICY_BACKEND:
		return policy->backend.rules;
	case POLICY_VALUE:
		break;
	}
	return policy->values.rules;
}

const struct policy_rule *policy_commands(
	const struct policy *policy, const struct policy_request *request)
{
	return &rules_of(policy, request)[POLICY_COMMANDS];
}

const struct policy_rule *policy_refuses(
	const struct policy *policy, const struct policy_request *request)
{
	const struct policy_rule *rules = rules_of(policy, request), *rule = NULL;
	bool is_allowed = false;

	switch (request->source->kind) {
	case VALUE_NONE: /* reads nothing */
		return NULL;
	case VALUE_ENV:
		rule = &rules[POLICY_ENV];
		is_allowed = allows_env(policy, rule, request);
		break;
	case VALUE_FILE:
	case VALUE_DOTENV:
		rule = &rules[POLICY_FILES];
		is_allowed = allows_file(policy, rule, request);
		break;
	case VALUE_COMMAND:
		rule = &rules[POLICY_COMMANDS];
		is_allowed = allows_command(policy, rule, request);
		break;
	case VALUE_GENERATE:
		rule = &rules[POLICY_GENERATE];
		is_allowed = rule->allows_all;
		break;
	case VALUE_STDIN:
		rule = &rules[POLICY_STDIN];
		is_allowed = rule->allows_all;
		break;
	}
	return is_allowed ? NULL : rule;
}

bool policy_must_name(const struct policy_rule *rule, const struct policy_request *request)
{
	const char *path = request->real_path;

	if (request->source->kind == VALUE_ENV)
		return find_pattern(rule, request->source->name) != NULL;
	if (request->source->kind == VALUE_COMMAND)
		return policy_find_command(rule, request, 0) < rule->count;
	return path && is_clean(path) && find_root(rule, path) != NULL;
}

/* ---- accounts and the state ---- */

const struct policy_account *policy_account(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->account_count; i++)
		if (strcmp(policy->accounts[i].id, id) == 0)
			return &policy->accounts[i];
	return NULL;
}

const struct policy_rule *policy_refuses_state(const struct policy *policy, const char *real_path)
{
	const struct policy_rule *rule = &policy->state_paths;

	for (size_t i = 0; i < rule->count && is_clean(real_path); i++)
		if (policy_pattern_matches(rule->items[i][0], real_path))
			return NULL;
	return rule;
}

static size_t count_of(const char *text, char c)
{
	size_t count = 0;

	while ((text = strchr(text, c))) {
		text++;
		count++;
	}
	return count;
}

const struct policy_rule *policy_refuses_url(const struct policy *policy, const char *url)
{
	const struct policy_rule *rule = &policy->state_urls;

	for (size_t i = 0; i < rule->count; i++) {
		const char *pattern = rule->items[i][0];
		bool is_clear = count_of(url, '%') == count_of(pattern, '%') &&
				count_of(url, '?') == count_of(pattern, '?');
		if (is_clear && policy_pattern_matches(pattern, url))
			return NULL;
	}
	return rule;
}

/* ---- words ---- */

void policy_add_rule(struct str *out, const char *name, const struct place *place)
{
	char *file AUTO_FREE = text_visible(place->file, 0);

	str_format(out, "rule `%s`, %s:%zu", name, file, place->line);
}

void policy_add_allowed(struct str *out, const struct policy_rule *rule)
{
	if (!rule->count) {
		str_format(out, "The policy allows none%s.",
			rule->is_given ? "" : ", because it has no such rule");
		return;
	}
	str_text_add(out, "It allows ");
	for (size_t i = 0; i < rule->count; i++) {
		struct str quoted CLEANUP(str_release) = {0};
		char *words AUTO_FREE = text_visible(rule->written[i], SHOWN_COLUMNS);
		str_format(&quoted, "`%s`", words);
		text_add_listed(out, str_text(&quoted), i, rule->count, NAMED_AT_MOST);
	}
	str_char(out, '.');
}

void policy_release(struct policy *policy)
{
	arena_release(&policy->arena);
	*policy = (struct policy){0};
}
