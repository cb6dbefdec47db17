#include "state/state_edit.h"

#include "adapter/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for a change or more of each object of the state. */
static void state_edit_init(struct state_edit *mend, const struct state *state, size_t changes_each)
{
	size_t count = state->model.object_count;

	*mend = (struct state_edit){0};
	mend->changes = mem_alloc(count * changes_each * sizeof(*mend->changes));
	mend->objects = mem_alloc(count * sizeof(const struct object *));
	mend->accounts = mem_alloc(state->model.account_count * sizeof(*mend->accounts));
	mend->old_aliases = mem_alloc(state->model.account_count * sizeof(const char *));
}

static void drop(struct state_edit *mend, const struct object *object)
{
	mend->changes[mend->count++] = (struct change){CHANGE_DROP, object};
	mend->objects[mend->object_count++] = object;
}

void state_edit_release(struct state_edit *mend)
{
	arena_release(&mend->arena);
	free(mend->changes);
	free((void *)mend->objects);
	free(mend->accounts);
	free((void *)mend->old_aliases);
	*mend = (struct state_edit){0};
}

struct state_fold state_edit_fold(const struct state_edit *mend)
{
	return (struct state_fold){
		.changes = mend->changes,
		.change_count = mend->count,
		.accounts = mend->accounts,
		.account_count = mend->account_count,
	};
}

/* ---- rm ---- */

static void refuse_pattern(const char *pattern, struct error_list *errors)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, pattern, strlen(pattern), 120);
	error_set(error_list_add(errors), "nothing in the state has the address %s",
		str_text(&shown));
}

bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *ret_mend, struct error_list *errors)
{
	const struct model *model = &state->model;
	bool *is_used AUTO_FREE = mem_alloc(count * sizeof(*is_used));
	bool is_good = true;
	struct state_edit mend;

	state_edit_init(&mend, state, 1);
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
		state_edit_release(&mend);
	return is_good;
}

/* ---- mv ---- */

/* Are these two names of secrets in one store? */
static bool is_in_one_store(const char *from, const char *to)
{
	const char *last = strrchr(from, '/');

	return last && strchr(from, '/') != last &&
	       strncmp(from, to, (size_t)(last - from) + 1) == 0 &&
	       !strchr(to + (last - from) + 1, '/');
}

static bool refuse_rename(const char *from, const char *to, struct error *err)
{
	struct str a CLEANUP(str_release) = {0}, b CLEANUP(str_release) = {0};

	text_add_visible(&a, from, strlen(from), 120);
	text_add_visible(&b, to, strlen(to), 120);
	if (is_in_one_store(from, to)) {
		error_set(err,
			"%s can't become %s in the state alone: Cloudflare would go on to call it "
			"by its old name",
			str_text(&a), str_text(&b));
		return error_hint(err, "Write `from` and `to` under `moved` in the manifest: the "
				       "next apply renames the secret in Cloudflare, too.");
	}
	error_set(err,
		"%s can't become %s: names are the identity, and Cloudflare can't rename a store "
		"or move what is in it elsewhere",
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

/* All that is recorded under the alias comes under another one. */
static void rename_alias(struct state_edit *mend, const struct model *model,
	const struct account *account, const char *to)
{
	struct account *now = &mend->accounts[mend->account_count];

	now->alias = arena_text(&mend->arena, to);
	now->id = arena_text(&mend->arena, account->id);
	mend->old_aliases[mend->account_count++] = arena_text(&mend->arena, account->alias);
	for (size_t i = 0; i < model->object_count; i++) {
		if (strcmp(model->objects[i].account, account->alias) != 0)
			continue;
		struct object *moved = arena_alloc(&mend->arena, sizeof(*moved));
		*moved = model->objects[i];
		moved->account = now->alias;
		drop(mend, &model->objects[i]);
		mend->changes[mend->count++] = (struct change){CHANGE_PUT, moved};
	}
}

static int compare_moves(const void *a, const void *b)
{
	const struct plan_move *x = a, *y = b;

	return object_compare(x->object, y->object);
}

const struct plan_move *state_edit_moves(
	const struct state_edit *mend, struct arena *arena, size_t *ret_count)
{
	struct plan_move *moves = arena_alloc(arena, mend->count * sizeof(*moves));
	size_t count = 0;

	/* A rename drops what it puts elsewhere right behind. */
	for (size_t i = 1; i < mend->count; i++) {
		const struct object *before = mend->changes[i - 1].object;
		const struct object *after = mend->changes[i].object;
		if (mend->changes[i].kind != CHANGE_PUT)
			continue;
		struct str from CLEANUP(str_release) = {0};
		struct object *to = arena_alloc(arena, sizeof(*to));
		object_add_address(&from, before);
		*to = (struct object){.kind = after->kind,
			.account = arena_text(arena, after->account),
			.store = arena_text(arena, after->store),
			.secret = after->secret ? arena_text(arena, after->secret) : NULL};
		moves[count++] = (struct plan_move){arena_text(arena, str_text(&from)), to};
	}
	if (count)
		qsort(moves, count, sizeof(*moves), compare_moves);
	*ret_count = count;
	return moves;
}

bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *ret_mend, struct error *err)
{
	const struct model *model = &state->model;
	struct state_edit mend;

	if (strchr(from, '/') || strchr(to, '/'))
		return refuse_rename(from, to, err);
	if (!check_aliases(state, from, to, err))
		return false;
	state_edit_init(&mend, state, 2);
	rename_alias(&mend, model, model_account(model, from), to);
	if (!mend.count) {
		state_edit_release(&mend);
		return error_set(err, "nothing is recorded under `%s`", from);
	}
	*ret_mend = mend;
	return true;
}

/* ---- moved ---- */

/* By the alias where each begins. */
static struct table *alias_moves(const struct model *desired)
{
	struct table *moves = NULL;

	for (size_t i = 0; i < desired->move_count; i++)
		if (!strchr(desired->moves[i].from, '/'))
			table_put(&moves, desired->moves[i].from, &desired->moves[i]);
	return moves;
}

/* Lends the alias at the end of the chain. */
static const char *end_of(const struct table *moves, const char *alias)
{
	const struct move *move;

	while ((move = table_get(moves, alias)))
		alias = move->to;
	return alias;
}

static bool refuse_move(const struct move *move, struct error *err)
{
	error_hint(err, "Nothing was moved.");
	return move->place.file &&
	       error_at(err, move->place.file, move->place.line, move->place.column);
}

/* Two accounts would have one alias; at least one of them moves there. */
static bool refuse_clash(const struct table *moves, const struct account *a,
	const struct account *b, const char *end, struct error *err)
{
	const struct account *mover = strcmp(a->alias, end) == 0 ? b : a;
	const struct account *other = mover == a ? b : a;

	if (strcmp(other->alias, end) == 0)
		error_set(err, "`%s` can't become `%s`: the state has that already, with the id %s",
			mover->alias, end, other->id);
	else
		error_set(err, "`%s` and `%s` can't both become `%s`", a->alias, b->alias, end);
	return refuse_move(table_get(moves, mover->alias), err);
}

static bool refuse_account(const struct table *moves, const struct account *account,
	const struct account *desired, struct error *err)
{
	error_set(err,
		"`%s` can't become `%s`: it is the account %s, and the manifest has %s there",
		account->alias, desired->alias, account->id, desired->id);
	return refuse_move(table_get(moves, account->alias), err);
}

struct moving {
	const struct model *recorded, *desired;
	const struct table *moves;
	struct table *ends; /* the aliases that the state will have, and whose they are now */
	struct state_edit *mend;
};

static bool move_account(struct moving *m, struct account *account, struct error *err)
{
	bool moves_on =
		table_get(m->moves, account->alias) && model_first_in(m->recorded, account->alias);
	const char *end = moves_on ? end_of(m->moves, account->alias) : account->alias;
	const struct account *desired = moves_on ? model_account(m->desired, end) : NULL;
	const struct account *other = table_put(&m->ends, end, account);

	if (other)
		return refuse_clash(m->moves, other, account, end, err);
	if (desired && strcmp(desired->id, account->id) != 0)
		return refuse_account(m->moves, account, desired, err);
	if (moves_on)
		rename_alias(m->mend, m->recorded, account, end);
	return true;
}

bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *ret_mend, struct error *err)
{
	struct table *moves = alias_moves(desired);
	struct state_edit mend;
	struct moving m = {&state->model, desired, moves, NULL, &mend};

	state_edit_init(&mend, state, 2);
	bool is_good = true;
	for (size_t i = 0; i < state->model.account_count && is_good; i++)
		is_good = move_account(&m, &state->model.accounts[i], err);
	table_free(&moves);
	table_free(&m.ends);
	if (is_good)
		*ret_mend = mend;
	else
		state_edit_release(&mend);
	return is_good;
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

enum state_edit_verdict state_edit_replace(
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
