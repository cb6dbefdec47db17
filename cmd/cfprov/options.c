/* The options: their table, and how a value gets from there into struct cli. */
#include "cli.h"

#include "base/text.h"
#include "cloudflare/patience.h"
#include "manifest/manifest.h"
#include "plan/guard.h"
#include "term.h"

#include <string.h>

enum { PARALLELISM = 10, PARALLELISM_LIMIT = 256, MAX_WAIT_MS = 900000 };
enum { LEAST_BYTES = 512 }; /* a shorter comment could not hold its own summary */
enum { HELP_COLUMN = 25 };  /* where the text beside an option begins */

/* What a field of struct cli is, and how a value gets into it. */
enum kind {
	KIND_FLAG,     /* bool */
	KIND_TEXT,     /* const char *, not empty */
	KIND_TEXTS,    /* struct cli_texts: the option may be given again */
	KIND_NUMBER,   /* size_t, from least to most */
	KIND_DURATION, /* int64_t, in milliseconds */
	KIND_FORMAT,   /* enum cli_format, from least to most */
};

struct type {
	const char *value; /* what it takes, for help; NULL: it is a switch */
	const char *must_be;
	enum kind kind;
	size_t least, most;
};

struct option {
	const char *name;
	const struct type *type;
	enum cli_option bit;
	size_t at;        /* where the field is in struct cli */
	const char *help; /* NULL: not shown */
};

static const struct type a_switch = {NULL, "true or false", KIND_FLAG, 0, 0};
static const struct type a_bool = {"BOOL", "true or false", KIND_FLAG, 0, 0};
static const struct type a_path = {"PATH", "a path", KIND_TEXT, 0, 0};
static const struct type a_backup = {"PATH", "a path, or - for none", KIND_TEXT, 0, 0};
static const struct type a_file = {"FILE", "a path", KIND_TEXT, 0, 0};
static const struct type a_store = {"ADDRESS", "STORE or ALIAS/STORE", KIND_TEXT, 0, 0};
static const struct type paths = {"PATH", "a path", KIND_TEXTS, 0, 0};
static const struct type aliases = {"ALIAS", "an alias from the manifest", KIND_TEXTS, 0, 0};
static const struct type ids = {"ID", "the id of an account", KIND_TEXTS, 0, 0};
static const struct type addresses = {"ADDRESS", "an address", KIND_TEXTS, 0, 0};
static const struct type variables = {"NAME=VALUE", "NAME=VALUE", KIND_TEXTS, 0, 0};
static const struct type a_number = {"N", "a number", KIND_NUMBER, 0, SIZE_MAX / 2};
static const struct type a_percentage = {"N", "a number from 0 to 100", KIND_NUMBER, 0, 100};
static const struct type a_parallelism = {
	"N", "a number from 1 to 256", KIND_NUMBER, 1, PARALLELISM_LIMIT};
static const struct type a_size = {
	"N", "a number, at least 512", KIND_NUMBER, LEAST_BYTES, SIZE_MAX / 2};
static const struct type a_duration = {"TIME", "a duration like 30s or 5m", KIND_DURATION, 0, 0};
static const struct type a_format = {
	"FORMAT", "human, json or markdown", KIND_FORMAT, FORMAT_HUMAN, FORMAT_MARKDOWN};
static const struct type a_tool = {
	"TOOL", "wrangler or wrangler-toml", KIND_FORMAT, FORMAT_WRANGLER, FORMAT_WRANGLER_TOML};

/* In the order of enum cli_format. */
static const char *const formats[] = {"human", "json", "markdown", "wrangler", "wrangler-toml"};

#define AT(field) offsetof(struct cli, field)

static const struct option options[] = {
	{"f", &paths, CLI_MANIFEST, AT(manifests),
		"the manifest, a folder of them or -; repeatable "
		"(default " MANIFEST_DEFAULT_PATH ")"},
	{"var", &variables, CLI_MANIFEST, AT(variables),
		"the value of ${NAME} in the manifest; repeatable"},
	{"state", &a_path, CLI_STATE, AT(state),
		"the state (default: as the manifest says, or beside it)"},
	{"account", &aliases, CLI_ACCOUNT, AT(accounts),
		"only this account; may be given again, and * matches"},
	{"adopt", &a_switch, CLI_CHANGES, AT(adopt), "agree to take over what lives already"},
	{"detailed-exitcode", &a_switch, CLI_OUT, AT(detailed_exitcode),
		"exit 2 if there is something to do"},
	{"out", &a_file, CLI_OUT, AT(out), "save the plan, for apply FILE"},
	{"target", &addresses, CLI_SELECT, AT(targets),
		"only this object (and what is in it); repeatable, * matches within a part"},
	{"exclude", &addresses, CLI_SELECT, AT(excludes), "not this object; repeatable"},
	{"replace", &addresses, CLI_CHANGES, AT(replaces),
		"destroy this object and create it again; repeatable"},
	{"destroy", &a_switch, CLI_CHANGES, AT(destroys), "plan the end of all that is managed"},
	{"refresh", &a_bool, CLI_REFRESH, AT(refresh),
		"-refresh=false: take the state's word for what lives, where all is recorded"},
	{"refresh-only", &a_switch, CLI_CHANGES, AT(refresh_only),
		"only bring the state up to what lives"},
	{"allow-store-destroy", &a_switch, CLI_GUARD, AT(allow_store_destroy),
		"agree to destroy stores, with all that is in them"},
	{"force", &a_switch, CLI_GUARD, AT(force),
		"also stores with what cfprov does not manage, and any number of deletes"},
	{"max-deletes", &a_number, CLI_GUARD, AT(max_deletes),
		"refuse to destroy more objects than this"},
	{"max-delete-percent", &a_percentage, CLI_GUARD, AT(max_delete_percent),
		"refuse to destroy a larger share of 10 or more objects (default 30)"},
	{"auto-approve", &a_switch, CLI_APPROVE, AT(auto_approve), "do not ask before acting"},
	{"input", &a_bool, CLI_INPUT, AT(input),
		"-input=false: never ask; fail where a question would be needed"},
	{"parallelism", &a_parallelism, CLI_PARALLEL, AT(parallelism),
		"requests at a time (default 10)"},
	{"patience", &a_duration, CLI_PARALLEL, AT(patience_ms),
		"how long to look for what was requested and not confirmed (default 30s)"},
	{"max-wait", &a_duration, CLI_PARALLEL, AT(max_wait_ms),
		"stop if Cloudflare's rate limit asks for a longer wait than this (default 15m)"},
	{"lock", &a_bool, CLI_LOCK, AT(lock),
		"-lock=false: do not lock the state (plan never does)"},
	{"lock-timeout", &a_duration, CLI_LOCK, AT(lock_timeout_ms),
		"how long to wait for the lock (default 0s)"},
	{"store", &a_store, CLI_STORE, AT(store),
		"the store that the secrets are for, in all accounts or in one"},
	{"wait", &a_switch, CLI_WAIT, AT(wait),
		"wait at the end until the plan's secrets are active"},
	{"wait-timeout", &a_duration, CLI_WAIT, AT(wait_timeout_ms),
		"how long -wait waits (default 60s)"},
	{"backup", &a_backup, CLI_BACKUP, AT(backup),
		"where the state before is kept (default: with .backup behind); - for none"},
	{"account-id", &ids, CLI_ACCOUNT_ID, AT(account_ids),
		"this account, whatever the manifest says; may be given again"},
	{"dry-run", &a_switch, CLI_DRY_RUN, AT(dry_run), "only say what would be done"},
	{"json", &a_switch, CLI_JSON, AT(json), "write JSON"},
	{"raw", &a_switch, CLI_TOOL, AT(raw), "write just the id, without a line break"},
	{"force", &a_switch, CLI_FORCE, AT(force),
		"do it in spite of what would keep others from it"},
	{"json", &a_switch, CLI_STREAM, AT(json),
		"for machines: all that happens, a JSON object a line"},
	{"format", &a_format, CLI_FORMAT, AT(format),
		"human, json (Terraform's representation of a plan) or markdown"},
	{"format", &a_tool, CLI_TOOL, AT(format),
		"a Worker's bindings: wrangler (for wrangler.jsonc), or wrangler-toml"},
	{"max-bytes", &a_size, CLI_FORMAT, AT(max_bytes),
		"with -format=markdown: cut it to so many bytes, 512 or more; no deletion is cut, "
		"so that it may stay longer"},
	{"no-color", &a_switch, CLI_ALL, AT(no_color), "no colour"},
	{"help", &a_switch, CLI_ALL, AT(help), "show how the command is used"},
	{"h", &a_switch, CLI_ALL, AT(help), NULL},
};

/* ---- values ---- */

/* A Go-like duration of one part: 0, 500ms, 3s, 5m, 1h. */
static bool take_duration(const char *value, int64_t *ret_duration_ms)
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
		*ret_duration_ms = (int64_t)number * units[i].ms;
		if (strcmp(value + digits, units[i].unit) == 0)
			return true;
	}
	return number == 0 && !value[digits];
}

/* False: the option can't have this value. */
static bool take_value(const struct option *option, struct cli *cli, const char *value)
{
	const struct type *type = option->type;
	void *field = (char *)cli + option->at;
	struct cli_texts *texts = field;

	switch (type->kind) {
	case KIND_FLAG:
		*(bool *)field = strcmp(value, "true") == 0;
		return *(bool *)field || strcmp(value, "false") == 0;
	case KIND_TEXT:
		*(const char **)field = value;
		return *value;
	case KIND_TEXTS:
		if (!texts->items)
			texts->items = arena_alloc(&cli->arena, cli->words * sizeof(value));
		texts->items[texts->count++] = value;
		return *value && (type != &variables || variables_is_pair(value));
	case KIND_NUMBER:
		return text_to_number(value, type->most, field) && *(size_t *)field >= type->least;
	case KIND_DURATION:
		return take_duration(value, field);
	case KIND_FORMAT:
		for (size_t i = type->least; i <= type->most; i++) {
			*(enum cli_format *)field = (enum cli_format)i;
			if (strcmp(value, formats[i]) == 0)
				return true;
		}
	}
	return false;
}

static bool refuse_value(
	const char *name, const struct option *option, const char *value, struct error *err)
{
	char *shown AUTO_FREE = text_visible(value, 60);

	return error_set(
		err, "%s can't be `%s`: it must be %s", name, shown, option->type->must_be);
}

bool options_init(struct cli *cli, size_t words, struct error *err)
{
	*cli = (struct cli){
		.words = words,
		.input = true,
		.lock = true,
		.refresh = true,
		.max_deletes = SIZE_MAX,
		.max_delete_percent = CLI_NOT_GIVEN,
		.parallelism = PARALLELISM,
		.patience_ms = PATIENCE_DEFAULT_MS,
		.wait_timeout_ms = -1,
		.max_wait_ms = MAX_WAIT_MS,
	};
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *variable = options[i].at == AT(patience_ms)   ? "CFPROV_PATIENCE"
				       : options[i].at == AT(max_wait_ms) ? "CFPROV_MAX_WAIT"
									  : NULL;
		const char *value = variable ? cli_env(variable) : NULL;
		if (value && !take_value(&options[i], cli, value))
			return refuse_value(variable, &options[i], value, err);
	}
	return true;
}

/* ---- the command line ---- */

static bool is_allowed(const struct option *option, const struct command *command)
{
	return option->bit == CLI_ALL || (command && (command->options & option->bit));
}

static bool is_called(const struct option *option, const char *name, size_t length)
{
	return strncmp(option->name, name, length) == 0 && !option->name[length];
}

static bool unknown_option(
	const struct command *command, const char *name, size_t length, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};
	const char *space = command ? " " : "", *of = command ? command->name : "", *near = NULL;

	text_add_visible(&shown, name, length, 60);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *other = options[i].name;
		if (is_called(&options[i], name, length)) {
			error_set(err, "`%s` takes no option -%s", command ? of : "cfprov", other);
			return error_hint(err,
				"Options stand behind the command; see cfprov help%s%s.", space,
				of);
		}
		if (!near && is_allowed(&options[i], command) &&
			text_is_near(str_text(&shown), other))
			near = other;
	}
	if (near)
		return error_set(
			err, "unknown option -%s; did you mean -%s?", str_text(&shown), near);
	error_set(err, "unknown option -%s", str_text(&shown));
	return error_hint(err, "See cfprov help%s%s.", space, of);
}

/* The URL itself isn't shown: it may hold credentials. */
bool options_check_local(const char *what, const char *value, struct error *err)
{
	int scheme = (int)text_url_scheme(value);

	if (!scheme)
		return true;
	error_set(err, "%s can't be a URL (%.*s://): cfprov reads and writes local files only",
		what, scheme, value);
	if (strcmp(what, "-state") == 0)
		error_hint(err,
			"Remote states are not supported. Fetch the state before the run and "
			"store it afterwards, also when the run fails.");
	if (strcmp(what, "-f") == 0)
		error_hint(err, "Download the manifest first, or pipe it in with -f -.");
	return false;
}

bool options_take(struct cli *cli, const char *text, char ***next, struct error *err)
{
	const char *name = text + 1 + (text[1] == '-');
	size_t length = strcspn(name, "="), i = 0;
	const char *value = name[length] ? name + length + 1 : NULL;
	struct str dashed CLEANUP(str_release) = {0};

	while (i < ARRAY_SIZE(options) &&
		!(is_called(&options[i], name, length) && is_allowed(&options[i], cli->command)))
		i++;
	if (i == ARRAY_SIZE(options))
		return unknown_option(cli->command, name, length, err);
	const struct option *option = &options[i];
	const struct type *type = option->type;
	if (!value && !type->value)
		value = "true";
	if (!value && !**next)
		return error_set(err, "-%s needs a value: %s", option->name, type->must_be);
	if (!value)
		value = *(*next)++;
	str_format(&dashed, "-%s", option->name);
	bool is_path = strncmp(type->must_be, "a path", strlen("a path")) == 0;
	if (is_path && !options_check_local(str_text(&dashed), value, err))
		return false;
	if (take_value(option, cli, value))
		return true;
	if (type != &variables)
		return refuse_value(str_text(&dashed), option, value, err);
	/* It may be a secret, so it is not shown. */
	error_set(err, "-%s must be %s", option->name, type->must_be);
	return error_hint(err, "NAME is made of letters (A to Z, a to z), digits and _, and starts "
			       "with no digit.");
}

void options_add_help(struct str *out, const struct command *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		const char *value = option->type->value;
		struct str left CLEANUP(str_release) = {0};
		if (!option->help || !is_allowed(option, command))
			continue;
		str_format(&left, "-%s%s%s", option->name, value ? "=" : "", value ? value : "");
		term_add_row(out, str_text(&left), HELP_COLUMN, option->help);
	}
}
