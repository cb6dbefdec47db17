/*
 * cfprov check-bindings: is every secret that a Worker's configuration binds there, active, and
 * meant for Workers? Otherwise its deployment fails (Cloudflare's error 10182), or its code.
 */
#include "adapter/table.h"
#include "base/text.h"
#include "bindings.h"
#include "document.h"
#include "read_live.h"
#include "term.h"

#include <string.h>

struct checked {
	const struct wrangler_binding *binding;
	const struct object *store, *secret; /* live; or NULL */
	const char *problem;                 /* a word for -json; NULL: it is right */
	struct error err;
};

struct check {
	struct session *session;
	struct wrangler *files;
	size_t file_count;
	struct checked *items;
	size_t count, problems;
	struct table *ids;    /* of the stores that are bound */
	struct table *stores; /* the live ones, by id */
};

static void release(struct check *check)
{
	for (size_t i = 0; i < check->count; i++)
		error_release(&check->items[i].err);
	for (size_t i = 0; i < check->file_count; i++)
		wrangler_release(&check->files[i]);
	table_free(&check->ids);
	table_free(&check->stores);
	mem_free(check->items);
	mem_free(check->files);
}

/* ---- the files ---- */

static bool read_files(struct check *check)
{
	const struct cli *cli = check->session->cli;
	struct error_list errors CLEANUP(error_list_release) = {0};
	size_t count = 0;

	check->files = mem_alloc(cli->argument_count * sizeof(*check->files));
	for (size_t i = 0; i < cli->argument_count; i++) {
		struct error err = {0};
		if (!bindings_read_file(check->session, cli->arguments[i],
			    &check->files[check->file_count++], &err))
			error_move(error_list_add(&errors), &err);
	}
	if (errors.count)
		return term_errors(&errors);
	for (size_t i = 0; i < check->file_count; i++)
		count += check->files[i].count;
	check->items = mem_alloc(count * sizeof(*check->items));
	for (size_t i = 0; i < check->file_count; i++)
		for (size_t k = 0; k < check->files[i].count; k++) {
			struct wrangler_binding *it = &check->files[i].bindings[k];
			check->items[check->count++].binding = it;
			table_put(&check->ids, it->store_id, it);
		}
	return true;
}

/* ---- the accounts ---- */

/*
 * Gives the aliases of the accounts that have the bound stores by what the state says. NULL: it
 * does not know all of them. Release with table_free.
 */
static struct table *find_accounts(const struct check *check)
{
	const struct model *recorded = &check->session->ledger.state.model;
	const struct model *desired = &check->session->desired;
	struct table *found = NULL, *aliases = NULL;

	for (size_t i = 0; i < recorded->object_count; i++) {
		struct object *it = &recorded->objects[i];
		const struct account *then = model_account(recorded, it->account);
		const struct account *now = model_account(desired, it->account);
		if (it->secret || !it->id || !table_get(check->ids, it->id) || !then || !now ||
			strcmp(then->id, now->id) != 0)
			continue;
		table_put(&found, it->id, it);
		table_put(&aliases, it->account, it);
	}
	if (table_count(found) < table_count(check->ids))
		table_free(&aliases);
	table_free(&found);
	return aliases;
}

/* Reads no other account than it has to. */
static void leave_out_accounts(struct check *check)
{
	struct model *desired = &check->session->desired;
	struct table *aliases = find_accounts(check);
	size_t kept = 0;

	for (size_t i = 0; i < desired->account_count && aliases; i++)
		if (table_get(aliases, desired->accounts[i].alias))
			desired->accounts[kept++] = desired->accounts[i];
	if (aliases)
		desired->account_count = kept;
	table_free(&aliases);
}

static bool read_accounts(struct check *check)
{
	struct session *session = check->session;

	if (session_has_manifest_accounts(session->cli) && !session_show_state(session, false))
		return false;
	if (!session_load_accounts(session))
		return false;
	leave_out_accounts(check);
	if (!read_live_only(session, check->ids) || session->has_failed) {
		term_print("Nothing was checked, because an account could not be read.");
		return false;
	}
	for (size_t i = 0; i < session->live.object_count; i++) {
		struct object *it = &session->live.objects[i];
		if (!it->secret)
			table_put(&check->stores, it->id, it);
	}
	return true;
}

/* ---- one binding ---- */

static void PRINTF(4, 5)
	refuse(struct checked *item, const char *problem, const char *hint, const char *format, ...)
{
	const struct wrangler_binding *binding = item->binding;
	struct str what CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};
	va_list args;

	va_start(args, format);
	str_format_list(&what, format, args);
	va_end(args);
	str_text_add(&text, "binding ");
	text_add_quoted(&text, binding->name, 60);
	if (binding->environment) {
		str_text_add(&text, " of env ");
		text_add_quoted(&text, binding->environment, 60);
	}
	item->problem = problem;
	error_set(&item->err, "%s: %s", str_text(&text), str_text(&what));
	error_hint(&item->err, "%s", hint);
	error_at(&item->err, binding->place.file, binding->place.line, binding->place.column);
}

/* The secret of the store that was probably meant; or NULL. */
static const struct object *guess(const struct model *live, const struct checked *item)
{
	struct objects known = model_inside(live, item->store);
	const struct object *found = NULL;
	size_t edits = SIZE_MAX;

	for (size_t i = 0; i < known.count; i++)
		if (text_is_nearer(item->binding->secret, known.items[i].secret, &edits))
			found = &known.items[i];
	return found;
}

static const char not_applied[] =
	"The manifest has it, but it is not applied yet. Run `cfprov apply`.";

static void judge_absence(
	const struct check *check, struct checked *item, const struct object *desired)
{
	const struct object *near = guess(&check->session->live, item);
	char *address AUTO_FREE = object_address(item->store);
	char *shown AUTO_FREE = text_visible(address, 0);
	struct str secret CLEANUP(str_release) = {0}, hint CLEANUP(str_release) = {0};

	text_add_quoted(&secret, item->binding->secret, 60);
	if (desired) {
		str_text_add(&hint, not_applied);
	} else if (near) {
		str_text_add(&hint, "Did you mean ");
		text_add_quoted(&hint, near->secret, 60);
		str_char(&hint, '?');
	} else {
		str_text_add(&hint, "Add it to the manifest and run `cfprov apply`, or remove the "
				    "binding.");
	}
	refuse(item, desired ? "not_applied" : "no_secret", str_text(&hint),
		"the store %s has no secret %s", shown, str_text(&secret));
}

static void judge_secret(struct checked *item, const struct object *desired)
{
	char *address AUTO_FREE = object_address(item->secret);
	char *shown AUTO_FREE = text_visible(address, 0);
	const char *status = item->secret->status;

	if (!model_has_scope(item->secret->scopes, "workers")) {
		bool is_desired = desired && model_has_scope(desired->scopes, "workers");
		char *scopes AUTO_FREE =
			text_visible(item->secret->scopes ? item->secret->scopes : "", 60);
		refuse(item, is_desired ? "not_applied" : "no_scope",
			is_desired ? not_applied
				   : "Add `workers` to its `scopes` in the manifest and run "
				     "`cfprov apply`.",
			"the secret %s has no scope `workers`, only %s", shown,
			*scopes ? scopes : "none");
	} else if (status && strcmp(status, "active") != 0) {
		char *word AUTO_FREE = text_visible(status, 40);
		refuse(item, "not_active",
			"Run this command again in a moment. `cfprov apply -wait` waits until "
			"secrets are active.",
			"the secret %s is not active, but %s", shown, word);
	}
}

static void judge(const struct check *check, struct checked *item)
{
	const struct session *session = check->session;
	const struct wrangler_binding *binding = item->binding;
	struct str store CLEANUP(str_release) = {0}, accounts CLEANUP(str_release) = {0};

	item->store = table_get(check->stores, binding->store_id);
	if (!item->store) {
		text_add_quoted(&store, binding->store_id, 60);
		model_add_aliases(&accounts, &session->desired);
		refuse(item, "no_store",
			"If the store was created again, `cfprov output -format=wrangler "
			"-out=FILE` writes its new id.",
			"there is no store with the id %s in %s", str_text(&store),
			str_text(&accounts));
		return;
	}
	const char *alias = item->store->account, *name = item->store->store;
	const struct object *desired =
		model_object(&session->desired, alias, name, binding->secret);
	item->secret = model_object(&session->live, alias, name, binding->secret);
	if (item->secret)
		judge_secret(item, desired);
	else
		judge_absence(check, item, desired);
}

/* ---- all of them ---- */

static void put_binding(struct json_writer *json, const struct checked *item)
{
	const struct wrangler_binding *binding = item->binding;
	char *address AUTO_FREE = item->secret ? object_address(item->secret) : NULL;

	json_begin_object(json, NULL);
	json_put_text(json, "file", binding->place.file);
	json_put_integer(json, "line", (int64_t)binding->place.line);
	json_put_text(json, "environment", binding->environment);
	json_put_text(json, "binding", binding->name);
	json_put_text(json, "store_id", binding->store_id);
	json_put_text(json, "secret_name", binding->secret);
	json_put_text(json, "address", address);
	json_put_text(json, "problem", item->problem);
	json_end(json);
}

static void report(const struct check *check, bool is_complete)
{
	struct json_writer *json = document_writer();
	struct str line CLEANUP(str_release) = {0};

	if (json) {
		json_put_bool(json, "valid", is_complete && !check->problems);
		json_begin_array(json, "bindings");
		for (size_t i = 0; i < check->count && is_complete; i++)
			put_binding(json, &check->items[i]);
		json_end(json);
	}
	if (json || !is_complete)
		return;
	str_format(&line, "%zu binding%s checked, %zu problem%s.\n", check->count,
		term_plural(check->count), check->problems, term_plural(check->problems));
	term_out_str(&line);
}

bool check_bindings_run(struct session *session)
{
	struct check check CLEANUP(release) = {.session = session};
	bool is_complete = read_files(&check) && (!check.count || read_accounts(&check));

	for (size_t i = 0; i < check.count && is_complete; i++) {
		struct checked *item = &check.items[i];
		judge(&check, item);
		if (!item->problem)
			continue;
		check.problems++;
		if (check.problems <= ERROR_LIST_MOST)
			term_error(&item->err);
	}
	if (check.problems > ERROR_LIST_MOST)
		term_fail("Fix the first ones.", "%zu more bindings are wrong",
			check.problems - ERROR_LIST_MOST);
	report(&check, is_complete);
	if (check.problems)
		session->status = EXIT_CHANGES;
	return is_complete;
}
