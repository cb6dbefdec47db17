#include "model/address.h"

#include "base/text.h"

#include <fnmatch.h>
#include <string.h>

enum { MOST_GUESSES = 3, MOST_COLUMNS = 120 };

/* The alias of the only account; NULL: there is none, or several. */
static const char *only_alias(const struct address_scope *scope)
{
	const char *only = NULL;

	for (size_t m = 0; m < ARRAY_SIZE(scope->models); m++) {
		const struct model *model = scope->models[m];
		for (size_t i = 0; model && i < model->account_count; i++) {
			const char *alias = model->accounts[i].alias;
			if (only && strcmp(only, alias) != 0)
				return NULL;
			only = alias;
		}
	}
	return only;
}

/* Is the first part of the address, which may be a pattern, an alias? */
static bool begins_with_alias(const struct address_scope *scope, const char *typed)
{
	char *first AUTO_FREE = mem_copy_text(typed);

	first[strcspn(first, "/")] = '\0';
	for (size_t m = 0; m < ARRAY_SIZE(scope->models); m++) {
		const struct model *model = scope->models[m];
		for (size_t i = 0; model && i < model->account_count; i++)
			if (strcmp(first, model->accounts[i].alias) == 0 ||
				fnmatch(first, model->accounts[i].alias, 0) == 0)
				return true;
	}
	return false;
}

/* Is the first part a store of this account? */
static bool begins_with_store(
	const struct address_scope *scope, const char *alias, const char *typed)
{
	struct str store CLEANUP(str_release) = {0};

	str_format(&store, "%s/%.*s", alias, (int)strcspn(typed, "/"), typed);
	for (size_t m = 0; m < ARRAY_SIZE(scope->models); m++) {
		const struct model *model = scope->models[m];
		for (size_t i = 0; model && i < model->object_count; i++)
			if (object_matches(&model->objects[i], str_text(&store)))
				return true;
	}
	return false;
}

const char *address_complete(
	const struct address_scope *scope, const char *typed, struct arena *arena)
{
	const char *alias = only_alias(scope), *slash = strchr(typed, '/');
	bool is_whole = slash && strchr(slash + 1, '/');

	if (!alias || is_whole || begins_with_alias(scope, typed) ||
		!begins_with_store(scope, alias, typed))
		return typed;
	return arena_format(arena, "%s/%s", alias, typed);
}

/* ---- did you mean ---- */

/* How an address explains what was typed, best first. */
enum likeness { WITHOUT_ALIAS, MISSPELLED, OTHER_ALIAS, UNLIKE };

struct guesses {
	const char *typed;
	enum likeness likeness;
	struct str text;
	size_t count;
};

/* Part by part: a/b is not like a/c, although one edit of the whole is little. */
static bool is_near(const char *typed, const char *known)
{
	char *a AUTO_FREE = mem_copy_text(typed), *b AUTO_FREE = mem_copy_text(known);
	char *x = a, *y = b;

	while (x && y) {
		const char *mine = strsep(&x, "/"), *its = strsep(&y, "/");
		if (strcmp(mine, its) != 0 && !text_is_near(mine, its))
			return false;
	}
	return !x && !y;
}

static enum likeness likeness_of(const char *typed, const char *address)
{
	const char *inside = strchr(address, '/') + 1, *tail = strchr(typed, '/');

	if (strcmp(typed, inside) == 0)
		return WITHOUT_ALIAS;
	if (is_near(typed, address) || is_near(typed, inside))
		return MISSPELLED;
	return tail && strcmp(tail + 1, inside) == 0 ? OTHER_ALIAS : UNLIKE;
}

static void consider(struct guesses *guesses, const struct object *object)
{
	char *address AUTO_FREE = object_address(object);
	enum likeness likeness = likeness_of(guesses->typed, address);

	if (likeness > guesses->likeness || likeness == UNLIKE)
		return;
	if (likeness < guesses->likeness) {
		str_clear(&guesses->text);
		guesses->count = 0;
	}
	guesses->likeness = likeness;
	/* One spelling is enough; of several accounts, the user means one. */
	if (guesses->count == (likeness == MISSPELLED ? 1 : MOST_GUESSES))
		return;
	str_text_add(&guesses->text, guesses->count++ ? " or " : "");
	text_add_visible(&guesses->text, address, strlen(address), MOST_COLUMNS);
}

void address_add_guess(const struct address_scope *scope, const char *typed, struct str *out)
{
	const struct model *first = scope->models[0], *second = scope->models[1];
	struct guesses guesses = {.typed = typed, .likeness = UNLIKE};

	for (size_t i = 0; first && i < first->object_count; i++)
		consider(&guesses, &first->objects[i]);
	for (size_t i = 0; second && i < second->object_count; i++)
		if (!first || !model_find(first, &second->objects[i]))
			consider(&guesses, &second->objects[i]);
	if (guesses.count) {
		str_format(out, "; did you mean %s", str_text(&guesses.text));
		if (guesses.likeness == WITHOUT_ALIAS && begins_with_alias(scope, typed)) {
			char *alias AUTO_FREE = text_visible(typed, MOST_COLUMNS);
			alias[strcspn(alias, "/")] = '\0';
			str_format(out, " (`%s` is an account)", alias);
		}
		str_char(out, '?');
	}
	str_release(&guesses.text);
}
