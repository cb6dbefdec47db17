/* The options: their table, and how a value gets from there into struct cli. */
#include "cli.h"

#include "base/text.h"
#include "base/token.h"
#include "cloudflare/patience.h"
#include "manifest/manifest.h"
#include "mistakes.h"
#include "plan/guard.h"
#include "term.h"

#include <string.h>

enum { PARALLELISM = 10, PARALLELISM_LIMIT = 256, MAX_WAIT_MS = 900000 };
enum { LEAST_BYTES = 512 }; /* a shorter comment could not hold its own summary */

/* What a field of struct cli is, and how a value gets into it. */
enum kind {
	KIND_FLAG,     /* bool: the first of two choices sets it */
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
	const char *choices; /* see struct option_text */
};

struct option {
	const char *name;
	const struct type *type;
	enum option_section section;
	uint64_t bits;    /* of enum cli_option */
	size_t at;        /* where the field is in struct cli */
	const char *help; /* NULL: not shown */
};

/* clang-format off */

static const struct type a_switch = {NULL, "true or false", KIND_FLAG, 0, 0, "true false"};
static const struct type a_bool = {"false", "true or false", KIND_FLAG, 0, 0, "true false"};
static const struct type a_reading = {"none", "none or all", KIND_FLAG, 0, 0, "none all"};
static const struct type a_path = {"PATH", "a path", KIND_TEXT, 0, 0, NULL};
static const struct type a_backup = {"PATH", "a path, or - for none", KIND_TEXT, 0, 0, NULL};
static const struct type a_file = {"FILE", "a path", KIND_TEXT, 0, 0, NULL};
static const struct type files = {"FILE", "a path", KIND_TEXTS, 0, 0, NULL};
static const struct type a_name = {"NAME", "a name", KIND_TEXT, 0, 0, NULL};
static const struct type a_folder = {"DIR", "a directory", KIND_TEXT, 0, 0, NULL};
static const struct type a_store = {"ADDRESS", "STORE or ALIAS/STORE", KIND_TEXT, 0, 0, NULL};
static const struct type paths = {"PATH", "a path", KIND_TEXTS, 0, 0, NULL};
static const struct type aliases = {
	"ALIAS", "an alias from the manifest", KIND_TEXTS, 0, 0, NULL};
static const struct type ids = {"ID", "an account id", KIND_TEXTS, 0, 0, NULL};
static const struct type addresses = {"ADDRESS", "an address", KIND_TEXTS, 0, 0, NULL};
static const struct type pairs = {"NAME=VALUE", "NAME=VALUE", KIND_TEXTS, 0, 0, NULL};
static const struct type a_number = {"N", "a number", KIND_NUMBER, 0, SIZE_MAX / 2, NULL};
static const struct type a_serial = {
	"N", "a number from 1", KIND_NUMBER, 1, INT64_MAX, NULL};
static const struct type a_percentage = {
	"N", "a number from 0 to 100", KIND_NUMBER, 0, 100, NULL};
static const struct type a_parallelism = {
	"N", "a number from 1 to 256", KIND_NUMBER, 1, PARALLELISM_LIMIT, NULL};
static const struct type a_size = {
	"N", "a number of at least 512", KIND_NUMBER, LEAST_BYTES, SIZE_MAX / 2, NULL};
static const struct type a_duration = {
	"TIME", "a duration such as 30s or 5m", KIND_DURATION, 0, 0, NULL};
static const struct type a_format = {"FORMAT", "human, json, markdown or html", KIND_FORMAT,
	FORMAT_HUMAN, FORMAT_HTML, "human json markdown html"};
static const struct type a_tool = {"FORMAT", "wrangler or wrangler-toml", KIND_FORMAT,
	FORMAT_WRANGLER, FORMAT_WRANGLER_TOML, "wrangler wrangler-toml"};
static const struct type a_language = {"FORMAT", "manifest or terraform", KIND_FORMAT,
	FORMAT_MANIFEST, FORMAT_TERRAFORM, "manifest terraform"};

/* clang-format on */

/* In the order of enum cli_format. */
static const char *const formats[] = {
	"human", "json", "markdown", "html", "wrangler", "wrangler-toml", "manifest", "terraform"};

#define AT(field) offsetof(struct cli, field)

/* clang-format off */

/* By section, in the order of the help. */
static const struct option options[] = {
	{"f", &paths, OPTION_INPUT, CLI_MANIFEST, AT(manifests),
		"manifest file, directory of manifests, or - for standard input; repeatable (default "
		MANIFEST_DEFAULT_PATH ")"},
	{"var", &pairs, OPTION_INPUT, CLI_MANIFEST, AT(variables),
		"set ${NAME} in the manifest; repeatable"},
	{"policy", &a_file, OPTION_INPUT, CLI_MANIFEST, AT(policy),
		"refuse whatever this policy does not allow (default: CFPROV_POLICY)"},
	{"policy", &a_switch, OPTION_OUTPUT, CLI_SCHEMA, AT(policy_schema),
		"the schema of policies instead of manifests"},
	{"store", &a_store, OPTION_INPUT, CLI_STORE, AT(store),
		"store for the secrets: STORE for every account, or ALIAS/STORE"},
	{"from", &a_file, OPTION_INPUT, CLI_TAKEOVER, AT(from),
		"take over what this Terraform state or Pulumi export holds, or - for standard input"},
	{"state", &a_path, OPTION_INPUT, CLI_STATE, AT(state),
		"state file (default: as set in the manifest, or next to it)"},
	{"from", &a_file, OPTION_INPUT, CLI_FROM, AT(from),
		"where the state was: a state file, or a manifest that names the place"},
	{"serial", &a_serial, OPTION_INPUT, CLI_SERIAL, AT(serial), "the state with this serial"},
	{"keep", &a_serial, OPTION_INPUT, CLI_KEEP, AT(keep), "how many states to keep"},
	{"backup", &a_backup, OPTION_INPUT, CLI_BACKUP, AT(backup),
		"where to keep the previous state, or - for nowhere (default: the state's path with "
		".backup appended)"},
	{"lock", &a_bool, OPTION_INPUT, CLI_LOCK, AT(lock),
		"do not lock the state (plan never does)"},
	{"lock-timeout", &a_duration, OPTION_INPUT, CLI_LOCK, AT(lock_timeout_ms),
		"how long to wait for the lock (default 0s)"},

	{"account", &aliases, OPTION_SELECTION, CLI_ACCOUNT, AT(accounts),
		"only this account; repeatable, * matches any text"},
	{"account-id", &ids, OPTION_SELECTION, CLI_ACCOUNT_ID, AT(account_ids),
		"only the account with this id, in the manifest or not; repeatable"},
	{"target", &addresses, OPTION_SELECTION, CLI_SELECT, AT(targets),
		"only this object and what it contains; repeatable, * matches within one part"},
	{"exclude", &addresses, OPTION_SELECTION, CLI_SELECT, AT(excludes),
		"leave out this object and what it contains; repeatable"},
	{"adopt", &a_switch, OPTION_PLANNING, CLI_CHANGES, AT(adopt),
		"adopt objects that already exist, without a prompt"},
	{"replace", &addresses, OPTION_PLANNING, CLI_CHANGES, AT(replaces),
		"destroy this object and create it again; repeatable"},
	{"destroy", &a_switch, OPTION_PLANNING, CLI_CHANGES, AT(destroys),
		"plan to destroy all managed objects"},
	{"refresh", &a_bool, OPTION_PLANNING, CLI_REFRESH, AT(refresh),
		"trust the state instead of reading recorded objects"},
	{"refresh-only", &a_switch, OPTION_PLANNING, CLI_CHANGES, AT(refresh_only),
		"only update the state to match Cloudflare"},
	{"bindings", &files, OPTION_PLANNING, CLI_BINDINGS, AT(bindings),
		"warn if the plan breaks a binding of this wrangler.jsonc or wrangler.toml; "
		"repeatable"},
	{"values", &a_reading, OPTION_PLANNING, CLI_OUT, AT(no_values),
		"read no secret values and run no commands for them; changes of values are not "
		"shown"},

	{"auto-approve", &a_switch, OPTION_APPROVAL, CLI_APPROVE, AT(auto_approve),
		"skip the approval prompt"},
	{"input", &a_bool, OPTION_APPROVAL, CLI_INPUT, AT(input),
		"disable prompts; fail where one would be needed"},
	{"dry-run", &a_switch, OPTION_APPROVAL, CLI_DRY_RUN, AT(dry_run),
		"only show what would change"},
	{"allow-store-destroy", &a_switch, OPTION_APPROVAL, CLI_GUARD, AT(allow_store_destroy),
		"allow stores to be destroyed with every secret in them"},
	{"force", &a_switch, OPTION_APPROVAL, CLI_GUARD, AT(force),
		"destroy any number of objects, and stores that hold unmanaged secrets"},
	{"force", &a_switch, OPTION_APPROVAL, CLI_FORCE, AT(force),
		"replace the state even if lineage or serial do not match"},
	{"force", &a_switch, OPTION_APPROVAL, CLI_UNLOCK, AT(force), "skip the approval prompt"},
	{"max-deletes", &a_number, OPTION_APPROVAL, CLI_GUARD, AT(max_deletes),
		"refuse to destroy more than N objects"},
	{"max-delete-percent", &a_percentage, OPTION_APPROVAL, CLI_GUARD, AT(max_delete_percent),
		"refuse to destroy more than N percent of 10 or more objects (default 30)"},

	{"out", &a_file, OPTION_OUTPUT, CLI_OUT, AT(out), "save the plan for `cfprov apply FILE`"},
	{"out", &a_file, OPTION_OUTPUT, CLI_NEW_FILE, AT(out),
		"write to this new file instead of standard output"},
	{"out", &a_file, OPTION_OUTPUT, CLI_TOOL, AT(out),
		"merge the bindings into this wrangler.jsonc, wrangler.json or wrangler.toml"},
	{"env", &a_name, OPTION_OUTPUT, CLI_TOOL, AT(environment),
		"with -out: merge into this environment of the file, not the top level"},
	{"detailed-exitcode", &a_switch, OPTION_OUTPUT, CLI_OUT, AT(detailed_exitcode),
		"exit with status 2 if there are changes"},
	{"json", &a_switch, OPTION_OUTPUT, CLI_JSON, AT(json), "write JSON"},
	{"json", &a_switch, OPTION_OUTPUT, CLI_DOCUMENT, AT(json),
		"write JSON, errors and warnings included"},
	{"json", &a_switch, OPTION_OUTPUT, CLI_STREAM, AT(json),
		"write one JSON object per line for each event"},
	{"raw", &a_switch, OPTION_OUTPUT, CLI_TOOL, AT(raw),
		"write only the id, without a newline"},
	{"format", &a_format, OPTION_OUTPUT, CLI_FORMAT, AT(format),
		"output format: human, json (like `terraform show -json`), markdown (a comment) or "
		"html (a page)"},
	{"format", &a_tool, OPTION_OUTPUT, CLI_TOOL, AT(format),
		"Worker bindings: wrangler (for wrangler.jsonc) or wrangler-toml"},
	{"format", &a_language, OPTION_OUTPUT, CLI_LANGUAGE, AT(format),
		"what to write: manifest (default) or terraform (import blocks and resources)"},
	{"summary", &a_switch, OPTION_OUTPUT, CLI_STREAM | CLI_FORMAT, AT(summary),
		"only the number of changes per account, and what is destroyed"},
	{"max-bytes", &a_size, OPTION_OUTPUT, CLI_FORMAT, AT(max_bytes),
		"with -format=markdown: shorten the output to N bytes (at least 512), but never cut "
		"deletions"},

	{"parallelism", &a_parallelism, OPTION_REQUESTS, CLI_PARALLEL, AT(parallelism),
		"number of concurrent requests (default 10)"},
	{"patience", &a_duration, OPTION_REQUESTS, CLI_PARALLEL, AT(patience_ms),
		"how long to look for the result of an unconfirmed request (default 30s)"},
	{"max-wait", &a_duration, OPTION_REQUESTS, CLI_PARALLEL, AT(max_wait_ms),
		"stop if the rate limit requires a longer wait (default 15m)"},
	{"wait", &a_switch, OPTION_REQUESTS, CLI_WAIT, AT(wait),
		"wait until the secrets of the plan are active"},
	{"wait-timeout", &a_duration, OPTION_REQUESTS, CLI_WAIT, AT(wait_timeout_ms),
		"how long -wait waits (default 60s)"},

	{"chdir", &a_folder, OPTION_GENERAL, CLI_FRONT, AT(chdir),
		"change to this directory first"},
	{"no-color", &a_switch, OPTION_GENERAL, CLI_ALL, AT(no_color), "disable colour"},
	{"version", &a_switch, OPTION_GENERAL, CLI_FRONT, AT(version), "show the version"},
	{"version", &a_switch, OPTION_GENERAL, CLI_ALL, AT(version), NULL},
	{"v", &a_switch, OPTION_GENERAL, CLI_ALL, AT(version), NULL},
	{"help", &a_switch, OPTION_GENERAL, CLI_ALL, AT(help), "show help"},
	{"h", &a_switch, OPTION_GENERAL, CLI_ALL, AT(help), NULL},
};

/* clang-format on */

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
	size_t length;

	switch (type->kind) {
	case KIND_FLAG:
		length = strcspn(type->choices, " ");
		*(bool *)field =
			strlen(value) == length && memcmp(value, type->choices, length) == 0;
		return *(bool *)field || strcmp(value, type->choices + length + 1) == 0;
	case KIND_TEXT:
		*(const char **)field = value;
		return *value;
	case KIND_TEXTS:
		if (!texts->items)
			texts->items = arena_alloc(&cli->arena, cli->words * sizeof(value));
		texts->items[texts->count++] = value;
		return *value && (type != &pairs || variables_is_pair(value));
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

static void refuse_value(
	const char *name, const struct option *option, const char *value, struct error_list *errors)
{
	char *shown AUTO_FREE = text_visible(value, 60);

	error_set(error_list_add(errors), "invalid value `%s` for %s: expected %s", shown, name,
		option->type->must_be);
}

/* The environment variable with the option's default; NULL: there is none. */
static const char *variable_of(const struct option *option)
{
	if (option->at == AT(patience_ms))
		return "CFPROV_PATIENCE";
	return option->at == AT(max_wait_ms) ? "CFPROV_MAX_WAIT" : NULL;
}

void options_init(struct cli *cli, size_t words)
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
		const char *variable = variable_of(&options[i]);
		const char *value = variable ? cli_env(variable) : NULL;
		if (value)
			(void)take_value(&options[i], cli, value);
	}
}

/* ---- the command line ---- */

static bool is_allowed(const struct option *option, const struct command *command)
{
	return option->bits & (CLI_ALL | (command ? command->options : (uint64_t)CLI_FRONT));
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
			"A remote state is set in the manifest: state: {backend: s3, bucket: NAME} "
			"or state: {backend: http, address: URL}.");
	if (strcmp(what, "-from") == 0)
		error_hint(err, "Pipe the state in: terraform state pull | cfprov import -from=-");
	if (strcmp(what, "-f") == 0)
		error_hint(err, "Download the manifest first, or pipe it in with -f -.");
	return false;
}

bool options_check_pasted(const char *what, const char *value, struct error *err)
{
	if (!token_is_inside(value, strlen(value)))
		return true;
	error_set(err, "%s looks like a secret and is not shown", what);
	return error_hint(err, "Secrets never go on the command line, where other users can see "
			       "them. If it is a token, revoke it.");
}

void options_check_environment(const struct cli *cli, struct error_list *errors)
{
	struct cli scratch = *cli;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *variable = variable_of(&options[i]);
		const char *value = variable ? cli_env(variable) : NULL;
		if (value && is_allowed(&options[i], cli->command) &&
			!take_value(&options[i], &scratch, value))
			refuse_value(variable, &options[i], value, errors);
	}
}

/* The option of this name that the command takes; else one of another command, or NULL. */
static const struct option *find_option(
	const struct command *command, const char *name, size_t length)
{
	const struct option *other = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strncmp(options[i].name, name, length) != 0 || options[i].name[length])
			continue;
		if (is_allowed(&options[i], command))
			return &options[i];
		other = &options[i];
	}
	return other;
}

static void check_value(
	const struct option *option, struct cli *cli, const char *value, struct error_list *errors)
{
	struct str dashed CLEANUP(str_release) = {0};
	struct error *err, why CLEANUP(error_release) = {0};

	str_format(&dashed, "-%s", option->name);
	bool is_path = strncmp(option->type->must_be, "a path", strlen("a path")) == 0;
	bool is_good = is_path ? options_check_local(str_text(&dashed), value, &why)
			       : option->type == &pairs ||
					 options_check_pasted(str_text(&dashed), value, &why);
	if (!is_good) {
		(void)take_value(option, cli, value); /* it was given: no error says otherwise */
		error_move(error_list_add(errors), &why);
	} else if (take_value(option, cli, value)) {
		return;
	} else if (option->type == &pairs) { /* it may be a secret, so it is not shown */
		err = error_list_add(errors);
		error_set(err, "invalid -%s: expected %s", option->name, option->type->must_be);
		error_hint(err, "NAME consists of letters (A to Z, a to z), digits and _, and does "
				"not start with a digit.");
	} else {
		refuse_value(str_text(&dashed), option, value, errors);
	}
}

bool options_take(struct cli *cli, const char *text, char ***next, struct error_list *errors)
{
	const char *name = text + 1 + (text[1] == '-');
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;
	const struct option *option = find_option(cli->command, name, length);
	const char *operand = option ? option->type->value : NULL;

	if (!value && operand && **next)
		value = *(*next)++;
	if (!option || !is_allowed(option, cli->command)) {
		char *bare AUTO_FREE = mem_copy_text(name);
		bare[length] = '\0';
		return mistake_option(cli->command, bare, error_list_add(errors));
	}
	if (value || !operand)
		check_value(option, cli, value ? value : "true", errors);
	else
		error_set(error_list_add(errors), "-%s requires a value: %s", option->name,
			option->type->must_be);
	return true;
}

/* ---- for readers of the tables ---- */

bool option_next(const struct command *command, size_t *index, struct option_text *ret_option)
{
	for (; *index < ARRAY_SIZE(options); ++*index) {
		const struct option *it = &options[*index];
		if (!it->help || !is_allowed(it, command))
			continue;
		*ret_option = (struct option_text){it->name, it->type->value, it->type->choices,
			it->help, it->section, it->type->kind == KIND_TEXTS};
		++*index;
		return true;
	}
	return false;
}

const char *option_section_title(enum option_section section)
{
	static const char *const titles[] = {
		[OPTION_INPUT] = "Manifest and state",
		[OPTION_SELECTION] = "Selection",
		[OPTION_PLANNING] = "Planning",
		[OPTION_APPROVAL] = "Safety",
		[OPTION_OUTPUT] = "Output",
		[OPTION_REQUESTS] = "Request",
		[OPTION_GENERAL] = "General",
	};

	return titles[section];
}
