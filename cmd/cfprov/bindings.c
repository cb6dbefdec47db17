/*
 * Bindings of Workers. -format=wrangler: the secrets of the state as bindings of a Worker. They go
 * to stdout or, with -out, into a configuration that exists. A binding has the name of the secret,
 * made into an identifier of JavaScript. Source:
 * https://developers.cloudflare.com/secrets-store/integrations/workers/
 */
#include "bindings.h"

#include "adapter/fs.h"
#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "render.h"
#include "term.h"

#include <string.h>
#include <sys/stat.h>

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

static void release_bindings(struct bindings *bindings)
{
	mem_free(bindings->items);
	arena_release(&bindings->arena);
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

/* True if there are no patterns, or one matches. Counts each that does. */
static bool is_wanted(
	const struct object *object, const struct cli_texts *patterns, size_t *matches)
{
	bool is_any = !patterns->count;

	for (size_t i = 0; i < patterns->count; i++) {
		bool matches_it = object_matches(object, patterns->items[i]);
		matches[i] += matches_it;
		is_any |= matches_it;
	}
	return is_any;
}

static void find_bindings(const struct model *recorded, const struct cli_texts *patterns,
	size_t *matches, struct bindings *bindings)
{
	bindings->items = mem_alloc(recorded->object_count * sizeof(*bindings->items));
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *secret = &recorded->objects[i];
		if (!is_wanted(secret, patterns, matches) || !secret->secret)
			continue;
		const struct object *store =
			model_object(recorded, secret->account, secret->store, NULL);
		if (!secret->id || !store || !store->id)
			bindings->unknown++;
		else if (model_has_scope(secret->scopes, "workers"))
			bindings->items[bindings->count++] = (struct binding){
				secret, store->id, identifier(&bindings->arena, secret->secret)};
	}
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
	       term_fail("Pass -account=ALIAS, or an address.",
		       "a Worker can bind secrets of one account only, but these are in %zu: %s",
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
		is_good = term_fail("Pass an address, ALIAS/STORE or ALIAS/STORE/SECRET.",
			"the bindings of %s would have the same name, %s", str_text(&both),
			binding->name);
	}
	table_free(&known);
	return is_good;
}

static void add_jsonc(const struct bindings *bindings, struct str *out)
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

/* ---- from files ---- */

bool bindings_read_file(
	const struct session *session, const char *path, struct wrangler *file, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	return (!session_policy(session) || fs_check_in_place(path, err)) &&
	       fs_read(path, WRANGLER_SIZE_LIMIT, &bytes, err) &&
	       wrangler_parse(file, path, &bytes, err);
}

static void keep_bindings(struct session *session, const struct wrangler *file)
{
	size_t count = session->binding_count + file->count;
	struct arena *arena = &session->arena;
	struct worker_binding *all = arena_alloc(arena, count * sizeof(*all));

	if (session->binding_count)
		memcpy(all, session->bindings, session->binding_count * sizeof(*all));
	session->bindings = all;
	for (size_t i = 0; i < file->count; i++) {
		const struct wrangler_binding *it = &file->bindings[i];
		all[session->binding_count++] = (struct worker_binding){arena_text(arena, it->name),
			it->environment ? arena_text(arena, it->environment) : NULL,
			arena_text(arena, it->store_id), arena_text(arena, it->secret), it->place};
	}
}

bool bindings_read(struct session *session)
{
	const struct cli_texts *paths = &session->cli->bindings;
	struct error_list errors CLEANUP(error_list_release) = {0};

	for (size_t i = 0; i < paths->count; i++) {
		struct wrangler file CLEANUP(wrangler_release) = {0};
		struct error err = {0};
		if (bindings_read_file(session, paths->items[i], &file, &err))
			keep_bindings(session, &file);
		else
			error_move(error_list_add(&errors), &err);
	}
	return !errors.count || term_errors(&errors);
}

/* ---- into a file ---- */

/* No output is written through a link, and this one must stay the file that it is. */
static bool check_link(const char *path, struct error *err)
{
	struct stat status;

	if (lstat(path, &status) != 0 || !S_ISLNK(status.st_mode))
		return true;
	char *shown AUTO_FREE = text_visible(path, 0);
	error_set(err, "%s is a symbolic link", shown);
	return error_hint(err, "Pass the path of the file itself.");
}

static bool write_file(
	const struct wrangler *file, const struct str *text, const struct wrangler_merged *merged)
{
	char *shown AUTO_FREE = text_visible(file->path, 0);
	struct error err CLEANUP(error_release) = {0};

	if (!merged->added && !merged->updated) {
		term_print("%s is up to date.", shown);
		return true;
	}
	if (!fs_replace(file->path, NULL, text, &err))
		return term_error(&err);
	term_print("Wrote %s: %zu binding%s added, %zu updated.", shown, merged->added,
		term_plural(merged->added), merged->updated);
	return true;
}

static bool merge_bindings(struct session *session, const struct bindings *bindings)
{
	const struct cli *cli = session->cli;
	struct wrangler file CLEANUP(wrangler_release) = {0};
	struct wrangler_binding *items AUTO_FREE = mem_alloc(bindings->count * sizeof(*items));
	const struct wrangler_wanted wanted = {cli->environment, items, bindings->count};
	struct wrangler_merged merged;
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *it = &bindings->items[i];
		items[i] = (struct wrangler_binding){
			.name = it->name, .store_id = it->store_id, .secret = it->secret->secret};
	}
	if (!session_check_target(session, "-out", cli->out))
		return false;
	if (!check_link(cli->out, &err) || !bindings_read_file(session, cli->out, &file, &err)) {
		if (err.code == ERROR_ABSENT)
			error_hint(&err, "Create it, or leave out -out to print the bindings.");
		return term_error(&err);
	}
	if (cli->format == FORMAT_WRANGLER_TOML && !file.is_toml)
		return term_fail("Pass -format=wrangler; the file's name tells which form it has.",
			"-format=wrangler-toml can't be used for %s", cli->out);
	if (!wrangler_merge(&file, &wanted, &text, &merged, &err))
		return term_error(&err);
	return write_file(&file, &text, &merged);
}

/* ---- all of it ---- */

static void print_bindings(const struct cli *cli, const struct bindings *bindings)
{
	struct str text CLEANUP(str_release) = {0};

	if (cli->format == FORMAT_WRANGLER_TOML)
		add_toml(bindings, &text);
	else
		add_jsonc(bindings, &text);
	term_out_str(&text);
}

static bool pick_bindings(struct session *session, struct bindings *bindings)
{
	const struct cli *cli = session->cli;
	const struct address_scope scope = session_recorded(session);
	const struct cli_texts patterns =
		session_addresses(session, &scope, cli->arguments, cli->argument_count);
	size_t *matches AUTO_FREE = mem_alloc(patterns.count * sizeof(*matches));

	find_bindings(&session->ledger.state.model, &patterns, matches, bindings);
	for (size_t i = 0; i < patterns.count; i++) {
		struct error err CLEANUP(error_release) = {0};
		if (matches[i])
			continue;
		session_miss(session, cli->arguments[i], &err);
		return term_error(&err);
	}
	return check_accounts(bindings) && check_names(bindings);
}

bool bindings_write(struct session *session)
{
	struct bindings bindings CLEANUP(release_bindings) = {0};
	struct str warning CLEANUP(str_release) = {0};

	if (!pick_bindings(session, &bindings))
		return false;
	if (!session->cli->out)
		print_bindings(session->cli, &bindings);
	else if (bindings.count && !merge_bindings(session, &bindings))
		return false;
	if (!bindings.count && !bindings.unknown)
		term_print("No secret has the scope `workers`, so there is nothing to bind.");
	str_format(&warning,
		"%zu secret%s left out: whether %s is unknown after an interrupted apply",
		bindings.unknown, bindings.unknown == 1 ? " is" : "s are",
		bindings.unknown == 1 ? "it exists" : "they exist");
	if (bindings.unknown)
		term_warning(str_text(&warning));
	return true;
}
