#include "base/text.h"
#include "manifest/reading.h"
#include "manifest/shape.h"

#include <string.h>

/*
 * Two aliases for one account would plan everything in it twice. The second account of an alias is
 * left out, so that its stores do not count as doubles, too.
 */
static void read_account(
	struct reading *r, struct spot at, struct table **aliases, struct table **ids)
{
	const char *alias = at.node->key->text;
	const struct yaml *id = yaml_get(at.node, "account_id");
	const struct yaml *token = yaml_get(at.node, "api_token");
	const struct spot *first = reading_first(r, aliases, alias, at);

	if (first) {
		error_set(reading_error(r, at), "account `%s` is declared twice, first at %s",
			alias, reading_where(r, reading_place(r, *first)));
		return;
	}
	first = reading_first(r, ids, id->text, at);
	if (first)
		error_set(reading_error(r, spot_of(at, id)),
			"`%s` and `%s` have the same account id, first at %s",
			first->node->key->text, alias, reading_where(r, reading_place(r, *first)));
	struct account *account = model_add_account(r->model, alias, id->text);
	account->place = reading_place(r, at);
	if (token)
		account->token = reference_read(r, spot_of(at, token));
}

static void read_named(struct reading *r)
{
	struct table *aliases = NULL, *ids = NULL;

	for (struct spot it = {0}; reading_next(r, "accounts", &it);)
		for (const struct yaml *node = it.node->first; node; node = node->next)
			read_account(r, spot_of(it, node), &aliases, &ids);
	table_free(&aliases);
	table_free(&ids);
}

static void read_single(struct reading *r, struct spot it)
{
	struct account *account = model_add_account(r->model, MODEL_DEFAULT_ALIAS, it.node->text);

	account->place = reading_place(r, it);
	while (reading_next(r, "account_id", &it)) {
		if (strcmp(it.node->text, account->id) == 0)
			continue;
		struct error *err = reading_error(r, it);
		error_set(err, "`account_id` is set twice with different ids, first at %s",
			reading_where(r, account->place));
		error_hint(err, "To manage several accounts, list them in `accounts`, each under "
				"an alias.");
	}
}

/* The id comes from the environment, so no schema has checked it. */
static void read_default(struct reading *r, const char *id, struct spot root)
{
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct account *account = model_add_account(r->model, MODEL_DEFAULT_ALIAS, id);
	struct error unusual = {0};

	account->place = reading_place(r, root);
	if (!shape_text_is_right(&schema_account_id, id, true, &why)) {
		text_add_quoted(&shown, id, 60);
		error_set(error_list_add(r->errors), "invalid CLOUDFLARE_ACCOUNT_ID %s: %s",
			str_text(&shown), str_text(&why));
	} else if (!shape_text_is_usual(&schema_account_id, id, id, &unusual)) {
		error_prefix(&unusual, "CLOUDFLARE_ACCOUNT_ID");
		error_move(error_list_add(r->warnings), &unusual);
	}
}

void accounts_read(struct reading *r, const char *default_account_id)
{
	const struct spot root = {0, r->documents->items[0].yaml.root};
	struct spot id = {0}, accounts = {0};
	bool has_id = reading_next(r, "account_id", &id);
	bool has_accounts = reading_next(r, "accounts", &accounts);

	if (has_id && has_accounts) {
		struct error *err = reading_error(r, id);
		error_set(err, "`account_id` can't be combined with `accounts`, which is at %s",
			reading_where(r, reading_place(r, spot_of(accounts, accounts.node->key))));
		error_hint(err, "Move the account into `accounts`, under an alias.");
	} else if (has_accounts) {
		read_named(r);
	} else if (has_id) {
		read_single(r, id);
	} else if (default_account_id) {
		read_default(r, default_account_id, root);
	} else {
		struct error *err = reading_error(r, root);
		error_set(err, "no account is set");
		error_hint(err,
			"Add `account_id: ...` (or `accounts`), or set CLOUDFLARE_ACCOUNT_ID.");
	}
}
