#include "accounts.h"

#include "base/text.h"
#include "manifest/manifest.h"
#include "manifest/pick.h"
#include "manifest/shape.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A state that somebody changed may call an account anything. */
static bool is_alias(const char *text)
{
	struct str why CLEANUP(str_release) = {0};

	return shape_text_is_right(&schema_alias, text, false, &why);
}

/*
 * No manifest gives the account an alias. So it has the one of the state, if that was read and
 * knows it; else one alone is `default`, unless another account is that there, and several are
 * called by their ids.
 */
static const char *alias_of(const struct session *session, const char *id, bool is_alone)
{
	const struct model *recorded = &session->ledger.state.model;
	size_t count = session->has_ledger ? recorded->account_count : 0;
	bool is_taken = false;

	for (size_t i = 0; i < count; i++) {
		const struct account *known = &recorded->accounts[i];
		if (strcmp(known->id, id) == 0 && is_alias(known->alias))
			return known->alias;
		is_taken |= strcmp(known->alias, MODEL_DEFAULT_ALIAS) == 0;
	}
	return is_alone && !is_taken ? MODEL_DEFAULT_ALIAS : id;
}

static bool add_account(struct session *session, const char *id, bool is_alone)
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
		struct error unusual CLEANUP(error_release) = {0};
		if (!shape_text_is_usual(&schema_account_id, id, id, &unusual))
			term_warning(unusual.message);
		model_add_account(desired, alias_of(session, id, is_alone), id);
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

bool accounts_are_of_manifest(const struct cli *cli)
{
	return !cli->account_ids.count &&
	       (cli->manifests.count || access(MANIFEST_DEFAULT_PATH, F_OK) == 0);
}

bool accounts_load(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *id = getenv("CLOUDFLARE_ACCOUNT_ID");
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < cli->account_ids.count; i++)
		if (!add_account(session, cli->account_ids.items[i], cli->account_ids.count == 1))
			return false;
	if (cli->account_ids.count)
		return pick(session);
	if (accounts_are_of_manifest(cli))
		return session_load_manifest(session);
	if (id && *id)
		return add_account(session, id, true) && pick(session);
	error_set(&err, "no account is named");
	error_hint(
		&err, "Name it with -account-id=ID, in CLOUDFLARE_ACCOUNT_ID, or in a manifest.");
	term_error(&err);
	return false;
}
