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
	PREFIX_LENGTH = 512, /* a key of S3 has at most 1,024 bytes, ours add 30 */
	URL_LENGTH = 2048,
	METHOD_LENGTH = 16,
	/* Cloudflare accepts 65,536 bytes, which is what these become in base64. */
	GENERATE_MOST = 49152,
};

/* ---- texts ---- */

const struct schema_text schema_account_id = {.characters = LETTERS DIGITS "_-",
	.longest = ID_LENGTH,
	.usual = DIGITS "A-Fa-f",
	.usual_length = ID_LENGTH,
	.usual_is = "account id (32 hexadecimal digits)"};
const struct schema_text schema_alias = {
	.characters = LETTERS DIGITS "_.-", .longest = ALIAS_LENGTH};
const struct schema_text schema_store_name = {.characters = LETTERS DIGITS "_.-",
	.longest = NAME_LENGTH,
	.except = LIST(".", ".."),
	.why_except = "`.` and `..` are reserved for paths"};
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

static const struct schema_text variable_name = {
	.characters = LETTERS DIGITS "_", .longest = NAME_LENGTH};
static const struct schema passed_variable = {
	SCHEMA_TEXT, .is = "the name of an environment variable", .text = &variable_name};
static const struct schema variable = {SCHEMA_TEXT | SCHEMA_LIST,
	.is = "the name of an environment variable (or, beside `command`, a list of names)",
	.text = &variable_name, .items = &passed_variable, .is_filled = true, .is_set = true};
static const struct schema path = {SCHEMA_TEXT, .is = "a path", .text = &path_text};
static const struct schema argument = {
	SCHEMA_TEXT, .is = "an argument", .text = TEXT(.is_free = true)};
static const struct schema command = {SCHEMA_LIST,
	.is = "a list of a program and its arguments (no shell runs them)", .items = &argument,
	.is_filled = true};
static const struct schema dotenv_key = {SCHEMA_TEXT, .is = "the name of a variable in the file",
	.text = TEXT(.characters = LETTERS DIGITS "_.-", .longest = NAME_LENGTH,
		.hint = "Use the name before the = in the file. It may have letters, digits, _, . "
			"and -.")};
static const struct schema pointer = {SCHEMA_TEXT,
	.is = "a JSON pointer such as /database/password",
	.text = TEXT(.may_be_empty = true, .is_pointer = true,
		.hint = "Write a pointer such as /db/password. In a name, write / as ~1 and ~ as "
			"~0. \"\" is the whole document, if it is text.")};
static const struct schema standard_input = {SCHEMA_BOOL, .is = "true", .is_only_true = true};
static const struct schema random_bytes = {
	SCHEMA_NUMBER, .is = "a number of bytes", .least = 1, .most = GENERATE_MOST};
static const struct schema encoding = {SCHEMA_TEXT, .is = "`hex`, `base64` or `base64url`",
	.text = WORDS("hex", "base64", "base64url")};
static const struct schema_key generate_keys[] = {
	{"bytes", &random_bytes, "number of random bytes", .is_required = true},
	{"encoding", &encoding, .meaning = "how they are written as text (default: base64)"},
	{0},
};
static const struct schema generate = {SCHEMA_MAP, .is = "a map with `bytes`, such as {bytes: 32}",
	.keys = generate_keys, .is_filled = true};

#define REFERENCE SCHEMA_MAP, .is = "a source such as {env: NAME}", .is_filled = true
#define FILES     "{file: PATH}, {command: [PROGRAM, ARGUMENT]}"
#define DOTENV    "{dotenv: PATH, key: NAME}"

/* clang-format off */
#define READ_KEYS                                                                                  \
	{"env", &variable, "environment variable that holds it; beside `command`, a list of "      \
		"variables that the command gets although cfprov holds them back",                 \
		.is_source = true, .list_of = "command"},                                          \
	{"file", &path, "file that holds it, relative to the manifest", .is_source = true},        \
	{"command", &command, "program that prints it, with its arguments; run in the "            \
		"manifest's directory, without a shell", .is_source = true},                       \
	{"dotenv", &path, "file with lines NAME=VALUE, relative to the manifest; `key` selects "   \
		"the line", .is_source = true, .needs = "key"},                                    \
	{"key", &dotenv_key, "variable in the `dotenv` file", .needs = "dotenv"}
#define STDIN_KEY                                                                                  \
	{"stdin", &standard_input, "read it from standard input", .is_source = true}
#define SHAPE_KEYS(excluded)                                                                       \
	{"json", &pointer, "JSON pointer to the text to use, where the source is JSON",            \
		.excludes = (excluded)},                                                           \
	{"trim", &boolean, "whether to drop one line break at the end (default: true)",            \
		.excludes = (excluded)}

static const struct schema_key value_keys[] = {
	READ_KEYS,
	{"generate", &generate, "random bytes, generated when the secret is created and stored "
		"only in Cloudflare", .is_source = true},
	STDIN_KEY,
	SHAPE_KEYS("generate"),
	{0},
};
static const struct schema_key token_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "API tokens are issued by Cloudflare"},
	{"stdin", NULL, .meaning = "every command needs the token, including those that prompt on "
		"standard input"},
	SHAPE_KEYS(NULL),
	{0},
};
static const struct schema_key old_key_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "it is the key that was used before"},
	{"stdin", NULL, .meaning = "standard input can be read once, and `key` may come from it"},
	SHAPE_KEYS(NULL),
	{0},
};
static const struct schema_key credential_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "credentials are issued by the server"},
	{"stdin", NULL, .meaning = "every command needs the credentials, including those that prompt "
		"on standard input"},
	SHAPE_KEYS(NULL),
	{0},
};
static const struct schema_key key_keys[] = {
	READ_KEYS,
	{"generate", NULL, .meaning = "the key must be the same in every run"},
	STDIN_KEY,
	SHAPE_KEYS(NULL),
	{0},
};
/* clang-format on */

static const struct schema value = {REFERENCE, .keys = value_keys,
	.sources = FILES ", " DOTENV ", {stdin: true} or {generate: {bytes: 32}} for random bytes"};
static const struct schema token = {REFERENCE, .keys = token_keys, .sources = FILES " or " DOTENV};
static const struct schema old_key = {
	REFERENCE, .keys = old_key_keys, .sources = FILES " or " DOTENV};
static const struct schema credential = {
	REFERENCE, .keys = credential_keys, .sources = FILES " or " DOTENV};
static const struct schema key = {
	REFERENCE, .keys = key_keys, .sources = FILES ", " DOTENV " or {stdin: true}"};

/* ---- accounts ---- */

static const struct schema account_id = {SCHEMA_TEXT,
	.is = "an account id (up to 32 letters, digits, _ and -)", .text = &schema_account_id};
static const struct schema_key account_keys[] = {
	{"account_id", &account_id, "Cloudflare's id of the account", .is_required = true},
	{"api_token", &token,
		.meaning = "source of the account's API token (default: CLOUDFLARE_API_TOKEN)"},
	{0},
};
static const struct schema account = {
	SCHEMA_MAP, .is = "a map with `account_id`", .keys = account_keys};
static const struct schema accounts = {SCHEMA_NAMED, .is = "a map of aliases to accounts",
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
	{"prevent_destroy", &boolean, .meaning = "refuse any plan that would destroy it"},         \
	{"on_remove", &on_remove, .meaning = "what happens once it is no longer in the "           \
		"manifest: destroy it in Cloudflare (the default), or forget it and leave it "     \
		"there"}
/* clang-format on */

static const struct schema secret_name = {
	SCHEMA_TEXT, .is = "a secret name (letters, digits, _ and -)", .text = &schema_secret_name};
static const struct schema scope = {SCHEMA_TEXT, .is = "a scope", .text = &schema_scope};
static const struct schema scopes = {SCHEMA_LIST, .is = "a list of scopes such as [workers]",
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
	{"name", &secret_name, "name of the secret in its store", .is_required = true},
	{"scopes", &scopes, .meaning = "Cloudflare services that may use it (default: workers)"},
	{"comment", &comment, .meaning = "comment stored with it in Cloudflare"},
	{"value", &value, "source of its value", .is_required = true},
	{"version", &value_version,
		.meaning = "increase it to write the value again, even if it has not changed "
			   "(default: 1)"},
	{"update", &update,
		.meaning = "when to write the value: always (the default) means whenever it "
			   "changes, if_absent only when the secret is created"},
	{"on_drift", &on_drift,
		.meaning = "what to do if the value was changed outside of cfprov: rewrite it (the "
			   "default), warn, or ignore it"},
	{"fingerprint", &fingerprint,
		.meaning = "with none, the state keeps nothing derived from the value, and only a "
			   "new `version` writes it again"},
	{"adopt", &boolean,
		.meaning = "adopt an existing secret with this name without a prompt; `adopt` of "
			   "its store does not apply to it"},
	LIFECYCLE_KEYS,
	{0},
};
static const struct schema secret = {SCHEMA_MAP, .is = "a secret (a map with `name` and `value`)",
	.keys = secret_keys, .is_private = true};
static const struct schema secrets = {
	SCHEMA_LIST, .is = "a list of secrets", .items = &secret, .is_private = true};

static const struct schema store_name = {SCHEMA_TEXT,
	.is = "a store name (letters, digits, _, - and .)", .text = &schema_store_name};
static const struct schema_key store_keys[] = {
	{"name", &store_name, "name of the store in Cloudflare", .is_required = true},
	{"accounts", &aliases,
		.meaning = "aliases of the accounts that have the store (default: all)"},
	{"adopt", &boolean, .meaning = "adopt an existing store with this name without a prompt"},
	LIFECYCLE_KEYS,
	{"secrets", &secrets, .meaning = "secrets in the store"},
	{0},
};
static const struct schema store = {SCHEMA_TEXT | SCHEMA_MAP, .is = "a store (its name or a map)",
	.keys = store_keys, .text = &schema_store_name};
static const struct schema stores = {SCHEMA_LIST, .is = "a list of stores", .items = &store};

/* ---- the state, and what happens to the objects in it ---- */

static const struct schema backend = {SCHEMA_TEXT,
	.is = "the name of a backend (local, s3 or http)",
	.text = TEXT(.words = LIST("local", "s3", "http"),
		.hint = "R2, AWS S3 and other object stores are `s3`; GitLab and other servers "
			"with Terraform's protocol are `http`.")};
static const struct schema bucket = {SCHEMA_TEXT, .is = "the name of a bucket",
	.text = TEXT(.characters = LETTERS DIGITS "_.-", .longest = NAME_LENGTH,
		.except = LIST(".", ".."), .why_except = "`.` and `..` are reserved for paths")};
/* Characters that are the same in a key, in a URL and in a signature. */
static const struct schema prefix = {SCHEMA_TEXT, .is = "a path in the bucket",
	.text = TEXT(.characters = LETTERS DIGITS "_./${}-", .longest = PREFIX_LENGTH,
		.may_have_account_id = true)};
static const struct schema endpoint = {
	SCHEMA_TEXT, .is = "a URL", .text = TEXT(.longest = URL_LENGTH)};
static const struct schema url = {SCHEMA_TEXT, .is = "a URL",
	.text = TEXT(.longest = URL_LENGTH, .may_have_account_id = true)};
static const struct schema region = {SCHEMA_TEXT, .is = "the name of a region",
	.text = TEXT(.characters = LETTERS DIGITS "_-", .longest = ALIAS_LENGTH)};
static const struct schema method = {SCHEMA_TEXT, .is = "an HTTP method such as POST",
	.text = TEXT(.characters = "A-Z", .longest = METHOD_LENGTH)};
static const struct schema username = {
	SCHEMA_TEXT, .is = "text", .text = TEXT(.longest = NAME_LENGTH)};

/* clang-format off */
#define ENVIRONMENT(names) " (default: " names " in the environment)"
static const struct schema_key state_keys[] = {
	{"backend", &backend,
		.meaning = "where the state is kept: local (the default) is a file, s3 a bucket in "
			   "Cloudflare R2, AWS S3 or another object store, http a server that "
			   "speaks the protocol of Terraform's http backend, such as GitLab"},
	{"path", &path,
		.meaning = "local: state file, relative to the manifest and beneath its directory"},
	{"bucket", &bucket, .meaning = "s3: bucket, which must exist"},
	{"prefix", &prefix,
		.meaning = "s3: path in the bucket beneath which everything is kept (default: "
			   "cfprov). With ${ACCOUNT_ID} in it, each account has a state of its own"},
	{"endpoint", &endpoint,
		.meaning = "s3: URL of the object store, for R2 "
			   "https://ACCOUNT_ID.r2.cloudflarestorage.com"
			   ENVIRONMENT("AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL") ", else AWS S3"},
	{"region", &region,
		.meaning = "s3: region of the bucket" ENVIRONMENT("AWS_REGION or AWS_DEFAULT_REGION")
			   "; R2 needs none"},
	{"access_key", &credential, .meaning = "s3: source of the access key id" ENVIRONMENT("AWS_ACCESS_KEY_ID"),
		.needs = "secret_key"},
	{"secret_key", &credential,
		.meaning = "s3: source of the secret access key" ENVIRONMENT("AWS_SECRET_ACCESS_KEY"),
		.needs = "access_key"},
	{"session_token", &credential,
		.meaning = "s3: source of the session token of temporary credentials"
			   ENVIRONMENT("AWS_SESSION_TOKEN"),
		.needs = "access_key"},
	{"address", &url,
		.meaning = "http: URL of the state" ENVIRONMENT("CFPROV_HTTP_ADDRESS or TF_HTTP_ADDRESS")
			   ". With ${ACCOUNT_ID} in it, each account has a state of its own"},
	{"lock_address", &url,
		.meaning = "http: URL of its lock" ENVIRONMENT("CFPROV_HTTP_LOCK_ADDRESS or "
			   "TF_HTTP_LOCK_ADDRESS")},
	{"unlock_address", &url, .meaning = "http: URL that releases the lock (default: lock_address)"},
	{"update_method", &method, .meaning = "http: method that writes the state (default: POST)"},
	{"lock_method", &method, .meaning = "http: method that locks (default: LOCK)"},
	{"unlock_method", &method, .meaning = "http: method that unlocks (default: UNLOCK)"},
	{"username", &username,
		.meaning = "http: user for basic authentication" ENVIRONMENT("CFPROV_HTTP_USERNAME or "
			   "TF_HTTP_USERNAME")},
	{"password", &credential,
		.meaning = "http: source of the password" ENVIRONMENT("CFPROV_HTTP_PASSWORD or "
			   "TF_HTTP_PASSWORD")},
	{"key", &key,
		.meaning = "source of the key that signs the state and protects saved plans and "
			   "fingerprints of values: 32 bytes in hex or base64, or a passphrase"},
	{"old_key", &old_key,
		.meaning = "source of the key before, which opens what was written with it until "
			   "that is written again"},
	{"encrypt", &boolean,
		.meaning = "whether the key encrypts state, journal and backup, too (default: as "
			   "they are)"},
	{"fingerprint_key", NULL, .meaning = "it was renamed to `key`; the value stays the same"},
	{"endpoints", NULL, .meaning = "write `endpoint: URL`"},
	{"token", NULL, .meaning = "it is called `session_token`"},
	{"use_lockfile", NULL, .meaning = "the state is always locked"},
	{"dynamodb_table", NULL, .meaning = "the state is always locked, without a table"},
	{0},
};
/* clang-format on */
static const struct schema state = {SCHEMA_MAP,
	.is = "a map such as {backend: s3, bucket: NAME} or {path: PATH}", .keys = state_keys,
	.is_filled = true};

static const struct schema moved_end = {
	SCHEMA_TEXT, .is = "an alias or a secret (ALIAS/STORE/SECRET)", .text = &address_text};
static const struct schema_key moved_keys[] = {
	{"from", &moved_end, "alias or secret in the state", .is_required = true},
	{"to", &moved_end, "its new alias or address", .is_required = true},
	{0},
};
static const struct schema move = {
	SCHEMA_MAP, .is = "a map with `from` and `to`", .keys = moved_keys};
static const struct schema moved = {SCHEMA_LIST, .is = "a list of moves", .items = &move};

static const struct schema address = {
	SCHEMA_TEXT, .is = "an address (ALIAS/STORE or ALIAS/STORE/SECRET)", .text = &address_text};
static const struct schema_key removed_keys[] = {
	{"from", &address,
		"address in the state; or, with destroy: false, the alias of an account that is no "
		"longer in `accounts`",
		.is_required = true},
	{"destroy", &boolean,
		.meaning = "whether to destroy it in Cloudflare (default: true); if false, it is "
			   "only forgotten"},
	{0},
};
static const struct schema removal = {SCHEMA_MAP, .is = "a map with `from`", .keys = removed_keys};
static const struct schema removed = {SCHEMA_LIST, .is = "a list of removals", .items = &removal};

/* ---- the whole ---- */

static const struct schema version = {SCHEMA_TEXT, .is = "the number 1", .text = WORDS("1")};
static const struct schema_key manifest_keys[] = {
	{"version", &version, .meaning = "version of the manifest language (1)"},
	{"account_id", &account_id, .meaning = "id of the only account; its alias is `default`"},
	{"accounts", &accounts, .meaning = "accounts, by alias"},
	{"stores", &stores, .meaning = "stores to manage"},
	{"state", &state,
		.meaning = "where the state is kept (default: cfprov.state.json next to the "
			   "manifest)"},
	{"moved", &moved, .meaning = "aliases and secrets that have new names"},
	{"removed", &removed,
		.meaning = "what to do with objects that are no longer in the manifest"},
	{0},
};
const struct schema schema_manifest = {
	SCHEMA_MAP, .is = "a map with `stores`", .keys = manifest_keys, .ignored = "x-"};
