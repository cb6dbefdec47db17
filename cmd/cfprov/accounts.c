#include "accounts.h"

#include "base/text.h"
#include "desired/manifest.h"
#include "desired/pick.h"
#include "desired/shape.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An account alone is `default`; several are called by their ids. */
static bool add_account(struct session *session, const char *id, const char *alias)
{
	struct error err CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct model *desired = &session->desired;

	text_add_visible(&shown, id, strlen(id), 60);
	if (!shape_text_is_right(&schema_account_id, id, true, &why))
		error_set(&err, "`%s` can't be the id of an account: %s", str_text(&shown),
			str_text(&why));
	for (size_t i = 0; i < desired->account_count && !err.message; i++)
		if (strcmp(desired->accounts[i].id, id) == 0)
			error_set(&err, "-account-id=%s is given twice", str_text(&shown));
	if (!err.message) {
		model_add_account(desired, alias, id);
		return true;
	}
	term_error(&err);
	return false;
}

static bool pick(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct pick pick = {"those given", cli->accounts.items, cli->accounts.count};
	struct error err CLEANUP(error_release) = {0};

	model_sort(&session->desired);
	if (pick_accounts(&pick, &session->desired, &err))
		return true;
	term_error(&err);
	return false;
}

static bool has_manifest(const struct cli *cli)
{
	return cli->manifests.count > 0 || access(MANIFEST_DEFAULT_PATH, F_OK) == 0;
}

bool accounts_load(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *id = getenv("CLOUDFLARE_ACCOUNT_ID");
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < cli->account_ids.count; i++)
		if (!add_account(session, cli->account_ids.items[i],
			    cli->account_ids.count == 1 ? MODEL_DEFAULT_ALIAS
							: cli->account_ids.items[i]))
			return false;
	if (cli->account_ids.count)
		return pick(session);
	if (has_manifest(cli))
		return session_load_manifest(session);
	if (id && *id)
		return add_account(session, id, MODEL_DEFAULT_ALIAS) && pick(session);
	error_set(&err, "no account is named");
	error_hint(
		&err, "Name it with -account-id=ID, in CLOUDFLARE_ACCOUNT_ID, or in a manifest.");
	term_error(&err);
	return false;
}
