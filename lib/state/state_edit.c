#include "state/state_edit.h"

#include "adapter/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void add_change(struct state_edit *edit, enum change_kind kind, const struct object *object)
{
	edit->changes = mem_room(edit->changes, edit->count, &edit->room, sizeof(*edit->changes));
	edit->changes[edit->count++] = (struct change){kind, object};
}

void state_edit_release(struct state_edit *edit)
{
	arena_release(&edit->arena);
	free(edit->changes);
	free(edit->accounts);
	free((void *)edit->old_aliases);
	*edit = (struct state_edit){0};
}

struct state_fold state_edit_fold(const struct state_edit *edit)
{
	return (struct state_fold){
		.changes = edit->changes,
		.change_count = edit->count,
		.accounts = edit->accounts,
		.account_count = edit->account_count,
	};
}

/* ---- rm ---- */

bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *edit, struct error_list *errors)
{
	bool *is_used AUTO_FREE = mem_alloc(count * sizeof(*is_used)), is_good = true;

	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *object = &state->model.objects[i];
		bool is_wanted = false;
		for (size_t p = 0; p < count; p++) {
			bool matches = object_matches(object, patterns[p]);
			is_used[p] |= matches;
			is_wanted |= matches;
		}
		if (is_wanted)
			add_change(edit, CHANGE_DROP, object);
	}
	for (size_t p = 0; p < count; p++) {
		struct str shown CLEANUP(str_release) = {0};
		if (is_used[p])
			continue;
		text_add_visible(&shown, patterns[p], strlen(patterns[p]), 120);
		is_good = error_set(error_list_add(errors),
			"nothing in the state has the address %s", str_text(&shown));
	}
	if (!is_good)
		state_edit_release(edit);
	return is_good;
}

/* ---- mv ---- */

/* True of two addresses of secrets in one store. */
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

/* Moves everything recorded under the alias to another one. */
static void rename_alias(struct state_edit *edit, const struct model *model,
	const struct account *account, const char *to)
{
	edit->accounts = mem_room(
		edit->accounts, edit->account_count, &edit->account_room, sizeof(*edit->accounts));
	edit->old_aliases = mem_room((void *)edit->old_aliases, edit->account_count,
		&edit->alias_room, sizeof(*edit->old_aliases));
	edit->old_aliases[edit->account_count] = arena_text(&edit->arena, account->alias);
	struct account *now = &edit->accounts[edit->account_count++];
	*now = (struct account){
		.alias = arena_text(&edit->arena, to), .id = arena_text(&edit->arena, account->id)};
	struct objects all = model_in_account(model, account->alias);
	for (const struct object *object = all.items; object < all.items + all.count; object++) {
		struct object *moved = arena_alloc(&edit->arena, sizeof(*moved));
		*moved = *object;
		moved->account = now->alias;
		add_change(edit, CHANGE_DROP, object);
		add_change(edit, CHANGE_PUT, moved);
	}
}

static int compare_moves(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	return object_compare(x->object, y->object);
}

const struct moved *state_edit_moves(
	const struct state_edit *edit, struct arena *arena, size_t *ret_count)
{
	struct moved *moves = arena_alloc(arena, edit->count * sizeof(*moves));
	size_t count = 0;

	for (size_t i = 0; i < edit->count; i++) {
		if (edit->changes[i].kind != CHANGE_PUT)
			continue;
		struct str from CLEANUP(str_release) = {0};
		const struct object *now = edit->changes[i].object;
		struct object *to = arena_alloc(arena, sizeof(*to));
		object_add_address(&from, edit->changes[i - 1].object); /* dropped right before */
		*to = (struct object){.kind = now->kind,
			.account = now->account,
			.store = now->store,
			.secret = now->secret};
		object_keep(arena, to);
		moves[count++] = (struct moved){arena_text(arena, str_text(&from)), to};
	}
	if (count)
		qsort(moves, count, sizeof(*moves), compare_moves);
	*ret_count = count;
	return moves;
}

bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *edit, struct error *err)
{
	if (strchr(from, '/') || strchr(to, '/'))
		return refuse_rename(from, to, err);
	if (!check_aliases(state, from, to, err))
		return false;
	if (!model_first_in(&state->model, from))
		return error_set(err, "nothing is recorded under `%s`", from);
	rename_alias(edit, &state->model, model_account(&state->model, from), to);
	return true;
}

/* ---- moved ---- */

struct moving {
	const struct model *recorded, *desired;
	struct table *moves; /* by the alias where each begins */
	struct table *ends;  /* the aliases that the state will have, and whose they are now */
	struct state_edit *edit;
};

static bool refuse_move(const struct moving *m, const struct account *account, struct error *err)
{
	const struct move *move = table_get(m->moves, account->alias);

	error_hint(err, "Nothing was moved.");
	return move->place.file &&
	       error_at(err, move->place.file, move->place.line, move->place.column);
}

/* Two accounts would have one alias; at least one of them moves there. */
static bool refuse_clash(const struct moving *m, const struct account *a, const struct account *b,
	const char *end, struct error *err)
{
	const struct account *mover = strcmp(a->alias, end) == 0 ? b : a;
	const struct account *other = mover == a ? b : a;

	if (strcmp(other->alias, end) == 0)
		error_set(err, "`%s` can't become `%s`: the state has that already, with the id %s",
			mover->alias, end, other->id);
	else
		error_set(err, "`%s` and `%s` can't both become `%s`", a->alias, b->alias, end);
	return refuse_move(m, mover, err);
}

static bool move_account(struct moving *m, struct account *account, struct error *err)
{
	bool moves = model_first_in(m->recorded, account->alias) != NULL;
	const struct move *move;
	const char *end = account->alias;

	while (moves && (move = table_get(m->moves, end)))
		end = move->to;
	moves = end != account->alias;
	const struct account *desired = moves ? model_account(m->desired, end) : NULL;
	const struct account *other = table_put(&m->ends, end, account);

	if (other)
		return refuse_clash(m, other, account, end, err);
	if (desired && strcmp(desired->id, account->id) != 0) {
		error_set(err,
			"`%s` can't become `%s`: it is the account %s, and the manifest has %s "
			"there",
			account->alias, desired->alias, account->id, desired->id);
		return refuse_move(m, account, err);
	}
	if (moves)
		rename_alias(m->edit, m->recorded, account, end);
	return true;
}

bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *edit, struct error *err)
{
	struct moving m = {.recorded = &state->model, .desired = desired, .edit = edit};
	bool is_good = true;

	for (size_t i = 0; i < desired->move_count; i++)
		if (!strchr(desired->moves[i].from, '/'))
			table_put(&m.moves, desired->moves[i].from, &desired->moves[i]);
	for (size_t i = 0; i < state->model.account_count && is_good; i++)
		is_good = move_account(&m, &state->model.accounts[i], err);
	table_free(&m.moves);
	table_free(&m.ends);
	if (!is_good)
		state_edit_release(edit);
	return is_good;
}

/* ---- push ---- */

/* True if only the serial differs, or the version of cfprov that wrote it. */
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
		return STATE_EDIT_REPLACE;
	if (strcmp(state->lineage, other->lineage) != 0) {
		error_set(err,
			"it is not a later form of the state there is: its lineage is %s, "
			"not %s",
			other->lineage, state->lineage);
		error_hint(err, "Is it the right file? -force puts it in the place of what there "
				"is, which is kept as a backup.");
		return STATE_EDIT_REFUSE;
	}
	if (new > old)
		return STATE_EDIT_REPLACE;
	if (new == old && is_same_content(state, other))
		return STATE_EDIT_SAME;
	if (new < old)
		error_set(err, "its serial %lld is lower than %lld, that of the state there is",
			new, old);
	else
		error_set(err, "it has the serial %lld, as the state there is, but other content",
			new);
	error_hint(err, "Pull the state again and make your change in that, with a higher "
			"`serial`. -force puts it in the place of what there is, all the same.");
	return STATE_EDIT_REFUSE;
}
