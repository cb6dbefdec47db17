#include "desired/manifest.h"

#include "adapter/fs.h"
#include "adapter/table.h"
#include "adapter/yaml.h"
#include "base/text.h"
#include "desired/schema.h"

#include <string.h>

struct reading {
	struct yaml_document *doc;
	struct model *model;
	const char *file; /* in the model's arena */
	struct error_list *errors;
};

static struct place place_of(const struct reading *r, const struct yaml *node)
{
	return (struct place){r->file, node->line, node->column};
}

static bool is_true(const struct yaml *node)
{
	return node && strcmp(node->text, "true") == 0;
}

static void add_account(struct reading *r, const char *alias, const struct yaml *node)
{
	const struct yaml *token = yaml_get(node, "api_token");
	struct account *account =
		model_add_account(r->model, alias, yaml_get(node, "account_id")->text);

	account->place = place_of(r, node);
	if (!token)
		return;
	const struct yaml *env = yaml_get(token, "env");
	if (!env) {
		error_set(yaml_error(r->doc, token, r->errors), "`api_token` names no source");
		return;
	}
	account->token.kind = VALUE_ENV;
	account->token.name = arena_text(&r->model->arena, env->text);
	account->token.place = place_of(r, token);
}

/* Two aliases for one account would plan everything in it twice. */
static void refuse_double_ids(struct reading *r, const struct yaml *accounts)
{
	struct table *seen = NULL;

	for (struct yaml *it = accounts->first; it; it = it->next) {
		const struct yaml *id = yaml_get(it, "account_id");
		const struct yaml *before = table_put(&seen, id->text, it);
		if (before)
			error_set(yaml_error(r->doc, id, r->errors),
				"`%s` and `%s` are the same account", before->key->text,
				it->key->text);
	}
	table_free(&seen);
}

static void no_account(struct reading *r)
{
	struct error *err = yaml_error(r->doc, r->doc->root, r->errors);

	error_set(err, "no account is named");
	error_hint(err, "Add `account_id: ...` (or `accounts`), or set CLOUDFLARE_ACCOUNT_ID.");
}

/* It comes from the environment, so that no schema has seen it. */
static void check_default_id(struct reading *r, const char *id)
{
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	if (schema_is_account_id(id, &why))
		return;
	text_add_visible(&shown, id, strlen(id), 60);
	error_set(error_list_add(r->errors), "CLOUDFLARE_ACCOUNT_ID can't be `%s`: %s",
		str_text(&shown), str_text(&why));
}

static void read_accounts(struct reading *r, const char *default_account_id)
{
	const struct yaml *id = yaml_get(r->doc->root, "account_id");
	const struct yaml *accounts = yaml_get(r->doc->root, "accounts");

	if (id && accounts) {
		error_set(yaml_error(r->doc, id, r->errors),
			"both `account_id` and `accounts` are given");
		error_hint(&r->errors->items[r->errors->count - 1],
			"Move the account into `accounts`, under an alias.");
	} else if (accounts) {
		for (const struct yaml *it = accounts->first; it; it = it->next)
			add_account(r, it->key->text, it);
		if (!accounts->first)
			error_set(yaml_error(r->doc, accounts, r->errors), "`accounts` is empty");
		refuse_double_ids(r, accounts);
	} else if (id || default_account_id) {
		struct account *account = model_add_account(
			r->model, MODEL_DEFAULT_ALIAS, id ? id->text : default_account_id);
		account->place = place_of(r, id ? id : r->doc->root);
		if (!id)
			check_default_id(r, default_account_id);
	} else {
		no_account(r);
	}
}

static void add_store(struct reading *r, const char *alias, const struct yaml *name, bool may_adopt)
{
	struct object *object = model_add_object(r->model, alias, name->text, NULL);

	object->may_adopt = may_adopt;
	object->place = place_of(r, name);
}

static void unknown_alias(struct reading *r, const struct yaml *alias)
{
	struct error *err = yaml_error(r->doc, alias, r->errors);

	for (size_t i = 0; i < r->model->account_count; i++) {
		const char *known = r->model->accounts[i].alias;
		if (text_is_near(alias->text, known)) {
			error_set(err, "no account is called `%s`; did you mean `%s`?", alias->text,
				known);
			return;
		}
	}
	error_set(err, "no account is called `%s`", alias->text);
}

static void read_store(struct reading *r, const struct table *aliases, const struct yaml *node)
{
	const struct yaml *name = node->kind == YAML_SCALAR ? node : yaml_get(node, "name");
	const struct yaml *chosen = yaml_get(node, "accounts");
	bool may_adopt = is_true(yaml_get(node, "adopt"));

	if (!chosen) {
		for (size_t i = 0; i < r->model->account_count; i++)
			add_store(r, r->model->accounts[i].alias, name, may_adopt);
		return;
	}
	if (!chosen->first)
		error_set(yaml_error(r->doc, chosen, r->errors), "`accounts` is empty");
	for (const struct yaml *it = chosen->first; it; it = it->next) {
		if (table_get(aliases, it->text))
			add_store(r, it->text, name, may_adopt);
		else
			unknown_alias(r, it);
	}
}

static void read_stores(struct reading *r)
{
	const struct yaml *stores = yaml_get(r->doc->root, "stores");
	struct table *aliases = NULL;

	for (size_t i = 0; i < r->model->account_count; i++)
		table_put(&aliases, r->model->accounts[i].alias, r->model);
	for (const struct yaml *it = stores->first; it; it = it->next)
		read_store(r, aliases, it);
	table_free(&aliases);
	if (stores->first)
		return;
	struct error *err = yaml_error(r->doc, stores, r->errors);
	error_set(err, "`stores` is empty");
	error_hint(err, "cfprov never reads an empty manifest as a wish to have nothing.");
}

static void refuse_double(
	struct reading *r, const struct object *first, const struct object *second)
{
	const struct yaml at = {.line = second->place.line,
		.column = second->place.column,
		.columns = text_columns(second->store),
		.is_in_braces = true};

	error_set(yaml_error(r->doc, &at, r->errors),
		"%s `%s` stands twice for the account `%s`, first in line %zu",
		object_kind_word(second->kind), second->store, second->account, first->place.line);
}

/* Before the model is sorted: in the order of the file. */
static void refuse_doubles(struct reading *r)
{
	struct table *seen = NULL;
	struct arena addresses CLEANUP(arena_release) = {0};

	for (size_t i = 0; i < r->model->object_count; i++) {
		struct object *object = &r->model->objects[i];
		const char *address =
			arena_format(&addresses, "%s/%s", object->account, object->store);
		const struct object *first = table_get(seen, address);
		if (first)
			refuse_double(r, first, object);
		else
			table_put(&seen, address, object);
	}
	table_free(&seen);
}

static bool read_document(struct reading *r, const char *default_account_id)
{
	size_t before = r->errors->count;

	if (!r->doc->root || yaml_is_null(r->doc->root)) {
		struct error *err = error_list_add(r->errors);
		error_set(err, "the manifest is empty");
		error_hint(err, "It needs at least `account_id` and `stores`.");
		return error_at(err, r->file, 0, 0);
	}
	if (!schema_check(r->doc, r->doc->root, &schema_manifest, r->errors))
		return false;
	read_accounts(r, default_account_id);
	read_stores(r);
	refuse_doubles(r);
	model_sort(r->model);
	return r->errors->count == before;
}

bool manifest_decode(const char *file, const struct str *bytes, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct model model = {0};
	struct reading r = {.doc = &doc, .model = &model, .errors = errors};

	r.file = arena_text(&model.arena, file);
	if (!yaml_parse(&doc, file, str_text(bytes), bytes->length, errors) ||
		!read_document(&r, default_account_id)) {
		model_release(&model);
		return false;
	}
	*ret_desired = model;
	return true;
}

bool manifest_load(const char *path, const char *default_account_id, struct model *ret_desired,
	struct error_list *errors)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error err = {0};

	if (!fs_read(path, MANIFEST_SIZE_LIMIT, &bytes, &err)) {
		if (err.code == ERROR_ABSENT)
			error_hint(&err, "Write one, or name another with -f.");
		error_move(error_list_add(errors), &err);
		return false;
	}
	return manifest_decode(path, &bytes, default_account_id, ret_desired, errors);
}
