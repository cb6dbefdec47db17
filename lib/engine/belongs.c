#include "engine/belongs.h"

#include "base/text.h"

#include <string.h>

static bool refuse_alias(
	const struct account *known, const struct account *account, struct error *err)
{
	error_set(err, "the state knows `%s` as the account %s, the manifest as %s", account->alias,
		known->id, account->id);
	return error_hint(
		err, "Give the other account another alias, or use another state (-state).");
}

static bool refuse_account(
	const struct account *known, const struct account *account, struct error *err)
{
	struct str alias CLEANUP(str_release) = {0};

	text_add_visible(&alias, known->alias, strlen(known->alias), 80);
	error_set(err, "the state knows the account %s as `%s`, the manifest as `%s`", account->id,
		str_text(&alias), account->alias);
	return error_hint(err, "If that is its new name: cfprov state mv %s %s", str_text(&alias),
		account->alias);
}

bool belongs_check(const struct model *recorded, const struct account *account, struct error *err)
{
	const struct account *known = model_account(recorded, account->alias);
	size_t count, unresolved;

	if (known && strcmp(known->id, account->id) != 0)
		return refuse_alias(known, account, err);
	for (size_t i = 0; i < recorded->account_count && !known; i++) {
		const struct account *other = &recorded->accounts[i];
		if (strcmp(other->id, account->id) != 0)
			continue;
		belongs_count(recorded, other->alias, &count, &unresolved);
		if (count)
			return refuse_account(other, account, err);
	}
	return true;
}

/* Of the objects of a sorted model, the first whose account is not before the alias. */
static size_t first_of(const struct model *model, const char *alias)
{
	size_t low = 0, high = model->object_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(model->objects[middle].account, alias) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void belongs_count(
	const struct model *recorded, const char *alias, size_t *ret_count, size_t *ret_unresolved)
{
	size_t first = first_of(recorded, alias), at = first;

	*ret_unresolved = 0;
	for (; at < recorded->object_count; at++) {
		if (strcmp(recorded->objects[at].account, alias) != 0)
			break;
		*ret_unresolved += recorded->objects[at].is_unresolved;
	}
	*ret_count = at - first;
}
