#include "session.h"

#include "adapter/fs.h"
#include "adapter/table.h"
#include "base/text.h"
#include "desired/manifest.h"
#include "desired/pick.h"
#include "desired/source.h"
#include "engine/check.h"
#include "engine/planner.h"
#include "engine/recover.h"
#include "interrupt.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_TIMEOUT_MS = 60000 };

void session_init(struct session *session, const struct cli *cli, const struct event_sink *sink)
{
	*session = (struct session){.cli = cli, .sink = sink, .wake_fd = interrupt_start()};
	session->state_path = cli->state ? mem_copy_text(cli->state)
					 : fs_neighbour(cli->manifest, LEDGER_DEFAULT_NAME);
}

void session_release(struct session *session)
{
	plan_release(&session->plan);
	client_free(session->client);
	if (session->has_ledger)
		ledger_close(&session->ledger);
	model_release(&session->live);
	model_release(&session->desired);
	arena_release(&session->arena);
	free(session->accounts);
	free(session->state_path);
}

/* ---- manifest ---- */

bool session_load_manifest(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct pick pick = {cli->manifest, cli->accounts, cli->account_count};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	const char *account_id = getenv("CLOUDFLARE_ACCOUNT_ID");

	if (account_id && !*account_id)
		account_id = NULL;
	if (!manifest_load(cli->manifest, account_id, &session->desired, &errors)) {
		term_errors(&errors);
		return false;
	}
	if (pick_accounts(&pick, &session->desired, &err))
		return true;
	term_error(&err);
	return false;
}

/* ---- state ---- */

bool session_read_state(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};

	session->has_ledger = ledger_read(&session->ledger, session->state_path, &err);
	if (!session->has_ledger)
		term_error(&err);
	return session->has_ledger;
}

bool session_open_state(struct session *session, const char *operation)
{
	struct error err CLEANUP(error_release) = {0};
	const struct ledger_options options = {
		.path = session->state_path,
		.backup = session->cli->backup,
		.operation = operation,
		.no_lock = !session->cli->lock,
		.lock_timeout_ms = session->cli->lock_timeout_ms,
		.sink = session->sink,
		.interrupted = &interrupt_count,
	};

	session->has_ledger = ledger_open(&session->ledger, &options, &err);
	if (!session->has_ledger)
		term_error(&err);
	return session->has_ledger;
}

/* ---- client ---- */

static const char *base_url(void)
{
	static const char *const names[] = {"CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_BASE_URL"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *url = getenv(names[i]);
		if (url && *url)
			return url;
	}
	return CLIENT_DEFAULT_BASE_URL;
}

/* CFPROV_REQUEST_TIMEOUT: seconds that one request may take. */
static bool request_timeout_ms(int64_t *ret_timeout_ms, struct error *err)
{
	const char *text = getenv("CFPROV_REQUEST_TIMEOUT");
	size_t seconds;

	*ret_timeout_ms = REQUEST_TIMEOUT_MS;
	if (!text || !*text)
		return true;
	if (!text_to_number(text, 3600, &seconds) || seconds == 0)
		return error_set(err, "CFPROV_REQUEST_TIMEOUT must be seconds from 1 to 3600");
	*ret_timeout_ms = (int64_t)seconds * 1000;
	return true;
}

static bool new_client(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	struct client_options options = {
		.base_url = base_url(),
		.parallelism = session->cli->parallelism,
		.wake_fd = session->wake_fd,
		.sink = session->sink,
	};

	if (request_timeout_ms(&options.timeout_ms, &err))
		session->client = client_new(&options, &err);
	if (!session->client)
		term_error(&err);
	return session->client;
}

/* Accounts with the same source share a lane; *lanes: name of the source -> lane + 1. */
static bool find_lane(struct session *session, struct table **lanes, const struct account *account,
	size_t *ret_lane, struct error *err)
{
	const char *key = account->token.kind == VALUE_NONE ? "" : account->token.name;
	struct credentials credentials CLEANUP(credentials_release) = {0};
	size_t *known = table_get(*lanes, key);

	if (!known) {
		if (!source_credentials(account, &credentials, err))
			return false;
		known = arena_alloc(&session->arena, sizeof(*known));
		*known = client_add_lane(session->client, &credentials);
		table_put(lanes, key, known);
	}
	*ret_lane = *known;
	return true;
}

static bool connect_accounts(struct session *session)
{
	const struct model *desired = &session->desired;
	struct table *lanes = NULL;
	bool is_good = true;

	session->accounts = mem_alloc(desired->account_count * sizeof(*session->accounts));
	for (size_t i = 0; i < desired->account_count && is_good; i++) {
		struct live_account *account = &session->accounts[i];
		struct error err CLEANUP(error_release) = {0};
		account->account = &desired->accounts[i];
		is_good = find_lane(session, &lanes, account->account, &account->lane, &err);
		if (!is_good)
			term_error(&err);
	}
	table_free(&lanes);
	return is_good;
}

/* ---- plan ---- */

static bool settle(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	size_t count;
	struct change *changes AUTO_FREE = recover_changes(
		&session->ledger.state.model, &session->live, &session->arena, &count);

	for (size_t i = 0; i < count; i++)
		if (changes[i].kind == CHANGE_PUT)
			event_emit(session->sink, &(struct event){.type = EVENT_RECOVERED,
							  .object = changes[i].object});
	if (ledger_settle(&session->ledger, changes, count, &err))
		return true;
	term_error(&err);
	return false;
}

static bool make_plan(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	const struct planner_input input = {
		.desired = &session->desired,
		.recorded = &session->ledger.state.model,
		.live = &session->live,
		.adopt_all = session->cli->adopt,
	};

	if (!planner_plan(&input, &session->plan, &errors)) {
		term_errors(&errors);
		return false;
	}
	if (check_plan(&session->plan, &err))
		return true;
	term_error(&err);
	return false;
}

bool session_read_live(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!new_client(session) || !connect_accounts(session))
		return false;

	const struct live_input input = {
		.client = session->client,
		.accounts = session->accounts,
		.count = session->desired.account_count,
		.interrupted = &interrupt_count,
	};
	if (live_read(&input, &session->live, &errors))
		return true;
	term_errors(&errors);
	return false;
}

bool session_plan(struct session *session)
{
	return session_read_live(session) && settle(session) && make_plan(session);
}
