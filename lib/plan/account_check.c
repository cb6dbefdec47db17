#include "plan/account_check.h"

#include "base/text.h"

#include <string.h>

/* `is_free`: the new alias is, so the old one can be renamed to it. */
static bool refuse_account(const struct account *before, const struct account *account,
	bool is_free, struct error *err)
{
	char *old AUTO_FREE = text_visible(before->alias, 120);

	error_set(err, "account `%s`: the state calls this account `%s` (id %s)", account->alias,
		old, account->id);
	if (!is_free)
		return error_hint(err, "Keep the alias `%s`, or use another state (-state).", old);
	return error_hint(err,
		"If you renamed it, add `moved: [{from: %s, to: %s}]` to the manifest, or run: "
		"cfprov state mv %s %s",
		old, account->alias, old, account->alias);
}

bool account_check(const struct model *recorded, const struct account *account, struct error *err)
{
	const struct account *known = model_account(recorded, account->alias);
	bool is_free = !known || !model_first_in(recorded, known->alias);

	if (known && strcmp(known->id, account->id) == 0)
		return true;
	for (size_t i = 0; i < recorded->account_count; i++) {
		const struct account *other = &recorded->accounts[i];
		if (strcmp(other->id, account->id) == 0 && model_first_in(recorded, other->alias))
			return refuse_account(other, account, is_free, err);
	}
	if (is_free)
		return true;
	error_set(err, "account `%s`: its id is %s in the state and %s in the manifest",
		account->alias, known->id, account->id);
	return error_hint(
		err, "Use another alias for the new account, or use another state (-state).");
}

void account_check_count(
	const struct model *recorded, const char *alias, size_t *ret_count, size_t *ret_unresolved)
{
	struct objects all = model_in_account(recorded, alias);

	*ret_count = all.count;
	*ret_unresolved = 0;
	for (size_t i = 0; i < all.count; i++)
		*ret_unresolved += object_is_unresolved(&all.items[i]);
}
