#include "recorded/mend.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for a change or more of each object of the state. */
static void mend_init(struct mend *mend, const struct state *state, size_t changes_each)
{
	size_t count = state->model.object_count;

	*mend = (struct mend){0};
	mend->changes = mem_alloc(count * changes_each * sizeof(*mend->changes));
	mend->objects = mem_alloc(count * sizeof(const struct object *));
}

static void drop(struct mend *mend, const struct object *object)
{
	mend->changes[mend->count++] = (struct change){CHANGE_DROP, object};
	mend->objects[mend->object_count++] = object;
}

void mend_release(struct mend *mend)
{
	arena_release(&mend->arena);
	free(mend->changes);
	free((void *)mend->objects);
	*mend = (struct mend){0};
}

/* ---- rm ---- */

static void refuse_pattern(const char *pattern, struct error_list *errors)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, pattern, strlen(pattern), 120);
	error_set(error_list_add(errors), "nothing in the state has the address %s",
		str_text(&shown));
}

bool mend_remove(const struct state *state, const char *const *patterns, size_t count,
	struct mend *ret_mend, struct error_list *errors)
{
	const struct model *model = &state->model;
	bool *is_used AUTO_FREE = mem_alloc(count * sizeof(*is_used));
	bool is_good = true;
	struct mend mend;

	mend_init(&mend, state, 1);
	for (size_t i = 0; i < model->object_count; i++) {
		bool is_wanted = false;
		for (size_t p = 0; p < count; p++) {
			bool matches = object_matches(&model->objects[i], patterns[p]);
			is_used[p] |= matches;
			is_wanted |= matches;
		}
		if (is_wanted)
			drop(&mend, &model->objects[i]);
	}
	for (size_t p = 0; p < count; p++) {
		if (is_used[p])
			continue;
		refuse_pattern(patterns[p], errors);
		is_good = false;
	}
	if (is_good)
		*ret_mend = mend;
	else
		mend_release(&mend);
	return is_good;
}

/* ---- mv ---- */

static bool refuse_rename(const char *from, const char *to, struct error *err)
{
	struct str a CLEANUP(str_release) = {0}, b CLEANUP(str_release) = {0};

	text_add_visible(&a, from, strlen(from), 120);
	text_add_visible(&b, to, strlen(to), 120);
	error_set(err,
		"%s can't become %s: names are the identity, and Cloudflare can't rename a "
		"store or move one to another account",
		str_text(&a), str_text(&b));
	return error_hint(err, "`state mv` renames an account's alias, as in: cfprov state mv "
			       "staging testing. To stop managing a store, use cfprov state rm.");
}

/* Aliases are shown as they are: the manifest's are letters, digits and the like. */
static bool check_aliases(
	const struct state *state, const char *from, const char *to, struct error *err)
{
	const struct account *account = model_account(&state->model, from);
	const struct account *other = model_account(&state->model, to);
	struct str a CLEANUP(str_release) = {0}, b CLEANUP(str_release) = {0};

	text_add_visible(&a, from, strlen(from), 120);
	text_add_visible(&b, to, strlen(to), 120);
	if (!account) {
		error_set(err, "the state has no account `%s`", str_text(&a));
		return error_hint(err, "cfprov show says which there are.");
	}
	if (!*to)
		return error_set(err, "the new alias is empty");
	if (!other)
		return true;
	if (other == account)
		return error_set(err, "`%s` is its name already", str_text(&b));
	error_set(err, "the state has an account `%s` already, with the id %s", str_text(&b),
		other->id);
	return error_hint(err, "Nothing was changed.");
}

bool mend_rename(const struct state *state, const char *from, const char *to, struct mend *ret_mend,
	struct error *err)
{
	const struct model *model = &state->model;
	struct mend mend;

	if (strchr(from, '/') || strchr(to, '/'))
		return refuse_rename(from, to, err);
	if (!check_aliases(state, from, to, err))
		return false;
	mend_init(&mend, state, 2);
	mend.account = *model_account(model, from);
	mend.account.alias = arena_text(&mend.arena, to);
	for (size_t i = 0; i < model->object_count; i++) {
		if (strcmp(model->objects[i].account, from) != 0)
			continue;
		struct object *moved = arena_alloc(&mend.arena, sizeof(*moved));
		*moved = model->objects[i];
		moved->account = mend.account.alias;
		drop(&mend, &model->objects[i]);
		mend.changes[mend.count++] = (struct change){CHANGE_PUT, moved};
	}
	if (!mend.count) {
		mend_release(&mend);
		return error_set(err, "nothing is recorded under `%s`", from);
	}
	*ret_mend = mend;
	return true;
}

/* ---- push ---- */

/* The same but for the serial, and for the version of cfprov that wrote it? */
static bool is_same_content(const struct state *a, const struct state *b)
{
	struct str x CLEANUP(str_release) = {0}, y CLEANUP(str_release) = {0};
	struct state like_a = *b;

	like_a.serial = a->serial;
	state_encode(a, &x);
	state_encode(&like_a, &y);
	return x.length == y.length && memcmp(x.bytes, y.bytes, x.length) == 0;
}

enum mend_verdict mend_replace(
	const struct state *state, const struct state *other, struct error *err)
{
	long long old = (long long)state->serial, new = (long long)other->serial;

	if (!state->lineage[0])
		return MEND_REPLACE;
	if (strcmp(state->lineage, other->lineage) != 0) {
		error_set(err,
			"it is not a later form of the state there is: its lineage is %s, "
			"not %s",
			other->lineage, state->lineage);
		error_hint(err, "Is it the right file? -force puts it in the place of what there "
				"is, which is kept as a backup.");
		return MEND_REFUSE;
	}
	if (new > old)
		return MEND_REPLACE;
	if (new == old && is_same_content(state, other))
		return MEND_SAME;
	if (new < old)
		error_set(err, "its serial %lld is lower than %lld, that of the state there is",
			new, old);
	else
		error_set(err, "it has the serial %lld, as the state there is, but other content",
			new);
	error_hint(err, "Pull the state again and make your change in that, with a higher "
			"`serial`. -force puts it in the place of what there is, all the same.");
	return MEND_REFUSE;
}
