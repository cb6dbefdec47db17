#include "session.h"

#include "adapter/confine.h"
#include "adapter/fs.h"
#include "adapter/table.h"
#include "base/clock.h"
#include "base/text.h"
#include "cloudflare/baseurl.h"
#include "interrupt.h"
#include "log.h"
#include "manifest/pick.h"
#include "manifest/shape.h"
#include "source/permit.h"
#include "source/source_name.h"
#include "state/seen.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST_TIMEOUT_S = 60 };

static void on_event(void *context, const struct event *event)
{
	log_event(event);
	event_emit(&((struct session *)context)->listener, event);
}

void session_init(struct session *session, struct cli *cli)
{
	*session = (struct session){.cli = cli,
		.status = EXIT_DONE,
		.sink = {on_event, session},
		.wake_fd = interrupt_start(),
		.source = {cli->manifests.items, cli->manifests.count, cli->variables.items,
			cli->variables.count, &interrupt_count, false},
		.sources = sources_new(&interrupt_count)};
	progress_init(&session->progress);
	session->listener = session->progress.sink;
}

void session_release(struct session *session)
{
	if (session->has_ledger) /* which may have something to say */
		ledger_close(&session->ledger);
	progress_release(&session->progress);
	plan_release(&session->plan);
	planfile_release(&session->planfile);
	client_free(session->client);
	table_free(&session->inside);
	table_free(&session->lanes);
	values_release(&session->values);
	keyring_release(&session->keyring);
	error_release(&session->key_err);
	model_release(&session->settings);
	model_release(&session->located);
	model_release(&session->split_by);
	backend_credentials_release(&session->credentials);
	model_release(&session->live);
	renames_release(&session->renames);
	model_release(&session->desired);
	manifest_release(&session->manifest);
	arena_release(&session->arena);
	sources_free(session->sources);
	policy_release(&session->policy);
	mem_free(session->accounts);
}

/* ---- manifest ---- */

/* True if the shell emptied the manifest, to put this command's output there. */
static bool is_emptied(const char *path)
{
	struct stat file, output;

	return stat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_size == 0 &&
	       fstat(STDOUT_FILENO, &output) == 0 && file.st_dev == output.st_dev &&
	       file.st_ino == output.st_ino;
}

bool session_check_emptied(
	const struct session *session, const char *const *paths, size_t count, struct error *err)
{
	bool may_write = session->cli->command->options & CLI_NEW_FILE;

	for (size_t i = 0; i < count; i++) {
		if (!is_emptied(paths[i]))
			continue;
		error_set(err, "%s is empty: the shell emptied it before cfprov could read it",
			paths[i]);
		return error_hint(err, "%s",
			may_write ? "Use -out=FILE instead of redirecting the output to it."
				  : "Redirect the output to another file.");
	}
	return true;
}

bool session_open_manifest(struct session *session, struct error_list *errors)
{
	static const char *const defaults[] = {MANIFEST_DEFAULT_PATH};
	const struct manifest_source *source = &session->source;
	struct error err = {0};

	/* session_find_state may have opened it, and a pipe can be read once. */
	if (session->is_manifest_open) {
		error_list_release(&session->manifest.warnings);
		return true;
	}
	if (!session_check_emptied(session, source->path_count ? source->paths : defaults,
		    source->path_count ? source->path_count : 1, &err)) {
		error_move(error_list_add(errors), &err);
		return false;
	}
	manifest_release(&session->manifest);
	session->is_manifest_open = manifest_open(&session->manifest, &session->source, errors);
	return session->is_manifest_open;
}

const char *session_manifest_name(const struct cli *cli)
{
	if (cli->manifests.count > 1)
		return "the manifests";
	return cli->manifests.count ? cli->manifests.items[0] : MANIFEST_DEFAULT_PATH;
}

static bool read_manifest(struct session *session, struct error_list *errors)
{
	const struct cli *cli = session->cli;
	const struct pick pick = {
		session_manifest_name(cli), cli->accounts.items, cli->accounts.count};
	struct error err CLEANUP(error_release) = {0};

	bool is_read = session_open_manifest(session, errors) &&
		       manifest_read(&session->manifest, cli_env("CLOUDFLARE_ACCOUNT_ID"),
			       &session->desired, errors);
	error_list_cut(errors);
	if (is_read)
		sources_hold(session->sources, &session->desired);
	if (is_read && !pick_accounts(&pick, &session->desired, &err))
		error_move(error_list_add(errors), &err);
	return !errors->count;
}

bool session_has_no_manifest(const struct session *session, const struct error_list *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		if (errors->items[i].code != ERROR_ABSENT)
			return false;
	return errors->count == session->manifest.documents.count;
}

/* For a directory in which nobody has begun: how to begin. */
static void print_no_manifest(bool is_json)
{
	static const char example[] = "\n  account_id: 0123456789abcdef0123456789abcdef\n"
				      "  stores:\n"
				      "    - name: payments\n"
				      "      secrets:\n"
				      "        - name: DB_PASSWORD\n"
				      "          value: {env: DB_PASSWORD}\n";
	struct error err CLEANUP(error_release) = {0};
	struct str lines CLEANUP(str_release) = {0};

	error_set(&err, "no manifest found: %s does not exist", MANIFEST_DEFAULT_PATH);
	error_hint(&err,
		"Create it, or pass the path of another one with -f. `cfprov export` writes one "
		"from the stores and secrets that exist, and `cfprov import-env` from the names in "
		"a .env file.%s",
		is_json ? "" : " For example:");
	term_error(&err);
	str_text_add(&lines, example);
	if (!is_json)
		term_print_str(&lines);
}

bool session_load_manifest(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (read_manifest(session, &errors)) {
		session_use_keys_of(session, &session->desired);
		term_warnings(&session->manifest.warnings);
		bool with_state = session->manifest.state_place.file ||
				  session->cli->command->options & CLI_STATE;
		return with_state && session->has_policy
			       ? session_locate_state(session) && session_obeys(session, true)
			       : session_obeys(session, false);
	}
	term_warnings(&session->manifest.warnings);
	if (session->cli->manifests.count || !session_has_no_manifest(session, &errors))
		return term_errors(&errors);
	print_no_manifest(session->cli->json);
	return false;
}

bool session_read_accounts(struct session *session, struct model *ret_accounts)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const char *id = cli_env("CLOUDFLARE_ACCOUNT_ID");

	if (session_open_manifest(session, &errors) &&
		manifest_accounts(&session->manifest, ret_accounts, &errors)) {
		sources_hold(session->sources, ret_accounts);
		if (!ret_accounts->account_count && id)
			model_add_account(ret_accounts, MODEL_DEFAULT_ALIAS, id);
		return true;
	}
	return false;
}

bool session_read_declared(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	session->has_declared = session_open_manifest(session, &errors) &&
				manifest_read(&session->manifest, cli_env("CLOUDFLARE_ACCOUNT_ID"),
					&session->settings, &errors);
	if (session->has_declared)
		sources_hold(session->sources, &session->settings);
	if (session->has_declared ||
		(!session->cli->manifests.count && session_has_no_manifest(session, &errors))) {
		session_use_keys_of(session, &session->settings);
		return session_read_key(session);
	}
	error_list_cut(&errors);
	term_errors(&errors);
	term_print("A saved plan is applied only as the manifest allows. No changes were made.");
	return false;
}

/* ---- accounts ---- */

/*
 * The alias of an account that no manifest names: the state's, if that was read and has a valid
 * one; else `default` for an account alone, unless the state has another of that name; else its id.
 */
static const char *alias_of(const struct session *session, const char *id, bool is_alone)
{
	const struct model *recorded = &session->ledger.state.model;
	size_t count = session->has_ledger ? recorded->account_count : 0;
	struct str why CLEANUP(str_release) = {0};

	for (size_t i = 0; i < count; i++) {
		const struct account *known = &recorded->accounts[i];
		if (strcmp(known->id, id) == 0 &&
			shape_text_is_right(&schema_alias, known->alias, false, &why))
			return known->alias;
		is_alone &= strcmp(known->alias, MODEL_DEFAULT_ALIAS) != 0;
	}
	return is_alone ? MODEL_DEFAULT_ALIAS : id;
}

static bool add_account(struct session *session, const char *id, bool is_alone)
{
	struct model *desired = &session->desired;
	struct error unusual CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	text_add_quoted(&shown, id, 60);
	if (!shape_text_is_right(&schema_account_id, id, true, &why))
		return term_fail(
			NULL, "invalid account id %s: %s", str_text(&shown), str_text(&why));
	for (size_t i = 0; i < desired->account_count; i++)
		if (strcmp(desired->accounts[i].id, id) == 0)
			return term_fail(NULL, "-account-id=%s is set twice", id);
	if (!shape_text_is_usual(&schema_account_id, id, id, &unusual))
		term_warning(unusual.message);
	model_add_account(desired, alias_of(session, id, is_alone), id);
	return true;
}

bool session_has_manifest_accounts(const struct cli *cli)
{
	return !cli->account_ids.count &&
	       (cli->manifests.count || access(MANIFEST_DEFAULT_PATH, F_OK) == 0);
}

bool session_load_accounts(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct pick pick = {"those given", cli->accounts.items, cli->accounts.count};
	const char *id = cli_env("CLOUDFLARE_ACCOUNT_ID");
	const struct cli_texts one = {&id, 1};
	const struct cli_texts *ids = cli->account_ids.count ? &cli->account_ids : &one;
	struct error err CLEANUP(error_release) = {0};

	if (session_has_manifest_accounts(cli))
		return session_load_manifest(session);
	if (!ids->items[0])
		return term_fail(
			"Pass -account-id=ID, set CLOUDFLARE_ACCOUNT_ID, or write a manifest.",
			"no account is set");
	for (size_t i = 0; i < ids->count; i++)
		if (!add_account(session, ids->items[i], ids->count == 1))
			return false;
	model_sort(&session->desired);
	if (!pick_accounts(&pick, &session->desired, &err))
		return term_error(&err);
	return session_obeys(session, false);
}

/* ---- addresses ---- */

struct cli_texts session_addresses(struct session *session, const struct address_scope *scope,
	const char *const *typed, size_t count)
{
	const char **items = arena_alloc(&session->arena, count * sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = address_complete(scope, typed[i], &session->arena);
	return (struct cli_texts){items, count};
}

struct address_scope session_recorded(const struct session *session)
{
	return (struct address_scope){{&session->ledger.state.model}};
}

void session_miss(const struct session *session, const char *typed, struct error *err)
{
	const struct address_scope scope = session_recorded(session);
	char *shown AUTO_FREE = text_visible(typed, 120);
	struct str guess CLEANUP(str_release) = {0};

	address_add_guess(&scope, typed, &guess);
	error_set(err, "no object in the state matches `%s`%s", shown, str_text(&guess));
	if (!guess.length)
		error_hint(err, "Run `cfprov state list` to see all objects.");
}

const struct object *session_find_recorded(struct session *session, const char *typed)
{
	const struct model *recorded = &session->ledger.state.model;
	const struct address_scope scope = session_recorded(session);
	const char *address = address_complete(&scope, typed, &session->arena);
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < recorded->object_count; i++) {
		char *its AUTO_FREE = object_address(&recorded->objects[i]);
		if (strcmp(its, address) == 0)
			return &recorded->objects[i];
	}
	session_miss(session, typed, &err);
	term_error(&err);
	return NULL;
}

/* ---- client ---- */

bool session_new_client(struct session *session)
{
	const char *url = cli_env("CLOUDFLARE_BASE_URL");
	const char *timeout = cli_env("CFPROV_REQUEST_TIMEOUT");
	struct error err CLEANUP(error_release) = {0};
	size_t seconds = REQUEST_TIMEOUT_S;

	if (session->client)
		return true;
	if (timeout && (!text_to_number(timeout, 3600, &seconds) || seconds == 0))
		return term_fail(
			NULL, "CFPROV_REQUEST_TIMEOUT must be a number of seconds from 1 to 3600");
	const struct client_options options = {
		.base_url = url ? url : BASEURL_DEFAULT,
		.timeout_ms = (int64_t)seconds * 1000,
		.parallelism = session->cli->parallelism,
		.max_wait_ms = session->cli->max_wait_ms,
		.wake_fd = session->wake_fd,
		.sink = &session->sink,
	};
	session->client = client_new(&options, &err);
	return session->client || term_error(&err);
}

bool session_find_lane(
	struct session *session, const struct account *account, size_t *ret_lane, struct error *err)
{
	struct credentials credentials CLEANUP(credentials_release) = {0};
	struct str key CLEANUP(str_release) = {0};

	if (!permit_token(session_policy(session), account, err))
		return false;
	source_add_key(&key, &account->token);
	size_t *lane = table_get(session->lanes, str_text(&key));
	if (!lane) {
		if (!sources_credentials(session->sources, account, &credentials, err))
			return false;
		lane = arena_alloc(&session->arena, sizeof(*lane));
		*lane = client_add_lane(session->client, &credentials);
		table_put(&session->lanes, arena_text(&session->arena, str_text(&key)), lane);
	}
	*ret_lane = *lane;
	return true;
}

bool session_confine(const struct session *session)
{
	const struct ledger *ledger = &session->ledger;
	size_t parts = session->has_ledger && ledger->may_write ? ledger->part_count : 0, count = 0;
	char **folders AUTO_FREE = mem_alloc((2 * parts + 2) * sizeof(*folders));
	bool has_key = parts && sealing_keys(&session->sealing);
	char *seen AUTO_FREE = has_key ? seen_path("lineage") : NULL;
	struct error ignored CLEANUP(error_release) = {0};

	/* Later it could not be made. */
	if (seen && fs_make_folders(seen, &ignored))
		folders[count++] = fs_neighbour(seen, ".");
	for (size_t i = 0; i < parts; i++) {
		const struct backend *backend = ledger->parts[i].backend;
		folders[count++] = fs_neighbour(backend->journal_path, ".");
		if (backend->backup_path)
			folders[count++] = fs_neighbour(backend->backup_path, ".");
	}
	if (session->cli->out)
		folders[count++] = fs_neighbour(session->cli->out, ".");
	bool is_in_force = confine_writes((const char *const *)folders, count);
	while (count)
		mem_free(folders[--count]);
	return is_in_force;
}

void session_print_warnings(struct session *session)
{
	struct error_list *warnings = sources_warnings(session->sources);

	error_list_cut(warnings);
	term_warnings(warnings);
	error_list_release(warnings);
}

void session_add_unread(struct str *out, const struct cli_texts *unread)
{
	enum { NAMED_AT_MOST = 10 };
	bool is_one = unread->count == 1;

	str_text_add(out, is_one ? "account " : "accounts ");
	for (size_t i = 0; i < unread->count; i++) {
		char *alias AUTO_FREE = text_visible(unread->items[i], 0);
		struct str quoted CLEANUP(str_release) = {0};
		str_format(&quoted, "`%s`", alias);
		text_add_listed(out, str_text(&quoted), i, unread->count, NAMED_AT_MOST);
	}
	str_format(out, " could not be read and %s not included", is_one ? "is" : "are");
}

struct live_input session_live_input(const struct session *session)
{
	bool may_adopt = session->ledger.state.serial && !session->input.options.destroys_all;

	return (struct live_input){
		.client = session->client,
		.accounts = session->accounts,
		.count = session->desired.account_count,
		.interrupted = &interrupt_count,
		.recorded = &session->ledger.state.model,
		.wanted = may_adopt ? &session->desired : NULL,
		.sought = session->sought,
		.patience_ms = session->cli->patience_ms,
		.sink = &session->sink,
	};
}
