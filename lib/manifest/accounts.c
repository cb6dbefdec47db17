#include "base/text.h"
#include "manifest/reading.h"
#include "manifest/shape.h"

#include <string.h>

/* The accounts in `accounts` so far: alias or id -> struct spot of the account. */
struct named {
	struct table *aliases, *ids;
};

static const char *where(struct reading *r, const struct spot *spot, const struct yaml *node)
{
	struct place place = reading_place(r, spot->document, node);

	return reading_where(r, &place);
}

/*
 * Two aliases for one account would plan everything in it twice. The second account of an alias is
 * left out, so that its stores do not count as doubles, too.
 */
static void read_account(struct reading *r, struct named *named, const struct spot *at)
{
	const struct yaml *node = at->node, *token = yaml_get(node, "api_token");
	const struct yaml *id = yaml_get(node, "account_id");
	const struct spot *first = table_get(named->aliases, node->key->text);
	struct spot *kept = arena_alloc(&r->arena, sizeof(*kept));

	if (first) {
		error_set(reading_error(r, at->document, node),
			"the account `%s` stands twice, first in %s", node->key->text,
			where(r, first, first->node));
		return;
	}
	*kept = *at;
	table_put(&named->aliases, node->key->text, kept);
	first = table_put(&named->ids, id->text, kept);
	if (first)
		error_set(reading_error(r, at->document, id),
			"`%s` and `%s` are the same account; the first stands in %s",
			first->node->key->text, node->key->text, where(r, first, first->node));
	struct account *account = model_add_account(r->model, node->key->text, id->text);
	reading_note(r, id->written, account->id);
	account->place = reading_place(r, at->document, node);
	if (token)
		account->token = reference_read(r, at->document, token);
}

static void read_named(struct reading *r)
{
	struct named named = {0};

	for (struct spot it = {0}; reading_next(r, "accounts", &it);)
		for (const struct yaml *node = it.node->first; node; node = node->next)
			read_account(r, &named, &(struct spot){it.document, node});
	table_free(&named.aliases);
	table_free(&named.ids);
}

static void read_single(struct reading *r, const struct spot *first)
{
	struct account *account =
		model_add_account(r->model, MODEL_DEFAULT_ALIAS, first->node->text);

	account->place = reading_place(r, first->document, first->node);
	for (struct spot it = *first; reading_next(r, "account_id", &it);) {
		if (strcmp(it.node->text, account->id) == 0)
			continue;
		struct error *err = reading_error(r, it.document, it.node);
		error_set(err, "another `account_id` stands in %s",
			reading_where(r, &account->place));
		error_hint(err, "Several accounts stand in `accounts`, each under an alias.");
	}
}

/* The id comes from the environment, so no schema has checked it. */
static void read_default(struct reading *r, const char *id)
{
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct account *account = model_add_account(r->model, MODEL_DEFAULT_ALIAS, id);
	struct error unusual = {0};

	account->place = reading_place(r, 0, r->documents->items[0].yaml.root);
	if (!shape_text_is_right(&schema_account_id, id, true, &why)) {
		text_add_visible(&shown, id, strlen(id), 60);
		error_set(error_list_add(r->errors), "CLOUDFLARE_ACCOUNT_ID can't be `%s`: %s",
			str_text(&shown), str_text(&why));
	} else if (!shape_text_is_usual(&schema_account_id, id, id, &unusual)) {
		error_prefix(&unusual, "CLOUDFLARE_ACCOUNT_ID");
		error_move(error_list_add(r->warnings), &unusual);
	}
}

void accounts_read(struct reading *r, const char *default_account_id)
{
	struct spot id = {0}, accounts = {0};
	bool has_id = reading_next(r, "account_id", &id);
	bool has_accounts = reading_next(r, "accounts", &accounts);

	if (has_id && has_accounts) {
		struct error *err = reading_error(r, id.document, id.node);
		error_set(err,
			"both `account_id` and `accounts` are given; `accounts` stands in %s",
			where(r, &accounts, accounts.node->key));
		error_hint(err, "Move the account into `accounts`, under an alias.");
	} else if (has_accounts) {
		read_named(r);
	} else if (has_id) {
		read_single(r, &id);
	} else if (default_account_id) {
		read_default(r, default_account_id);
	} else {
		struct error *err = reading_error(r, 0, r->documents->items[0].yaml.root);
		error_set(err, "no account is named");
		error_hint(err,
			"Add `account_id: ...` (or `accounts`), or set CLOUDFLARE_ACCOUNT_ID.");
	}
}
