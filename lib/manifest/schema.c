#include "manifest/schema.h"

#define LETTERS "A-Za-z"
#define DIGITS  "0-9"

#define LIST(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(...)  (&(const struct schema_text){__VA_ARGS__})
#define WORDS(...) TEXT(.words = LIST(__VA_ARGS__))

enum {
	ID_LENGTH = 32,    /* Cloudflare's API reference: maxLength of account and object ids */
	NAME_LENGTH = 255, /* no limit is published; a longer name is a mistake */
	ALIAS_LENGTH = 64,
	SCOPE_LENGTH = 64,
	VERSION_MOST = 1000000000,
	/* Cloudflare accepts 65,536 bytes, which is what these become in base64. */
	GENERATE_MOST = 49152,
};

/* ---- texts ---- */

const struct schema_text schema_account_id = {.characters = LETTERS DIGITS "_-",
	.longest = ID_LENGTH,
	.usual = DIGITS "A-Fa-f",
	.usual_length = ID_LENGTH,
	.usual_is = "account id: those of Cloudflare have 32 characters from 0-9 and a-f"};
const struct schema_text schema_alias = {
	.characters = LETTERS DIGITS "_.-", .longest = ALIAS_LENGTH};
const struct schema_text schema_store_name = {.characters = LETTERS DIGITS "_.-",
	.longest = NAME_LENGTH,
	.except = LIST(".", ".."),
	.why_except = "it would be a step in a path"};
const struct schema_text schema_secret_name = {
	.characters = LETTERS DIGITS "_-", .longest = NAME_LENGTH};
/* Cloudflare's API reference and its clients; it adds scopes now and then. */
const struct schema_text schema_scope = {.characters = LETTERS DIGITS "_.:-",
	.longest = SCOPE_LENGTH,
	.known = LIST("workers", "ai_gateway", "dex", "access", "containers", "websearch"),
	.known_is = "scope"};
const struct schema_text schema_comment = {.may_be_empty = true};
static const struct schema_text path_text = {0};
static const struct schema_text address_text = {
	.parts = (const struct schema_text *const[]){
		&schema_alias, &schema_store_name, &schema_secret_name, NULL}};

/* ---- references to secrets ---- */

static const struct schema boolean = {SCHEMA_BOOL, .is = "true or false"};

static const struct schema variable = {SCHEMA_TEXT, .is = "the name of an environment variable",
	.text = TEXT(.characters = LETTERS DIGITS "_", .longest = NAME_LENGTH)};
static const struct schema path = {SCHEMA_TEXT, .is = "a path", .text = &path_text};
static const struct schema argument = {
	SCHEMA_TEXT, .is = "an argument", .text = TEXT(.is_free = true)};
static const struct schema command = {SCHEMA_LIST,
	.is = "a list: a program and its arguments, each by itself, for no shell runs them",
	.items = &argument, .is_filled = true};
static const struct schema dotenv_key = {SCHEMA_TEXT, .is = "the name of a variable in the file",
	.text = TEXT(.characters = LETTERS DIGITS "_.-", .longest = NAME_LENGTH,
		.hint = "It is a name as the file has it before the =: of letters, digits, _, . "
			"and -.")};
static const struct schema pointer = {SCHEMA_TEXT, .is = "a JSON pointer, as in /database/password",
	.text = TEXT(.may_be_empty = true, .is_pointer = true,
		.hint = "It is like /db/password: a / before each name; a / in a name is written "
			"~1, a ~ as ~0. With \"\" it is the whole, if that is a text.")};
static const struct schema standard_input = {SCHEMA_BOOL, .is = "true", .is_only_true = true};
static const struct schema random_bytes = {
	SCHEMA_NUMBER, .is = "a number of bytes", .least = 1, .most = GENERATE_MOST};
static const struct schema encoding = {SCHEMA_TEXT, .is = "`hex`, `base64` or `base64url`",
	.text = WORDS("hex", "base64", "base64url")};
static const struct schema_key generate_keys[] = {
	{"bytes", &random_bytes, "how many random bytes", .is_required = true},
	{"encoding", &encoding, .meaning = "how they are written as text; base64, if left out"},
	{0},
};
static const struct schema generate = {SCHEMA_MAP, .is = "a map with `bytes`, as in {bytes: 32}",
	.keys = generate_keys, .is_filled = true};

#define REFERENCE SCHEMA_MAP, .is = "where to read it from, as in {env: NAME}", .is_filled = true
#define FILES     "{file: PATH}, {command: [PROGRAM, ARGUMENT]}"
#define DOTENV    "{dotenv: PATH, key: NAME}"

/* clang-format off */
#define READ_KEYS                                                                                  \
	{"env", &variable, "name of the environment variable that holds it", .is_source = true},   \
	{"file", &path, "the file that holds it, relative to the manifest", .is_source = true},    \
	{"command", &command, "a program and its arguments, run in the manifest's folder without " \
		"a shell; it is what this prints", .is_source = true},                             \
	{"dotenv", &path, "a file of lines NAME=VALUE, relative to the manifest; `key` says "      \
		"which", .is_source = true, .needs = "key"},                                       \
	{"key", &dotenv_key, "which variable of the `dotenv` file it is", .needs = "dotenv"}
#define STDIN_KEY                                                                                  \
	{"stdin", &standard_input, "it is what comes from the standard input", .is_source = true}
#define SHAPE_KEYS(excluded)                                                                       \
	{"json", &pointer, "what is read is JSON, and this JSON pointer says which text in it is " \
		"meant", .excludes = (excluded)},                                                  \
	{"trim", &boolean, "whether a line break at the end is dropped; true, if left out",        \
		.excludes = (excluded)}

static const struct schema_key value_keys[] = {
	READ_KEYS,
	{"generate", &generate, "random bytes, made when the secret is created and kept nowhere "
		"but in Cloudflare", .is_source = true},
	STDIN_KEY,
	SHAPE_KEYS("generate"),
	{0},
};
static const struct schema_key token_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "a token is made by Cloudflare"},
	{"stdin", NULL, .meaning = "each command needs the token, also those that ask questions "
		"there"},
	SHAPE_KEYS(NULL),
	{0},
};
static const struct schema_key fingerprint_key_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "the key must be the same in each run"},
	STDIN_KEY,
	SHAPE_KEYS(NULL),
	{0},
};
/* clang-format on */

static const struct schema value = {REFERENCE, .keys = value_keys,
	.sources = FILES ", " DOTENV ", {stdin: true} or {generate: {bytes: 32}}, which makes a "
			 "random one"};
static const struct schema token = {REFERENCE, .keys = token_keys, .sources = FILES " or " DOTENV};
static const struct schema fingerprint_key = {
	REFERENCE, .keys = fingerprint_key_keys, .sources = FILES ", " DOTENV " or {stdin: true}"};

/* ---- accounts ---- */

static const struct schema account_id = {SCHEMA_TEXT,
	.is = "an account id: at most 32 letters, digits, _ and -", .text = &schema_account_id};
static const struct schema_key account_keys[] = {
	{"account_id", &account_id, "Cloudflare's id of the account", .is_required = true},
	{"api_token", &token,
		.meaning = "where this account's API token is read from; CLOUDFLARE_API_TOKEN, if "
			   "left out"},
	{0},
};
static const struct schema account = {
	SCHEMA_MAP, .is = "a map with `account_id`", .keys = account_keys};
static const struct schema accounts = {SCHEMA_NAMED, .is = "a map from aliases to accounts",
	.items = &account, .name = &schema_alias, .is_filled = true};
static const struct schema alias = {
	SCHEMA_TEXT, .is = "an alias from `accounts`", .text = &schema_alias};
static const struct schema aliases = {
	SCHEMA_LIST, .is = "a list of aliases from `accounts`", .items = &alias, .is_filled = true};

/* ---- stores ---- */

static const struct schema on_remove = {
	SCHEMA_TEXT, .is = "`destroy` or `forget`", .text = WORDS("destroy", "forget")};

/* clang-format off */
#define LIFECYCLE_KEYS                                                                             \
	{"prevent_destroy", &boolean, .meaning = "refuse every plan that would destroy it"},       \
	{"on_remove", &on_remove, .meaning = "what becomes of it when it is taken out of the "     \
		"manifest: destroy it in Cloudflare, or forget it and let it live"}
/* clang-format on */

static const struct schema secret_name = {SCHEMA_TEXT,
	.is = "a secret's name: letters, digits, _ and -", .text = &schema_secret_name};
static const struct schema scope = {SCHEMA_TEXT, .is = "a scope", .text = &schema_scope};
static const struct schema scopes = {SCHEMA_LIST, .is = "a list of scopes, as in [workers]",
	.items = &scope, .is_filled = true, .is_set = true};
static const struct schema comment = {SCHEMA_TEXT, .is = "text", .text = &schema_comment};
static const struct schema value_version = {
	SCHEMA_NUMBER, .is = "a whole number", .least = 1, .most = VERSION_MOST};
static const struct schema update = {
	SCHEMA_TEXT, .is = "`always` or `if_absent`", .text = WORDS("always", "if_absent")};
static const struct schema on_drift = {SCHEMA_TEXT, .is = "`rewrite`, `warn` or `ignore`",
	.text = WORDS("rewrite", "warn", "ignore")};
static const struct schema fingerprint = {SCHEMA_TEXT, .is = "`none`", .text = WORDS("none")};
static const struct schema_key secret_keys[] = {
	{"name", &secret_name, "the secret's name in its store", .is_required = true},
	{"scopes", &scopes,
		.meaning = "which of Cloudflare's services may use it; workers, if left out"},
	{"comment", &comment, .meaning = "a note that is kept with it, for people"},
	{"value", &value, "where its value is read from", .is_required = true},
	{"version", &value_version,
		.meaning = "raise it to have the value written again, though it has not changed; "
			   "1, if left out"},
	{"update", &update,
		.meaning = "when the value is written: always, the default, when it changes; "
			   "if_absent, only when the secret is created"},
	{"on_drift", &on_drift,
		.meaning = "what to do when the value was changed outside of cfprov: rewrite it, "
			   "the default; warn; or ignore it"},
	{"fingerprint", &fingerprint,
		.meaning = "with none, the state keeps nothing that is derived from the value, "
			   "and only `version` tells that it has changed"},
	{"adopt", &boolean,
		.meaning = "take a secret of this name over without asking, if there is one; what "
			   "its store says about `adopt` does not count"},
	LIFECYCLE_KEYS,
	{0},
};
static const struct schema secret = {SCHEMA_MAP, .is = "a secret: a map with `name` and `value`",
	.keys = secret_keys, .is_private = true};
static const struct schema secrets = {
	SCHEMA_LIST, .is = "a list of secrets", .items = &secret, .is_private = true};

static const struct schema store_name = {SCHEMA_TEXT,
	.is = "a store's name: letters, digits, _ - and .", .text = &schema_store_name};
static const struct schema_key store_keys[] = {
	{"name", &store_name, "the store's name in Cloudflare", .is_required = true},
	{"accounts", &aliases,
		.meaning = "aliases of the accounts it belongs in; all, if left out"},
	{"adopt", &boolean,
		.meaning = "take a store of this name over without asking, if there is one"},
	LIFECYCLE_KEYS,
	{"secrets", &secrets, .meaning = "the secrets that should exist in it"},
	{0},
};
static const struct schema store = {SCHEMA_TEXT | SCHEMA_MAP, .is = "a store: its name, or a map",
	.keys = store_keys, .text = &schema_store_name};
static const struct schema stores = {SCHEMA_LIST, .is = "a list of stores", .items = &store};

/* ---- the state, and what happens to the objects in it ---- */

static const struct schema backend = {
	SCHEMA_TEXT, .is = "the name of a backend: local", .text = WORDS("local")};
static const struct schema_key state_keys[] = {
	{"backend", &backend,
		.meaning = "where the state is kept: local is a file, and the default"},
	{"path", &path, .meaning = "the file, relative to the manifest"},
	{"fingerprint_key", &fingerprint_key,
		.meaning = "where to read the key for the fingerprints of values from; without "
			   "one, they are slow hashes (Argon2id) with a salt each"},
	{0},
};
static const struct schema state = {
	SCHEMA_MAP, .is = "a map with `path`", .keys = state_keys, .is_filled = true};

static const struct schema moved_end = {
	SCHEMA_TEXT, .is = "an alias, or a secret as in ALIAS/STORE/SECRET", .text = &address_text};
static const struct schema_key moved_keys[] = {
	{"from", &moved_end, "the alias, or the secret, that the state has", .is_required = true},
	{"to", &moved_end, "the alias, or the secret, that it is from now on", .is_required = true},
	{0},
};
static const struct schema move = {
	SCHEMA_MAP, .is = "a map with `from` and `to`", .keys = moved_keys};
static const struct schema moved = {SCHEMA_LIST, .is = "a list of moves", .items = &move};

static const struct schema address = {
	SCHEMA_TEXT, .is = "an address: ALIAS/STORE or ALIAS/STORE/SECRET", .text = &address_text};
static const struct schema_key removed_keys[] = {
	{"from", &address,
		"the address that the state has; or the alias of an account that is not in "
		"`accounts` any more, with destroy: false",
		.is_required = true},
	{"destroy", &boolean,
		.meaning = "true, the default: destroy it in Cloudflare; false: forget it and let "
			   "it live"},
	{0},
};
static const struct schema removal = {SCHEMA_MAP, .is = "a map with `from`", .keys = removed_keys};
static const struct schema removed = {SCHEMA_LIST, .is = "a list of removals", .items = &removal};

/* ---- the whole ---- */

static const struct schema version = {SCHEMA_TEXT, .is = "the number 1", .text = WORDS("1")};
static const struct schema_key manifest_keys[] = {
	{"version", &version, .meaning = "version of this language; 1"},
	{"account_id", &account_id,
		.meaning = "the account, if there is just one; its alias is `default`"},
	{"accounts", &accounts, .meaning = "the accounts, by aliases of your choice"},
	{"stores", &stores, .meaning = "the stores that should exist"},
	{"state", &state,
		.meaning = "where the state is kept; cfprov.state.json beside the manifest, if "
			   "left out"},
	{"moved", &moved, .meaning = "what the state holds under another alias by now"},
	{"removed", &removed, .meaning = "how to part from what is no longer in the manifest"},
	{0},
};
const struct schema schema_manifest = {
	SCHEMA_MAP, .is = "a map with `stores`", .keys = manifest_keys, .ignored = "x-"};
