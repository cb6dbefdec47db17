#include "options.h"

#include "base/text.h"
#include "desired/manifest.h"

#include <stdint.h>
#include <string.h>

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

const struct option options[] = {
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
		"human, json (Terraform's representation of a plan) or markdown"},
	{"max-bytes", "N", CLI_FORMAT, take_max_bytes, "a number, at least 512",
		"with -format=markdown: cut what is longer, but no deletion"},
	{"no-color", NULL, CLI_ALL, take_no_color, "true or false", "no colour"},
	{"help", NULL, CLI_ALL, take_help, "true or false", "show how the command is used"},
	{"h", NULL, CLI_ALL, take_help, "true or false", NULL},
	{0},
};
