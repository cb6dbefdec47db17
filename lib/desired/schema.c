#include "desired/schema.h"

#include "base/text.h"

#include <string.h>

/* ---- the tables ---- */

#define LETTERS      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS       "0123456789"
#define ID_LENGTH    32  /* Cloudflare's API reference: maxLength of account and object ids */
#define NAME_LENGTH  255 /* none is published; a longer name is a mistake */
#define ALIAS_LENGTH 64

static bool is_made_of(const char *text, const char *allowed, size_t longest, struct str *why)
{
	if (!*text) {
		str_text_add(why, "it is empty");
		return false;
	}
	if (strlen(text) > longest) {
		str_format(why, "it has %zu characters; at most %zu are allowed", strlen(text),
			longest);
		return false;
	}
	size_t good = strspn(text, allowed);
	if (!text[good])
		return true;
	size_t step = 1;
	while (((unsigned char)text[good + step] & 0xc0) == 0x80)
		step++;
	str_text_add(why, "`");
	text_add_visible(why, text + good, step, 0);
	str_text_add(why, "` can't be part of it");
	return false;
}

bool schema_is_account_id(const char *text, struct str *why)
{
	return is_made_of(text, LETTERS DIGITS "_-", ID_LENGTH, why);
}

static bool is_alias(const char *text, struct str *why)
{
	return is_made_of(text, LETTERS DIGITS "_-.", ALIAS_LENGTH, why);
}

static bool is_store_name(const char *text, struct str *why)
{
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
		str_text_add(why, "it would be a step in a path");
		return false;
	}
	return is_made_of(text, LETTERS DIGITS "_-.", NAME_LENGTH, why);
}

static bool is_variable_name(const char *text, struct str *why)
{
	return is_made_of(text, LETTERS DIGITS "_", NAME_LENGTH, why);
}

static bool is_version(const char *text, struct str *why)
{
	if (strcmp(text, "1") == 0)
		return true;
	str_text_add(why, "this cfprov knows version 1 of the manifest");
	return false;
}

static const struct schema version = {
	SCHEMA_TEXT, .is = "the number 1", .is_text_right = is_version};
static const struct schema boolean = {SCHEMA_BOOL, .is = "true or false"};
static const struct schema account_id = {SCHEMA_TEXT,
	.is = "an account id: at most 32 letters, digits, _ and -",
	.is_text_right = schema_is_account_id};
static const struct schema variable = {SCHEMA_TEXT, .is = "the name of an environment variable",
	.is_text_right = is_variable_name, .may_be_secret = true};
static const struct schema alias = {
	SCHEMA_TEXT, .is = "an alias from `accounts`", .is_text_right = is_alias};
static const struct schema aliases = {
	SCHEMA_LIST, .is = "a list of aliases from `accounts`", .items = &alias};

static const struct schema_key value_source_keys[] = {
	{"env", &variable, "name of the environment variable that holds it", false},
	{0},
};
static const struct schema value_source = {SCHEMA_MAP,
	.is = "where to read it from, as in {env: NAME}", .keys = value_source_keys,
	.may_be_secret = true};

static const struct schema_key account_keys[] = {
	{"account_id", &account_id, "Cloudflare's id of the account", true},
	{"api_token", &value_source, "where this account's API token is read from", false},
	{0},
};
static const struct schema account = {
	SCHEMA_MAP, .is = "a map with `account_id`", .keys = account_keys};
static const struct schema accounts = {SCHEMA_NAMED, .is = "a map from aliases to accounts",
	.items = &account, .is_name_right = is_alias};

static const struct schema store_name = {SCHEMA_TEXT,
	.is = "a store's name: letters, digits, _ - and .", .is_text_right = is_store_name};
static const struct schema_key store_keys[] = {
	{"name", &store_name, "the store's name in Cloudflare", true},
	{"accounts", &aliases, "aliases of the accounts it belongs in; all, if left out", false},
	{"adopt", &boolean, "take a store of this name over without asking, if there is one",
		false},
	{0},
};
static const struct schema store = {SCHEMA_TEXT | SCHEMA_MAP, .is = "a store: its name, or a map",
	.keys = store_keys, .is_text_right = is_store_name};
static const struct schema stores = {SCHEMA_LIST, .is = "a list of stores", .items = &store};

static const struct schema_key manifest_keys[] = {
	{"version", &version, "version of this language; 1", false},
	{"account_id", &account_id, "the account, if there is just one", false},
	{"accounts", &accounts, "the accounts, if there are several", false},
	{"stores", &stores, "the stores that should exist", true},
	{0},
};
const struct schema schema_manifest = {
	SCHEMA_MAP, .is = "a map with `stores`", .keys = manifest_keys};

/* ---- the walk ---- */

static void add_quoted(struct str *out, const char *text)
{
	str_char(out, '`');
	text_add_visible(out, text, strlen(text), 60);
	str_char(out, '`');
}

static struct error *error_at_node(struct yaml_document *doc, const struct yaml *node,
	bool may_be_secret, struct error_list *errors)
{
	return may_be_secret ? yaml_error_hidden(doc, node, errors) : yaml_error(doc, node, errors);
}

static void hint_at_env(struct error *err)
{
	error_hint(err, "A secret never stands in the manifest itself: put it into an environment "
			"variable, say NAME, and write {env: NAME} for it.");
}

static void wrong_type(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors)
{
	bool is_text = node->kind == YAML_SCALAR && !yaml_is_null(node);
	struct str key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(doc, node, schema->may_be_secret, errors);
	const char *found = node->kind == YAML_MAP    ? "a map"
			    : node->kind == YAML_LIST ? "a list"
			    : is_text                 ? "text"
						      : "nothing";

	if (node->key)
		add_quoted(&key, node->key->text);
	if (node->key)
		error_set(err, "%s must be %s; this is %s", str_text(&key), schema->is, found);
	else
		error_set(err, "expected %s; this is %s", schema->is, found);
	if (schema->may_be_secret && is_text)
		hint_at_env(err);
}

static void unknown_key(struct yaml_document *doc, const struct yaml *member,
	const struct schema *schema, struct error_list *errors)
{
	struct str text CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};
	const struct yaml *key = member->key;
	const char *near = NULL;
	/* A key without a value, where a secret is near, may be the secret itself: {TOKEN}. */
	bool is_hidden = schema->may_be_secret && yaml_is_null(member);
	struct error *err = error_at_node(doc, key, is_hidden, errors);

	for (const struct schema_key *it = schema->keys; it->name; it++) {
		str_format(&known, "%s`%s`", known.length ? ", " : "", it->name);
		if (!near && text_is_near(key->text, it->name))
			near = it->name;
	}
	if (!is_hidden)
		add_quoted(&text, key->text);
	if (is_hidden)
		error_set(err, "a key without a value");
	else if (near)
		error_set(err, "unknown key %s; did you mean `%s`?", str_text(&text), near);
	else
		error_set(err, "unknown key %s", str_text(&text));
	error_hint(err, "Known here: %s.", str_text(&known));
}

static const struct schema_key *find_key(const struct schema *schema, const char *name)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

static void check_node(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors);

static void check_map(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors) /* NOLINT(misc-no-recursion) */
{
	for (const struct yaml *it = node->first; it; it = it->next) {
		const struct schema_key *key = find_key(schema, it->key->text);
		if (key)
			check_node(doc, it, key->schema, errors);
		else
			unknown_key(doc, it, schema, errors);
	}
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (it->is_required && !yaml_get(node, it->name))
			error_set(yaml_error(doc, node, errors), "`%s` is missing here", it->name);
}

static void check_name(struct yaml_document *doc, const struct yaml *node,
	bool (*is_right)(const char *text, struct str *why), struct error_list *errors)
{
	struct str why CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	if (is_right(node->text, &why))
		return;
	add_quoted(&text, node->text);
	error_set(yaml_error(doc, node, errors), "%s is not possible here: %s", str_text(&text),
		str_text(&why));
}

static void check_text(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors)
{
	struct str why CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0},
		       key CLEANUP(str_release) = {0};

	if (!schema->is_text_right || schema->is_text_right(node->text, &why))
		return;
	if (!node->key) {
		check_name(doc, node, schema->is_text_right, errors);
		return;
	}
	struct error *err = error_at_node(doc, node, schema->may_be_secret, errors);
	add_quoted(&key, node->key->text);
	if (schema->may_be_secret)
		str_text_add(&text, "what stands here");
	else
		add_quoted(&text, node->text);
	error_set(err, "%s can't be %s: %s", str_text(&key), str_text(&text), str_text(&why));
	if (schema->may_be_secret)
		hint_at_env(err);
}

static unsigned types_of(const struct yaml *node)
{
	if (node->kind == YAML_MAP)
		return SCHEMA_MAP | SCHEMA_NAMED;
	if (node->kind == YAML_LIST)
		return SCHEMA_LIST;
	if (yaml_is_null(node))
		return 0;
	if (node->is_plain && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))
		return SCHEMA_TEXT | SCHEMA_BOOL;
	return SCHEMA_TEXT;
}

/* Recursion follows the tables, which are four levels deep. */
static void check_node(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors) /* NOLINT(misc-no-recursion) */
{
	unsigned type = types_of(node) & schema->types;

	if (!type) {
		wrong_type(doc, node, schema, errors);
	} else if (type & SCHEMA_MAP) {
		check_map(doc, node, schema, errors);
	} else if (type & (SCHEMA_LIST | SCHEMA_NAMED)) {
		for (const struct yaml *it = node->first; it; it = it->next) {
			if (type & SCHEMA_NAMED)
				check_name(doc, it->key, schema->is_name_right, errors);
			check_node(doc, it, schema->items, errors);
		}
	} else if (type & SCHEMA_TEXT) {
		check_text(doc, node, schema, errors);
	}
}

bool schema_check(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors)
{
	size_t before = errors->count;

	check_node(doc, node, schema, errors);
	return errors->count == before;
}
