#include "manifest/schema.h"

#define LETTERS "A-Za-z"
#define DIGITS  "0-9"

enum {
	ID_LENGTH = 32,    /* Cloudflare's API reference: maxLength of account and object ids */
	NAME_LENGTH = 255, /* none is published; a longer name is a mistake */
	ALIAS_LENGTH = 64,
	SCOPE_LENGTH = 64,
	VERSION_MOST = 1000000000,
	/* Cloudflare takes 65,536 bytes, and base64 makes as many of these. */
	GENERATE_MOST = 49152,
};

/* ---- texts ---- */

static const char *const steps[] = {".", "..", NULL};
static const char *const version_words[] = {"1", NULL};
static const char *const backend_words[] = {"local", NULL};
static const char *const on_remove_words[] = {"destroy", "forget", NULL};

static const char *const update_words[] = {"always", "if_absent", NULL};
static const char *const on_drift_words[] = {"rewrite", "warn", "ignore", NULL};
static const char *const fingerprint_words[] = {"none", NULL};
static const char *const encoding_words[] = {"hex", "base64", "base64url", NULL};
/* Cloudflare's API reference and its clients; it adds some now and then. */
static const char *const scope_words[] = {
	"workers", "ai_gateway", "dex", "access", "containers", "websearch", NULL};

const struct schema_text schema_account_id = {.characters = LETTERS DIGITS "_-",
	.longest = ID_LENGTH,
	.usual = DIGITS "A-Fa-f",
	.usual_length = ID_LENGTH,
	.usual_is = "account id: those of Cloudflare have 32 characters from 0-9 and a-f"};
const struct schema_text schema_alias = {
	.characters = LETTERS DIGITS "_.-", .longest = ALIAS_LENGTH};
const struct schema_text schema_store_name = {.characters = LETTERS DIGITS "_.-",
	.longest = NAME_LENGTH,
	.except = steps,
	.why_except = "it would be a step in a path"};
const struct schema_text schema_secret_name = {
	.characters = LETTERS DIGITS "_-", .longest = NAME_LENGTH};
const struct schema_text schema_scope = {.characters = LETTERS DIGITS "_.:-",
	.longest = SCOPE_LENGTH,
	.known = scope_words,
	.known_is = "scope"};
const struct schema_text schema_comment = {.may_be_empty = true};
static const struct schema_text variable_text = {
	.characters = LETTERS DIGITS "_", .longest = NAME_LENGTH};
static const struct schema_text path_text = {0};
static const struct schema_text dotenv_key_text = {.characters = LETTERS DIGITS "_.-",
	.longest = NAME_LENGTH,
	.hint = "It is a name as the file has it before the =: of letters, digits, _, . and -."};
static const struct schema_text argument_text = {.is_free = true};
/* RFC 6901: / before each step; ~0 and ~1 mean ~ and /; nothing means the whole. */
static const struct schema_text pointer_text = {.may_be_empty = true,
	.start = '/',
	.escapes = "~01",
	.hint = "It is like /db/password: a / before each name; a / in a name is written ~1, a ~ "
		"as ~0. With \"\" it is the whole, if that is a text."};
static const struct schema_text encoding_text = {.words = encoding_words};
static const struct schema_text update_text = {.words = update_words};
static const struct schema_text on_drift_text = {.words = on_drift_words};
static const struct schema_text fingerprint_text = {.words = fingerprint_words};
static const struct schema_text version_text = {.words = version_words};
static const struct schema_text backend_text = {.words = backend_words};
static const struct schema_text on_remove_text = {.words = on_remove_words};

static const struct schema_text *const address_parts[] = {
	&schema_alias, &schema_store_name, &schema_secret_name, NULL};
static const struct schema_text removed_text = {.parts = address_parts, .fewest_parts = 1};
static const struct schema_text moved_text = {.parts = address_parts, .fewest_parts = 1};

/* ---- nodes ---- */

static const struct schema version = {SCHEMA_TEXT, .is = "the number 1", .text = &version_text};
static const struct schema boolean = {SCHEMA_BOOL, .is = "true or false"};
static const struct schema account_id = {SCHEMA_TEXT,
	.is = "an account id: at most 32 letters, digits, _ and -", .text = &schema_account_id};
static const struct schema alias = {
	SCHEMA_TEXT, .is = "an alias from `accounts`", .text = &schema_alias};
static const struct schema aliases = {
	SCHEMA_LIST, .is = "a list of aliases from `accounts`", .items = &alias, .is_filled = true};

/* ---- references to secrets ---- */

#define SOURCE .is_source = true

static const struct schema_number generate_bytes = {1, GENERATE_MOST};

static const struct schema variable = {
	SCHEMA_TEXT, .is = "the name of an environment variable", .text = &variable_text, SOURCE};
static const struct schema source_path = {SCHEMA_TEXT, .is = "a path", .text = &path_text, SOURCE};
static const struct schema argument = {
	SCHEMA_TEXT, .is = "an argument", .text = &argument_text, SOURCE};
static const struct schema command = {SCHEMA_LIST,
	.is = "a list: a program and its arguments, each by itself, for no shell runs them",
	.items = &argument, .is_filled = true, SOURCE};
static const struct schema dotenv_key = {
	SCHEMA_TEXT, .is = "the name of a variable in the file", .text = &dotenv_key_text, SOURCE};
static const struct schema pointer = {SCHEMA_TEXT, .is = "a JSON pointer, as in /database/password",
	.text = &pointer_text, SOURCE};
static const struct schema trim = {SCHEMA_BOOL, .is = "true or false", SOURCE};
static const struct schema standard_input = {
	SCHEMA_BOOL, .is = "true", .is_only_true = true, SOURCE};
static const struct schema random_bytes = {
	SCHEMA_NUMBER, .is = "a number of bytes", .number = &generate_bytes, SOURCE};
static const struct schema encoding = {
	SCHEMA_TEXT, .is = "`hex`, `base64` or `base64url`", .text = &encoding_text, SOURCE};
static const struct schema_key generate_keys[] = {
	{"bytes", &random_bytes, "how many random bytes", true},
	{"encoding", &encoding, "how they are written as text; base64, if left out", false},
	{0},
};
static const struct schema generate = {SCHEMA_MAP, .is = "a map with `bytes`, as in {bytes: 32}",
	.keys = generate_keys, .is_filled = true, SOURCE};

#define READING_KEYS                                                                               \
	{"env", &variable, "name of the environment variable that holds it", false},               \
		{"file", &source_path, "the file that holds it, relative to the manifest", false}, \
		{"command", &command,                                                              \
			"a program and its arguments, run in the manifest's folder without a "     \
			"shell; it is what this prints",                                           \
			false},                                                                    \
		{"dotenv", &source_path,                                                           \
			"a file of lines NAME=VALUE, relative to the manifest; `key` says which",  \
			false},                                                                    \
	{                                                                                          \
		"key", &dotenv_key, "which variable of the `dotenv` file it is", false             \
	}

#define SHAPING_KEYS                                                                               \
	{"json", &pointer,                                                                         \
		"what is read is JSON, and this JSON pointer says which text in it is meant",      \
		false},                                                                            \
	{                                                                                          \
		"trim", &trim, "whether a line break at the end is dropped; true, if left out",    \
			false                                                                      \
	}

static const struct schema_rule reading_rules[] = {
	{"dotenv", .needs = "key"},
	{"key", .needs = "dotenv"},
	{0},
};
static const struct schema_rule value_rules[] = {
	{"dotenv", .needs = "key"},
	{"key", .needs = "dotenv"},
	{"json", .excludes = "generate"},
	{"trim", .excludes = "generate"},
	{0},
};

static const struct schema_key value_keys[] = {
	READING_KEYS,
	{"generate", &generate,
		"random bytes, made when the secret is created and kept nowhere but in Cloudflare",
		false},
	{"stdin", &standard_input, "it is what comes from the standard input", false},
	SHAPING_KEYS,
	{0},
};
static const char *const value_sources[] = {
	"env", "file", "command", "dotenv", "generate", "stdin", NULL};
static const struct schema value = {SCHEMA_MAP, .is = "where to read it from, as in {env: NAME}",
	.keys = value_keys, .rules = value_rules, .one_of = value_sources, .is_filled = true,
	SOURCE};

static const struct schema_key token_keys[] = {
	READING_KEYS,
	{"generate", NULL, "a token is made by Cloudflare", false},
	{"stdin", NULL, "each command needs the token, also those that ask questions there", false},
	SHAPING_KEYS,
	{0},
};
static const char *const token_sources[] = {"env", "file", "command", "dotenv", NULL};
static const struct schema token = {SCHEMA_MAP, .is = "where to read it from, as in {env: NAME}",
	.keys = token_keys, .rules = reading_rules, .one_of = token_sources, .is_filled = true,
	SOURCE};

static const struct schema_key fingerprint_key_keys[] = {
	READING_KEYS,
	{"generate", NULL, "the key must be the same in each run", false},
	{"stdin", &standard_input, "it is what comes from the standard input", false},
	SHAPING_KEYS,
	{0},
};
static const char *const fingerprint_key_sources[] = {
	"env", "file", "command", "dotenv", "stdin", NULL};
static const struct schema fingerprint_key = {SCHEMA_MAP,
	.is = "where to read it from, as in {env: NAME}", .keys = fingerprint_key_keys,
	.rules = reading_rules, .one_of = fingerprint_key_sources, .is_filled = true, SOURCE};

/* ---- accounts ---- */

static const struct schema_key account_keys[] = {
	{"account_id", &account_id, "Cloudflare's id of the account", true},
	{"api_token", &token,
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
static const struct schema secret_name = {SCHEMA_TEXT,
	.is = "a secret's name: letters, digits, _ and -", .text = &schema_secret_name};
static const struct schema scope = {SCHEMA_TEXT, .is = "a scope", .text = &schema_scope};
static const struct schema scopes = {SCHEMA_LIST, .is = "a list of scopes, as in [workers]",
	.items = &scope, .is_filled = true, .is_set = true};
static const struct schema comment = {SCHEMA_TEXT, .is = "text", .text = &schema_comment};
static const struct schema_number version_number = {1, VERSION_MOST};
static const struct schema value_version = {
	SCHEMA_NUMBER, .is = "a whole number", .number = &version_number};
static const struct schema update = {
	SCHEMA_TEXT, .is = "`always` or `if_absent`", .text = &update_text};
static const struct schema on_drift = {
	SCHEMA_TEXT, .is = "`rewrite`, `warn` or `ignore`", .text = &on_drift_text};
static const struct schema fingerprint = {SCHEMA_TEXT, .is = "`none`", .text = &fingerprint_text};
static const struct schema_key secret_keys[] = {
	{"name", &secret_name, "the secret's name in its store", true},
	{"scopes", &scopes, "which of Cloudflare's services may use it; workers, if left out",
		false},
	{"comment", &comment, "a note that is kept with it, for people", false},
	{"value", &value, "where its value is read from", true},
	{"version", &value_version,
		"raise it to have the value written again, though it has not changed; 1, if "
		"left out",
		false},
	{"update", &update,
		"when the value is written: always, the default, when it changes; if_absent, only "
		"when the secret is created",
		false},
	{"on_drift", &on_drift,
		"what to do when the value was changed outside of cfprov: rewrite it, the "
		"default; warn; or ignore it",
		false},
	{"fingerprint", &fingerprint,
		"with none, the state keeps nothing that is derived from the value, and only "
		"`version` tells that it has changed",
		false},
	{"adopt", &boolean,
		"take a secret of this name over without asking, if there is one; what its "
		"store says about `adopt` does not count",
		false},
	{"prevent_destroy", &boolean, "refuse every plan that would destroy it", false},
	{"on_remove", &on_remove,
		"what becomes of it when it is taken out of the manifest: destroy it in "
		"Cloudflare, or forget it and let it live",
		false},
	{0},
};
static const struct schema secret = {SCHEMA_MAP, .is = "a secret: a map with `name` and `value`",
	.keys = secret_keys, .is_private = true};
static const struct schema secrets = {
	SCHEMA_LIST, .is = "a list of secrets", .items = &secret, .is_private = true};

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
	{"secrets", &secrets, "the secrets that should exist in it", false},
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
	{"fingerprint_key", &fingerprint_key,
		"where to read the key for the fingerprints of values from; without one, they are "
		"slow hashes (Argon2id) with a salt each",
		false},
	{0},
};
static const struct schema state = {
	SCHEMA_MAP, .is = "a map with `path`", .keys = state_keys, .is_filled = true};

static const struct schema moved_end = {
	SCHEMA_TEXT, .is = "an alias, or a secret as in ALIAS/STORE/SECRET", .text = &moved_text};
static const struct schema_key moved_keys[] = {
	{"from", &moved_end, "the alias, or the secret, that the state has", true},
	{"to", &moved_end, "the alias, or the secret, that it is from now on", true},
	{0},
};
static const struct schema move = {
	SCHEMA_MAP, .is = "a map with `from` and `to`", .keys = moved_keys};
static const struct schema moved = {SCHEMA_LIST, .is = "a list of moves", .items = &move};

static const struct schema address = {
	SCHEMA_TEXT, .is = "an address: ALIAS/STORE or ALIAS/STORE/SECRET", .text = &removed_text};
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
	SCHEMA_MAP, .is = "a map with `stores`", .keys = manifest_keys, .ignored = "x-"};
