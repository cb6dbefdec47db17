#include "desired/schema.h"

#define LETTERS "A-Za-z"
#define DIGITS  "0-9"

enum {
	ID_LENGTH = 32,    /* Cloudflare's API reference: maxLength of account and object ids */
	NAME_LENGTH = 255, /* none is published; a longer name is a mistake */
	ALIAS_LENGTH = 64,
};

/* ---- texts ---- */

static const char *const steps[] = {".", "..", NULL};
static const char *const version_words[] = {"1", NULL};
static const char *const backend_words[] = {"local", NULL};
static const char *const on_remove_words[] = {"destroy", "forget", NULL};

const struct schema_text schema_account_id = {
	.characters = LETTERS DIGITS "_-", .longest = ID_LENGTH};
const struct schema_text schema_alias = {
	.characters = LETTERS DIGITS "_.-", .longest = ALIAS_LENGTH};
const struct schema_text schema_store_name = {.characters = LETTERS DIGITS "_.-",
	.longest = NAME_LENGTH,
	.except = steps,
	.why_except = "it would be a step in a path"};
static const struct schema_text variable_text = {
	.characters = LETTERS DIGITS "_", .longest = NAME_LENGTH};
static const struct schema_text path_text = {0};
static const struct schema_text version_text = {.words = version_words};
static const struct schema_text backend_text = {.words = backend_words};
static const struct schema_text on_remove_text = {.words = on_remove_words};

static const struct schema_text *const address_parts[] = {&schema_alias, &schema_store_name, NULL};
static const struct schema_text removed_text = {.parts = address_parts, .fewest_parts = 1};
static const struct schema_text moved_text = {.parts = address_parts, .fewest_parts = 1};

/* ---- nodes ---- */

static const struct schema version = {SCHEMA_TEXT, .is = "the number 1", .text = &version_text};
static const struct schema boolean = {SCHEMA_BOOL, .is = "true or false"};
static const struct schema account_id = {SCHEMA_TEXT,
	.is = "an account id: at most 32 letters, digits, _ and -", .text = &schema_account_id};
static const struct schema variable = {SCHEMA_TEXT, .is = "the name of an environment variable",
	.text = &variable_text, .is_source = true};
static const struct schema alias = {
	SCHEMA_TEXT, .is = "an alias from `accounts`", .text = &schema_alias};
static const struct schema aliases = {
	SCHEMA_LIST, .is = "a list of aliases from `accounts`", .items = &alias, .is_filled = true};

static const struct schema_key value_source_keys[] = {
	{"env", &variable, "name of the environment variable that holds it", false},
	{0},
};
static const struct schema value_source = {SCHEMA_MAP,
	.is = "where to read it from, as in {env: NAME}", .keys = value_source_keys,
	.is_filled = true, .is_source = true};

static const struct schema_key account_keys[] = {
	{"account_id", &account_id, "Cloudflare's id of the account", true},
	{"api_token", &value_source,
		"where this account's API token is read from; CLOUDFLARE_API_TOKEN, if left out",
		false},
	{0},
};
static const struct schema account = {
	SCHEMA_MAP, .is = "a map with `account_id`", .keys = account_keys};
static const struct schema accounts = {SCHEMA_NAMED, .is = "a map from aliases to accounts",
	.items = &account, .name = &schema_alias, .is_filled = true};

/* ---- stores ---- */

static const struct schema on_remove = {
	SCHEMA_TEXT, .is = "`destroy` or `forget`", .text = &on_remove_text};
static const struct schema store_name = {SCHEMA_TEXT,
	.is = "a store's name: letters, digits, _ - and .", .text = &schema_store_name};
static const struct schema_key store_keys[] = {
	{"name", &store_name, "the store's name in Cloudflare", true},
	{"accounts", &aliases, "aliases of the accounts it belongs in; all, if left out", false},
	{"adopt", &boolean, "take a store of this name over without asking, if there is one",
		false},
	{"prevent_destroy", &boolean, "refuse every plan that would destroy it", false},
	{"on_remove", &on_remove,
		"what becomes of it when it is taken out of the manifest: destroy it in "
		"Cloudflare, or forget it and let it live",
		false},
	{0},
};
static const struct schema store = {SCHEMA_TEXT | SCHEMA_MAP, .is = "a store: its name, or a map",
	.keys = store_keys, .text = &schema_store_name};
static const struct schema stores = {SCHEMA_LIST, .is = "a list of stores", .items = &store};

/* ---- the state, and what becomes of what it holds ---- */

static const struct schema backend = {
	SCHEMA_TEXT, .is = "the name of a backend: local", .text = &backend_text};
static const struct schema path = {SCHEMA_TEXT, .is = "a path", .text = &path_text};
static const struct schema_key state_keys[] = {
	{"backend", &backend, "where the state is kept: local is a file, and the default", false},
	{"path", &path, "the file, relative to the manifest", false},
	{0},
};
static const struct schema state = {
	SCHEMA_MAP, .is = "a map with `path`", .keys = state_keys, .is_filled = true};

static const struct schema moved_end = {SCHEMA_TEXT, .is = "an alias", .text = &moved_text};
static const struct schema_key moved_keys[] = {
	{"from", &moved_end, "the alias that the state has", true},
	{"to", &moved_end, "the alias that it has from now on", true},
	{0},
};
static const struct schema move = {
	SCHEMA_MAP, .is = "a map with `from` and `to`", .keys = moved_keys};
static const struct schema moved = {SCHEMA_LIST, .is = "a list of moves", .items = &move};

static const struct schema address = {
	SCHEMA_TEXT, .is = "an address: ALIAS/STORE", .text = &removed_text};
static const struct schema_key removed_keys[] = {
	{"from", &address,
		"the address that the state has; or the alias of an account that is not in "
		"`accounts` any more, with destroy: false",
		true},
	{"destroy", &boolean,
		"true, the default: destroy it in Cloudflare; false: forget it and let it live",
		false},
	{0},
};
static const struct schema removal = {SCHEMA_MAP, .is = "a map with `from`", .keys = removed_keys};
static const struct schema removed = {SCHEMA_LIST, .is = "a list of removals", .items = &removal};

/* ---- the whole ---- */

static const struct schema_key manifest_keys[] = {
	{"version", &version, "version of this language; 1", false},
	{"account_id", &account_id, "the account, if there is just one; its alias is `default`",
		false},
	{"accounts", &accounts, "the accounts, by aliases of your choice", false},
	{"stores", &stores, "the stores that should exist", false},
	{"state", &state,
		"where the state is kept; cfprov.state.json beside the manifest, if left out",
		false},
	{"moved", &moved, "what the state holds under another alias by now", false},
	{"removed", &removed, "how to part from what is no longer in the manifest", false},
	{0},
};
const struct schema schema_manifest = {
	SCHEMA_MAP, .is = "a map with `stores`", .keys = manifest_keys};
