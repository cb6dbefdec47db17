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

/* Where the new alias is free, the old one can give way to it. */
static bool refuse_account(const struct account *before, const struct account *account,
	bool is_free, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};
	const char *old;

	text_add_visible(&text, before->alias, strlen(before->alias), 120);
	old = str_text(&text);
	error_set(err, "the state knows the account %s as `%s`, the manifest as `%s`", account->id,
		old, account->alias);
	if (!is_free)
		return error_hint(err, "Keep the alias `%s`, or use another state (-state).", old);
	return error_hint(err,
		"If that is its new name, write `moved: [{from: %s, to: %s}]`, or do it at once: "
		"cfprov state mv %s %s",
		old, account->alias, old, account->alias);
}

bool belongs_check(const struct model *recorded, const struct account *account, struct error *err)
{
	const struct account *known = model_account(recorded, account->alias);
	size_t count, unresolved;

	if (known && strcmp(known->id, account->id) == 0)
		return true;
	for (size_t i = 0; i < recorded->account_count; i++) {
		const struct account *other = &recorded->accounts[i];
		if (strcmp(other->id, account->id) != 0)
			continue;
		belongs_count(recorded, other->alias, &count, &unresolved);
		if (count)
			return refuse_account(other, account, !known, err);
	}
	return !known || refuse_alias(known, account, err);
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
