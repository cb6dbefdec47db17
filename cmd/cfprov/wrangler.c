#include "wrangler.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "render.h"

#include <stdlib.h>
#include <string.h>

static const char scope_needed[] = "workers";

struct binding {
	const struct object *secret;
	const char *store_id, *name; /* name: in the arena */
};

struct bindings {
	struct arena arena;
	struct binding *items;
	size_t count, unknown;
};

static void release(struct bindings *bindings)
{
	free(bindings->items);
	arena_release(&bindings->arena);
}

/* ---- which ---- */

static bool is_for_workers(const struct object *secret)
{
	const size_t wanted = sizeof(scope_needed) - 1;

	for (const char *at = secret->scopes; at && *at;) {
		size_t length = strcspn(at, ",");
		if (length == wanted && memcmp(at, scope_needed, wanted) == 0)
			return true;
		at += length + (at[length] == ',');
	}
	return false;
}

/* ECMAScript: what is reserved anywhere, in strict code, or as a literal. */
static bool is_reserved(const char *name)
{
	static const char *const words[] = {"arguments", "await", "break", "case", "catch", "class",
		"const", "continue", "debugger", "default", "delete", "do", "else", "enum", "eval",
		"export", "extends", "false", "finally", "for", "function", "if", "implements",
		"import", "in", "instanceof", "interface", "let", "new", "null", "package",
		"private", "protected", "public", "return", "static", "super", "switch", "this",
		"throw", "true", "try", "typeof", "var", "void", "while", "with", "yield"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

static bool is_of_identifier(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static const char *identifier(struct arena *arena, const char *secret)
{
	bool is_odd = (*secret >= '0' && *secret <= '9') || is_reserved(secret);
	char *name = arena_format(arena, "%s%s", is_odd ? "_" : "", secret);

	for (char *it = name; *it; it++)
		if (!is_of_identifier(*it))
			*it = '_';
	return name;
}

static void find_bindings(const struct wrangler_input *input, struct bindings *bindings)
{
	const struct model *recorded = input->recorded;

	bindings->items = mem_alloc(recorded->object_count * sizeof(*bindings->items));
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *secret = &recorded->objects[i];
		if (!secret->secret || (input->pattern && !object_matches(secret, input->pattern)))
			continue;
		const struct object *store =
			model_object(recorded, secret->account, secret->store, NULL);
		if (!secret->id || !store || !store->id)
			bindings->unknown++;
		else if (is_for_workers(secret))
			bindings->items[bindings->count++] = (struct binding){
				secret, store->id, identifier(&bindings->arena, secret->secret)};
	}
}

/* ---- what can't be ---- */

static bool check_accounts(const struct bindings *bindings, struct error *err)
{
	struct str aliases CLEANUP(str_release) = {0};
	const char *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < bindings->count; i++) {
		const char *alias = bindings->items[i].secret->account;
		if (last && strcmp(last, alias) == 0)
			continue;
		str_format(&aliases, "%s%s", count++ ? ", " : "", alias);
		last = alias;
	}
	if (count < 2)
		return true;
	error_set(err, "a Worker can have secrets of one account only, and these are of %zu: %s",
		count, str_text(&aliases));
	return error_hint(err, "Say which, with -account=ALIAS or with an address.");
}

static bool check_names(const struct bindings *bindings, struct error *err)
{
	struct table *known = NULL;
	bool is_good = true;

	for (size_t i = 0; i < bindings->count && is_good; i++) {
		struct binding *binding = &bindings->items[i];
		const struct binding *other = table_put(&known, binding->name, binding);
		struct str both CLEANUP(str_release) = {0};
		if (!other)
			continue;
		render_address(&both, other->secret);
		str_text_add(&both, " and ");
		render_address(&both, binding->secret);
		error_set(err, "the bindings of %s would both be called %s", str_text(&both),
			binding->name);
		is_good = error_hint(err, "Say which are meant: cfprov output -format=wrangler "
					  "ALIAS/STORE, or ALIAS/STORE/SECRET.");
	}
	table_free(&known);
	return is_good;
}

/* ---- writing ---- */

static void add_json(const struct bindings *bindings, struct str *out)
{
	struct json_writer json = json_writer(out, 2);

	json_begin_object(&json, NULL);
	json_begin_array(&json, "secrets_store_secrets");
	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *binding = &bindings->items[i];
		json_begin_object(&json, NULL);
		json_put_text(&json, "binding", binding->name);
		json_put_text(&json, "store_id", binding->store_id);
		json_put_text(&json, "secret_name", binding->secret->secret);
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
	str_char(out, '\n');
}

/* Strings are as in JSON. */
static void add_toml_text(struct str *out, const char *key, const char *text)
{
	struct json_writer json = json_writer(out, 0);

	str_format(out, "%s = ", key);
	json_put_text(&json, NULL, text);
	str_char(out, '\n');
}

static void add_toml(const struct bindings *bindings, struct str *out)
{
	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *binding = &bindings->items[i];
		str_format(out, "%s[[secrets_store_secrets]]\n", i ? "\n" : "");
		add_toml_text(out, "binding", binding->name);
		add_toml_text(out, "store_id", binding->store_id);
		add_toml_text(out, "secret_name", binding->secret->secret);
	}
}

bool wrangler_add(const struct wrangler_input *input, struct str *out, size_t *ret_count,
	size_t *ret_unknown, struct error *err)
{
	struct bindings bindings CLEANUP(release) = {0};

	find_bindings(input, &bindings);
	if (!check_accounts(&bindings, err) || !check_names(&bindings, err))
		return false;
	if (input->is_toml)
		add_toml(&bindings, out);
	else
		add_json(&bindings, out);
	*ret_count = bindings.count;
	*ret_unknown = bindings.unknown;
	return true;
}
