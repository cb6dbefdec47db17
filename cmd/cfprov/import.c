/* cfprov import: take a store that lives already into the state. */
#include "engine/import.h"

#include "commands.h"
#include "desired/pick.h"
#include "planning.h"
#include "progress.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

/* ---- the address ---- */

/* Only with the very account of the address: nothing else is asked. */
static bool pick_account(struct session *session, const char *alias)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};
	const struct pick pick = {session_manifest_name(session->cli), &alias, 1};

	if (model_account(&session->desired, alias))
		return pick_accounts(&pick, &session->desired, &err);
	text_add_visible(&shown, alias, strlen(alias), 80);
	error_set(&err, "the manifest has no account `%s`", str_text(&shown));
	error_hint(&err,
		"An address is ALIAS/STORE, the alias as the manifest has it (%s, if it "
		"names just one account).",
		MODEL_DEFAULT_ALIAS);
	term_error(&err);
	return false;
}

/* The lines that are missing in the manifest, ready to be copied. */
static void tell_undeclared(const struct session *session, const struct object *wanted)
{
	struct error err CLEANUP(error_release) = {0};
	struct str lines CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	render_address(&shown, wanted);
	error_set(&err, "%s is not declared in %s", str_text(&shown),
		session_manifest_name(session->cli));
	error_hint(&err, "What is imported must be declared, else the next apply would part from "
			 "it. Add under `stores`:");
	term_error(&err);
	str_text_add(&lines, "\n      - name: ");
	text_add_visible(&lines, wanted->store, strlen(wanted->store), 0);
	if (strcmp(wanted->account, MODEL_DEFAULT_ALIAS) != 0)
		str_format(&lines, "\n        accounts: [%s]", wanted->account);
	str_text_add(&lines, "\n\n");
	term_say_str(&lines);
}

static bool refuse_address(const char *address)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, address, strlen(address), 120);
	error_set(&err, "`%s` is no address of a store", str_text(&shown));
	error_hint(&err, "It must be ALIAS/STORE, as cfprov plan shows it.");
	term_error(&err);
	return false;
}

/* Splits ALIAS/STORE and finds what the manifest declares there. */
static bool find_declared(struct session *session, struct import_input *input)
{
	const char *address = session->cli->arguments[0], *slash = strchr(address, '/');

	if (!slash || slash == address || !slash[1] || strchr(slash + 1, '/'))
		return refuse_address(address);
	const char *alias = arena_bytes(&session->arena, address, (size_t)(slash - address));
	if (!pick_account(session, alias))
		return false;
	const struct object wanted = {.account = alias, .store = slash + 1};
	input->account = model_account(&session->desired, alias);
	input->desired = model_object(&session->desired, alias, wanted.store, NULL);
	if (!input->desired)
		tell_undeclared(session, &wanted);
	return input->desired;
}

/* ---- the import ---- */

static bool check_offline(struct session *session, const struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};

	if (import_store(input, &err) && planning_move(session, &err) &&
		import_is_free(input, &err))
		return true;
	term_error(&err);
	return false;
}

static bool record(struct session *session, const struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};
	struct str line CLEANUP(str_release) = {0};
	struct object object;

	if (!import_find(input, &object, &err)) {
		term_error(&err);
		return false;
	}
	struct change change = {CHANGE_PUT, &object};
	if (!ledger_change(
		    &session->ledger, &(struct state_fold){&change, 1, input->account, 1}, &err)) {
		term_error(&err);
		return false;
	}
	str_text_add(&line, "Imported ");
	render_address(&line, &object);
	str_format(&line, " (id %s): it is managed from now on.\n", object.id);
	term_out_str(&line);
	return true;
}

int import_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct import_input input = {.id = cli->arguments[1]};

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!session_load_manifest(&session) || !find_declared(&session, &input) ||
		!session_open_state(&session, "import"))
		return EXIT_ERROR;
	input.recorded = &session.ledger.state.model;
	if (!check_offline(&session, &input) || !session_read_live(&session))
		return EXIT_ERROR;
	input.live = &session.live;
	return record(&session, &input) ? EXIT_DONE : EXIT_ERROR;
}
