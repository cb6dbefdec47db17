#include "desired/export.h"

#include "base/text.h"
#include "desired/shape.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- words ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* YAML 1.1 and 1.2: would this plain scalar be anything but text to some reader? */
static bool must_quote(const char *word)
{
	static const char *const others[] = {
		"true", "false", "yes", "no", "on", "off", "y", "n", "null"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcasecmp(word, others[i]) == 0)
			return true;
	return !is_letter(word[0]);
}

/* Words have passed the schema: no character in them needs an escape. */
static void add_word(struct str *out, const char *word)
{
	const char *quote = must_quote(word) ? "\"" : "";

	str_format(out, "%s%s%s", quote, word, quote);
}

/* ---- accounts ---- */

static bool is_single(const struct model *accounts)
{
	const struct account *first = accounts->accounts;

	return accounts->account_count == 1 && first->token.kind == VALUE_NONE &&
	       strcmp(first->alias, MODEL_DEFAULT_ALIAS) == 0;
}

static void add_accounts(struct str *out, const struct model *accounts)
{
	if (is_single(accounts)) {
		str_text_add(out, "account_id: ");
		add_word(out, accounts->accounts[0].id);
		str_text_add(out, "\n\n");
		return;
	}
	str_text_add(out, "accounts:\n");
	for (size_t i = 0; i < accounts->account_count; i++) {
		const struct account *account = &accounts->accounts[i];
		str_text_add(out, "  ");
		add_word(out, account->alias);
		str_text_add(out, ":\n    account_id: ");
		add_word(out, account->id);
		str_char(out, '\n');
		if (account->token.kind != VALUE_ENV)
			continue;
		str_text_add(out, "    api_token: {env: ");
		add_word(out, account->token.name);
		str_text_add(out, "}\n");
	}
	str_char(out, '\n');
}

/* ---- stores ---- */

/* Why the manifest can't hold this store; false: it can. */
static bool is_unfit(const struct model *live, size_t index, struct str *why)
{
	const struct object *object = &live->objects[index];
	bool is_double =
		(index && object_compare(object, object - 1) == 0) ||
		(index + 1 < live->object_count && object_compare(object, object + 1) == 0);

	if (!shape_text_is_right(&schema_store_name, object->store, true, why))
		return true;
	if (is_double)
		str_text_add(why, "several stores have this name");
	return is_double;
}

static void leave_out(
	const struct object *object, const char *why, struct str *out, struct error_list *notes)
{
	struct str name CLEANUP(str_release) = {0};

	text_add_visible(&name, object->store, strlen(object->store), 0);
	str_format(out, "# Left out: the store \"%s\" of %s (id %s): %s.\n", str_text(&name),
		object->account, object->id, why);
	error_set(error_list_add(notes),
		"the store \"%s\" of %s (id %s) can't stand in a manifest: %s", str_text(&name),
		object->account, object->id, why);
}

static int compare_names(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a;
	const struct object *y = *(const struct object *const *)b;
	int order = strcmp(x->store, y->store);

	return order ? order : strcmp(x->account, y->account);
}

/* One name, and the accounts that it lives in. */
static void add_store(
	struct str *out, const struct object *const *same, size_t count, size_t accounts)
{
	if (count == accounts) {
		str_text_add(out, "  - ");
		add_word(out, same[0]->store);
		str_char(out, '\n');
		return;
	}
	str_text_add(out, "  - name: ");
	add_word(out, same[0]->store);
	str_text_add(out, "\n    accounts: [");
	for (size_t i = 0; i < count; i++) {
		str_text_add(out, i ? ", " : "");
		add_word(out, same[i]->account);
	}
	str_text_add(out, "]\n");
}

/* Gives (free) those that can be written, by name; adds a comment for each of the others. */
static const struct object **choose(
	const struct model *live, size_t *ret_count, struct str *out, struct error_list *notes)
{
	const struct object **chosen =
		mem_alloc(live->object_count * sizeof(const struct object *));
	size_t count = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		struct str why CLEANUP(str_release) = {0};
		if (live->objects[i].kind != OBJECT_STORE)
			continue;
		if (is_unfit(live, i, &why))
			leave_out(&live->objects[i], str_text(&why), out, notes);
		else
			chosen[count++] = &live->objects[i];
	}
	if (count)
		qsort(chosen, count, sizeof(const struct object *), compare_names);
	*ret_count = count;
	return chosen;
}

size_t export_manifest(const struct model *accounts, const struct model *live, struct str *out,
	struct error_list *notes)
{
	struct str comments CLEANUP(str_release) = {0};
	size_t count;
	const struct object **chosen = choose(live, &count, &comments, notes);

	str_text_add(out, "# What lives in Cloudflare Secrets Store, as cfprov export found it.\n"
			  "# cfprov apply -adopt takes it into the state.\n\n");
	add_accounts(out, accounts);
	str_text_add(out, count ? "stores:\n" : "stores: [] # nothing lives there yet\n");
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (strcmp(chosen[i]->store, chosen[next]->store) != 0)
				break;
		add_store(out, chosen + i, next - i, accounts->account_count);
	}
	if (comments.length)
		str_format(out, "\n%s", str_text(&comments));
	free((void *)chosen);
	return count;
}
