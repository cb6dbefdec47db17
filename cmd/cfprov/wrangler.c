#include "wrangler.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "render.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

struct binding {
	const struct object *secret;
	const char *store_id, *name; /* name: in the arena */
};

struct bindings {
	struct arena arena;
	struct binding *items;
	size_t count;
	size_t unknown; /* left out: an apply was cut off, and they may not exist */
};

static void release(struct bindings *bindings)
{
	free(bindings->items);
	arena_release(&bindings->arena);
}

/* ---- which ---- */

static bool is_for_workers(const struct object *secret)
{
	static const char wanted[] = "workers";

	for (const char *at = secret->scopes; at && *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		if (length == strlen(wanted) && strncmp(at, wanted, length) == 0)
			return true;
		at += length;
	}
	return false;
}

/* ECMAScript: what is reserved anywhere, in strict code, or as a literal. */
static const char reserved[] =
	" arguments await break case catch class const continue debugger default delete do else "
	"enum eval export extends false finally for function if implements import in instanceof "
	"interface let new null package private protected public return static super switch this "
	"throw true try typeof var void while with yield ";

static const char *identifier(struct arena *arena, const char *secret)
{
	const char *word = arena_format(arena, " %s ", secret);
	bool is_odd = (*secret >= '0' && *secret <= '9') || strstr(reserved, word);
	char *name = arena_format(arena, "%s%s", is_odd ? "_" : "", secret);

	for (char *it = name; *it; it++)
		if (!(*it >= 'a' && *it <= 'z') && !(*it >= 'A' && *it <= 'Z') &&
			!(*it >= '0' && *it <= '9'))
			*it = '_';
	return name;
}

/* False: nothing that is recorded matches the pattern. */
static bool find_bindings(
	const struct model *recorded, const char *pattern, struct bindings *bindings)
{
	bool is_any = !pattern;

	bindings->items = mem_alloc(recorded->object_count * sizeof(*bindings->items));
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *secret = &recorded->objects[i];
		if (pattern && !object_matches(secret, pattern))
			continue;
		is_any = true;
		if (!secret->secret)
			continue;
		const struct object *store =
			model_object(recorded, secret->account, secret->store, NULL);
		if (!secret->id || !store || !store->id)
			bindings->unknown++;
		else if (is_for_workers(secret))
			bindings->items[bindings->count++] = (struct binding){
				secret, store->id, identifier(&bindings->arena, secret->secret)};
	}
	return is_any;
}

static bool check_accounts(const struct bindings *bindings)
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
	return count < 2 ||
	       term_fail("Say which, with -account=ALIAS or with an address.",
		       "a Worker can have secrets of one account only, and these are of %zu: %s",
		       count, str_text(&aliases));
}

static bool check_names(const struct bindings *bindings)
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
		is_good = term_fail("Say which are meant: cfprov output -format=wrangler "
				    "ALIAS/STORE, or ALIAS/STORE/SECRET.",
			"the bindings of %s would both be called %s", str_text(&both),
			binding->name);
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

bool wrangler_print(const struct session *session)
{
	const struct cli *cli = session->cli;
	const char *pattern = cli->argument_count ? cli->arguments[0] : NULL;
	struct bindings bindings CLEANUP(release) = {0};
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	if (!find_bindings(&session->ledger.state.model, pattern, &bindings))
		return session_refuse_address(pattern);
	if (!check_accounts(&bindings) || !check_names(&bindings))
		return false;
	if (cli->format == FORMAT_WRANGLER_TOML)
		add_toml(&bindings, &text);
	else
		add_json(&bindings, &text);
	term_out_str(&text);
	if (!bindings.count && !bindings.unknown)
		term_say("No secret here has the scope `workers`: there is nothing to bind.");
	str_format(&warning,
		"%zu secret%s left out: an apply was cut off, and the next one finds out whether "
		"they live",
		bindings.unknown, bindings.unknown == 1 ? " is" : "s are");
	if (bindings.unknown)
		term_warning(str_text(&warning));
	return true;
}
