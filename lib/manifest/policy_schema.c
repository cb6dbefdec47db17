/* The shape of a policy, as tables. See manifest/schema. */
#include "manifest/schema.h"

enum { PATTERN_LENGTH = 4096, DELETES_MOST = 1000000000 };

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(...) (&(const struct schema_text){__VA_ARGS__})

static const struct schema boolean = {SCHEMA_BOOL, .is = "true or false"};

/* ---- sources ---- */

static const struct schema variable = {SCHEMA_TEXT,
	.is = "the name of an environment variable, which may have a *",
	.text = TEXT(.characters = "A-Za-z0-9_*", .longest = 255)};
static const struct schema variables = {
	SCHEMA_LIST, .is = "a list of environment variables such as [DB_*]", .items = &variable};
static const struct schema path = {
	SCHEMA_TEXT, .is = "a path", .text = TEXT(.longest = PATTERN_LENGTH)};
static const struct schema paths = {
	SCHEMA_LIST, .is = "a list of files and directories such as [secrets]", .items = &path};
static const struct schema program = {
	SCHEMA_TEXT, .is = "an argument", .text = TEXT(.is_free = true)};
static const struct schema command = {SCHEMA_LIST,
	.is = "a list of a program and its arguments such as [sops, -d, \"*.yaml\"]",
	.items = &program, .is_filled = true};
static const struct schema commands = {
	SCHEMA_LIST, .is = "a list of commands, each a list of arguments", .items = &command};

/* clang-format off */
#define READ_KEYS                                                                                  \
	{"env", &variables, .meaning = "environment variables that may be read; * matches any "    \
		"characters, but never a variable that begins with CLOUDFLARE_ or CFPROV_, nor "   \
		"one that the policy allows for a token or the key"},                              \
	{"files", &paths, .meaning = "files that may be read, and directories of such files, also " \
		"for `dotenv`; relative to the policy. Links are resolved before a file is compared"},                 \
	{"commands", &commands, .meaning = "commands that may run. A pattern for each argument: "  \
		"* matches any characters but / and line breaks, ** matches them, too. A program "  \
		"with a slash is a path relative to the policy; without one it is found in PATH. A file that an "     \
		"argument names must not be a link out of the directory before the first *"}

static const struct schema_key value_keys[] = {
	READ_KEYS,
	{"generate", &boolean, .meaning = "whether values may be generated (default: false)"},
	{"stdin", &boolean, .meaning = "whether values may come from standard input (default: "
		"false)"},
	{0},
};
static const struct schema_key token_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "API tokens are issued by Cloudflare"},
	{"stdin", NULL, .meaning = "a token can't come from standard input"},
	{0},
};
static const struct schema_key credential_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "credentials are issued by the server"},
	{"stdin", NULL, .meaning = "credentials can't come from standard input"},
	{0},
};
static const struct schema_key key_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "the key must be the same in every run"},
	{"stdin", &boolean, .meaning = "whether it may come from standard input (default: false)"},
	{0},
};
/* clang-format on */

static const struct schema values = {
	SCHEMA_MAP, .is = "a map with `env`, `files` or `commands`", .keys = value_keys};
static const struct schema token = {
	SCHEMA_MAP, .is = "a map with `env`, `files` or `commands`", .keys = token_keys};
static const struct schema credentials = {
	SCHEMA_MAP, .is = "a map with `env`, `files` or `commands`", .keys = credential_keys};
static const struct schema key = {
	SCHEMA_MAP, .is = "a map with `env`, `files` or `commands`", .keys = key_keys};

/* ---- accounts, the state, limits ---- */

static const struct schema_key account_keys[] = {
	{"api_token", &token,
		.meaning = "where its API token may come from (default: only "
			   "CLOUDFLARE_API_TOKEN, or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY)"},
	{0},
};
static const struct schema account = {
	SCHEMA_MAP, .is = "a map with `api_token`, or {}", .keys = account_keys};
static const struct schema accounts = {
	SCHEMA_NAMED, .is = "a map of account ids", .items = &account, .name = &schema_account_id};

static const struct schema state_path = {
	SCHEMA_TEXT, .is = "a path, which may have a *", .text = TEXT(.longest = PATTERN_LENGTH)};
static const struct schema state_paths = {
	SCHEMA_LIST, .is = "a list of paths such as [cfprov.state.json]", .items = &state_path};
static const struct schema state_url = {
	SCHEMA_TEXT, .is = "a URL, which may have a *", .text = TEXT(.longest = PATTERN_LENGTH)};
static const struct schema state_urls = {SCHEMA_LIST,
	.is = "a list of URLs such as [\"https://gitlab.example.com/api/**\"]",
	.items = &state_url};
static const struct schema_key state_keys[] = {
	{"paths", &state_paths,
		.meaning = "where the state may be, relative to the policy; * matches within a "
			   "name, ** also across directories"},
	{"urls", &state_urls,
		.meaning = "where a remote state may be: the address of a server, or "
			   "https://ENDPOINT/BUCKET/PREFIX; * matches any characters but /, ** "
			   "matches / too. Credentials are sent nowhere else"},
	{"credentials", &credentials,
		.meaning = "where the credentials of a remote state may come from (default: only "
			   "the variables AWS_*, CFPROV_HTTP_* and TF_HTTP_* that cfprov reads "
			   "by itself)"},
	{"key", &key, .meaning = "where the key that the manifest names may come from"},
	{0},
};
static const struct schema state = {
	SCHEMA_MAP, .is = "a map with `paths` or `urls`", .keys = state_keys};

static const struct schema deletes = {
	SCHEMA_NUMBER, .is = "a whole number", .least = 0, .most = DELETES_MOST};
static const struct schema percent = {
	SCHEMA_NUMBER, .is = "a whole number from 0 to 100", .least = 0, .most = 100};
static const struct schema_key destroy_keys[] = {
	{"max_deletes", &deletes,
		.meaning = "how many objects one run may destroy, unmanaged ones included, "
			   "and how many values that cfprov did not write it may overwrite",
		.is_required = true},
	{"max_delete_percent", &percent,
		.meaning = "how many percent of the managed objects one run may destroy, however "
			   "few they are (default: 100)"},
	{"stores", &boolean, .meaning = "whether stores may be destroyed (default: false)"},
	{0},
};
static const struct schema destroy = {
	SCHEMA_MAP, .is = "a map with `max_deletes`", .keys = destroy_keys};

static const struct schema version = {
	SCHEMA_TEXT, .is = "the number 1", .text = TEXT(.words = LIST("1"))};
static const struct schema_key policy_keys[] = {
	{"version", &version, .meaning = "version of the policy language (1)"},
	{"values", &values, .meaning = "where the values of secrets may come from"},
	{"accounts", &accounts, .meaning = "accounts that may be used, by id"},
	{"state", &state, .meaning = "where the state may be, and where its key may come from"},
	{"destroy", &destroy,
		.meaning = "limits that no option lifts; without it nothing may be destroyed"},
	{0},
};
const struct schema schema_policy = {SCHEMA_MAP,
	.is = "a map with `values`, `accounts`, `state` or `destroy`", .keys = policy_keys,
	.is_filled = true, .ignored = "x-"};
