#include "accounts.h"

#include "base/text.h"
#include "manifest/manifest.h"
#include "manifest/pick.h"
#include "manifest/shape.h"
#include "term.h"

#include <string.h>
#include <unistd.h>

/*
 * No manifest gives the account an alias. It has the state's, if that was read and has a valid one;
 * else one account alone is `default`, unless the state has another account of that name, and
 * several are called by their ids.
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
	char *shown AUTO_FREE = text_visible(id, 60);

	if (!shape_text_is_right(&schema_account_id, id, true, &why))
		return term_fail(
			NULL, "`%s` can't be the id of an account: %s", shown, str_text(&why));
	for (size_t i = 0; i < desired->account_count; i++)
		if (strcmp(desired->accounts[i].id, id) == 0)
			return term_fail(NULL, "-account-id=%s is given twice", shown);
	if (!shape_text_is_usual(&schema_account_id, id, id, &unusual))
		term_warning(unusual.message);
	model_add_account(desired, alias_of(session, id, is_alone), id);
	return true;
}

static bool pick(struct session *session)
{
	const struct cli_texts *accounts = &session->cli->accounts;
	const struct pick pick = {"those given", accounts->items, accounts->count};
	struct error err CLEANUP(error_release) = {0};

	model_sort(&session->desired);
	return pick_accounts(&pick, &session->desired, &err) || term_error(&err);
}

bool accounts_are_of_manifest(const struct cli *cli)
{
	return !cli->account_ids.count &&
	       (cli->manifests.count || access(MANIFEST_DEFAULT_PATH, F_OK) == 0);
}

bool accounts_load(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *id = session_account_id();
	size_t count = cli->account_ids.count;

	for (size_t i = 0; i < count; i++)
		if (!add_account(session, cli->account_ids.items[i], count == 1))
			return false;
	if (count)
		return pick(session);
	if (accounts_are_of_manifest(cli))
		return session_load_manifest(session);
	if (id)
		return add_account(session, id, true) && pick(session);
	return term_fail("Name it with -account-id=ID, in CLOUDFLARE_ACCOUNT_ID, or in a manifest.",
		"no account is named");
}
