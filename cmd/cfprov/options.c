#include "options.h"

#include "base/text.h"
#include "manifest/manifest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each takes a value into a field of struct cli; false: not a possible value. */

static bool take_flag(void *field, const char *value)
{
	bool *flag = field;

	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return false;
	*flag = strcmp(value, "true") == 0;
	return true;
}

static bool take_text(void *field, const char *value)
{
	const char **text = field;

	*text = value;
	return *value;
}

/* Options that may be given again. */
static bool take_texts(void *field, const char *value)
{
	struct cli_texts *texts = field;

	texts->items = mem_room((void *)texts->items, texts->count, &texts->room, sizeof(value));
	texts->items[texts->count++] = value;
	return *value;
}

static bool take_variable(void *field, const char *value)
{
	return take_texts(field, value) && variables_is_pair(value);
}

static bool take_number(void *field, const char *value)
{
	return text_to_number(value, SIZE_MAX / 2, field);
}

static bool take_percent(void *field, const char *value)
{
	return text_to_number(value, 100, field);
}

static bool take_parallelism(void *field, const char *value)
{
	const size_t *parallelism = field;

	return text_to_number(value, CLI_PARALLELISM_LIMIT, field) && *parallelism > 0;
}

static bool take_max_bytes(void *field, const char *value)
{
	const size_t *max_bytes = field;

	return take_number(field, value) && *max_bytes >= CLI_LEAST_BYTES;
}

/* A Go-like duration of one part: 0, 500ms, 3s, 5m, 1h. */
static bool take_duration_ms(void *field, const char *value)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	int64_t *duration_ms = field;
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

/* Takes one of the words; *ret_index says which. */
static bool take_word(const char *const *words, size_t count, const char *value, size_t *ret_index)
{
	for (size_t i = 0; i < count; i++) {
		if (!words[i] || strcmp(words[i], value) != 0)
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}

static bool take_tool(void *field, const char *value)
{
	static const char *const words[] = {
		[TOOL_WRANGLER] = "wrangler", [TOOL_WRANGLER_TOML] = "wrangler-toml"};
	enum cli_tool *tool = field;
	size_t index = TOOL_NONE;

	bool is_good = take_word(words, ARRAY_SIZE(words), value, &index);
	*tool = (enum cli_tool)index;
	return is_good;
}

static bool take_format(void *field, const char *value)
{
	static const char *const words[] = {
		[FORMAT_HUMAN] = "human",
		[FORMAT_JSON] = "json",
		[FORMAT_MARKDOWN] = "markdown",
	};
	enum cli_format *format = field;
	size_t index = FORMAT_HUMAN;

	bool is_good = take_word(words, ARRAY_SIZE(words), value, &index);
	*format = (enum cli_format)index;
	return is_good;
}

#define AT(field) offsetof(struct cli, field)

const struct option options[] = {
	{"f", "PATH", CLI_MANIFEST, take_texts, AT(manifests), "a path",
		"the manifest, a folder of them or -; repeatable "
		"(default " MANIFEST_DEFAULT_PATH ")"},
	{"var", "NAME=VALUE", CLI_MANIFEST, take_variable, AT(variables), "NAME=VALUE",
		"the value of ${NAME} in the manifest; repeatable"},
	{"state", "PATH", CLI_STATE, take_text, AT(state), "a path",
		"the state (default: as the manifest says, or beside it)"},
	{"account", "ALIAS", CLI_ACCOUNT, take_texts, AT(accounts), "an alias from the manifest",
		"only this account; may be given again, and * matches"},
	{"adopt", NULL, CLI_ADOPT, take_flag, AT(adopt), "true or false",
		"agree to take over what lives already"},
	{"detailed-exitcode", NULL, CLI_DETAILED, take_flag, AT(detailed_exitcode), "true or false",
		"exit 2 if there is something to do"},
	{"out", "FILE", CLI_OUT, take_text, AT(out), "a path", "save the plan, for apply FILE"},
	{"target", "ADDRESS", CLI_SELECT, take_texts, AT(targets), "an address",
		"only this object (and what is in it); repeatable, * matches within a part"},
	{"exclude", "ADDRESS", CLI_SELECT, take_texts, AT(excludes), "an address",
		"not this object; repeatable"},
	{"replace", "ADDRESS", CLI_CHANGES, take_texts, AT(replaces), "an address",
		"destroy this object and create it again; repeatable"},
	{"destroy", NULL, CLI_CHANGES, take_flag, AT(destroys), "true or false",
		"plan the end of all that is managed"},
	{"refresh", "BOOL", CLI_REFRESH, take_flag, AT(refresh), "true or false",
		"-refresh=false: take the state's word for what lives, where all is recorded"},
	{"refresh-only", NULL, CLI_CHANGES, take_flag, AT(refresh_only), "true or false",
		"only bring the state up to what lives"},
	{"allow-store-destroy", NULL, CLI_GUARD, take_flag, AT(allow_store_destroy),
		"true or false", "agree to destroy stores, with all that is in them"},
	{"force", NULL, CLI_GUARD, take_flag, AT(force), "true or false",
		"also stores with what cfprov does not manage, and any number of deletes"},
	{"max-deletes", "N", CLI_GUARD, take_number, AT(max_deletes), "a number",
		"refuse to destroy more objects than this"},
	{"max-delete-percent", "N", CLI_GUARD, take_percent, AT(max_delete_percent),
		"a number from 0 to 100",
		"refuse to destroy a larger share of 10 or more objects (default 30)"},
	{"auto-approve", NULL, CLI_APPROVE, take_flag, AT(auto_approve), "true or false",
		"do not ask before acting"},
	{"input", "BOOL", CLI_INPUT, take_flag, AT(input), "true or false",
		"-input=false: never ask; fail where a question would be needed"},
	{"parallelism", "N", CLI_PARALLEL, take_parallelism, AT(parallelism),
		"a number from 1 to 256", "requests at a time (default 10)"},
	{"patience", "TIME", CLI_PARALLEL, take_duration_ms, AT(patience_ms),
		"a duration like 30s or 5m",
		"how long to look for what was requested and not confirmed (default 30s)"},
	{"max-wait", "TIME", CLI_PARALLEL, take_duration_ms, AT(max_wait_ms),
		"a duration like 30s or 5m",
		"stop if Cloudflare's rate limit asks for a longer wait than this (default 15m)"},
	{"lock", "BOOL", CLI_LOCK, take_flag, AT(lock), "true or false",
		"-lock=false: do not lock the state (plan never does)"},
	{"lock-timeout", "TIME", CLI_LOCK, take_duration_ms, AT(lock_timeout_ms),
		"a duration like 30s or 5m", "how long to wait for the lock (default 0s)"},
	{"store", "ADDRESS", CLI_STORE, take_text, AT(store), "STORE or ALIAS/STORE",
		"the store that the secrets are for, in all accounts or in one"},
	{"wait", NULL, CLI_WAIT, take_flag, AT(wait), "true or false",
		"wait at the end until the plan's secrets are active"},
	{"wait-timeout", "TIME", CLI_WAIT, take_duration_ms, AT(wait_timeout_ms),
		"a duration like 30s or 5m", "how long -wait waits (default 60s)"},
	{"backup", "PATH", CLI_BACKUP, take_text, AT(backup), "a path, or - for none",
		"where the state before is kept (default: with .backup behind); - for none"},
	{"account-id", "ID", CLI_ACCOUNT_ID, take_texts, AT(account_ids), "the id of an account",
		"this account, whatever the manifest says; may be given again"},
	{"dry-run", NULL, CLI_DRY_RUN, take_flag, AT(dry_run), "true or false",
		"only say what would be done"},
	{"json", NULL, CLI_JSON, take_flag, AT(json), "true or false", "write JSON"},
	{"raw", NULL, CLI_RAW, take_flag, AT(raw), "true or false",
		"write just the id, without a line break"},
	{"force", NULL, CLI_FORCE, take_flag, AT(force), "true or false",
		"do it in spite of what would keep others from it"},
	{"json", NULL, CLI_STREAM, take_flag, AT(json), "true or false",
		"for machines: all that happens, a JSON object a line"},
	{"format", "FORMAT", CLI_FORMAT, take_format, AT(format), "human, json or markdown",
		"human, json (Terraform's representation of a plan) or markdown"},
	{"format", "TOOL", CLI_TOOL, take_tool, AT(tool), "wrangler or wrangler-toml",
		"a Worker's bindings: wrangler (for wrangler.jsonc), or wrangler-toml"},
	{"max-bytes", "N", CLI_FORMAT, take_max_bytes, AT(max_bytes), "a number, at least 512",
		"with -format=markdown: cut it to so many bytes, 512 or more; no deletion is cut, "
		"so "
		"that it may stay longer"},
	{"no-color", NULL, CLI_ALL, take_flag, AT(no_color), "true or false", "no colour"},
	{"help", NULL, CLI_ALL, take_flag, AT(help), "true or false",
		"show how the command is used"},
	{"h", NULL, CLI_ALL, take_flag, AT(help), "true or false", NULL},
	{0},
};

const struct option_variable option_variables[] = {
	{"CFPROV_PATIENCE", "patience"},
	{"CFPROV_MAX_WAIT", "max-wait"},
	{0},
};
