#include "state/state_edit.h"

#include "adapter/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* An edit drops and puts each object, and renames each account, once at most. */
static void begin(struct state_edit *edit, const struct model *model)
{
	edit->changes = arena_alloc(&edit->arena, 2 * model->object_count * sizeof(*edit->changes));
	edit->accounts = arena_alloc(&edit->arena, model->account_count * sizeof(*edit->accounts));
	edit->fold = (struct state_fold){.changes = edit->changes, .accounts = edit->accounts};
}

static void add_change(struct state_edit *edit, enum change_kind kind, const struct object *object)
{
	edit->changes[edit->fold.change_count++] = (struct change){kind, object};
}

void state_edit_release(struct state_edit *edit)
{
	arena_release(&edit->arena);
	*edit = (struct state_edit){0};
}

/* ---- rm ---- */

bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *edit, struct error_list *errors)
{
	bool *is_used AUTO_FREE = mem_alloc(count * sizeof(*is_used)), is_good = true;

	begin(edit, &state->model);
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
		char *shown AUTO_FREE = text_visible(patterns[p], 120);
		if (!is_used[p])
			is_good = error_set(error_list_add(errors),
				"nothing in the state has the address %s", shown);
	}
	if (!is_good)
		state_edit_release(edit);
	return is_good;
}

/* ---- mv ---- */

/* True of the addresses of two secrets in one store. */
static bool is_in_one_store(const char *from, const char *to)
{
	const char *last = strrchr(from, '/');

	return last && strchr(from, '/') != last &&
	       strncmp(from, to, (size_t)(last - from) + 1) == 0 &&
	       !strchr(to + (last - from) + 1, '/');
}

/* Moves everything recorded under the account's alias to another alias. */
static void rename_alias(struct state_edit *edit, const struct model *model,
	const struct account *account, const char *to)
{
	struct account *now = &edit->accounts[edit->fold.account_count++];
	struct objects all = model_in_account(model, account->alias);

	*now = (struct account){.alias = arena_text(&edit->arena, to), .id = account->id};
	for (size_t i = 0; i < all.count; i++) {
		struct object *moved = arena_alloc(&edit->arena, sizeof(*moved));
		*moved = all.items[i];
		moved->account = now->alias;
		add_change(edit, CHANGE_DROP, &all.items[i]);
		add_change(edit, CHANGE_PUT, moved);
	}
}

bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *edit, struct error *err)
{
	const struct account *account = model_account(&state->model, from);
	const struct account *other = model_account(&state->model, to);
	char *a AUTO_FREE = text_visible(from, 120), *b AUTO_FREE = text_visible(to, 120);

	if (is_in_one_store(from, to)) {
		error_set(err,
			"%s can't become %s in the state alone: Cloudflare would go on to call it "
			"by its old name",
			a, b);
		return error_hint(err, "Write `from` and `to` under `moved` in the manifest: the "
				       "next apply renames the secret in Cloudflare, too.");
	}
	if (strchr(from, '/') || strchr(to, '/')) {
		error_set(err,
			"%s can't become %s: names are the identity, and Cloudflare can't rename a "
			"store or move what is in it elsewhere",
			a, b);
		return error_hint(err,
			"`state mv` renames an account's alias, as in: cfprov state mv staging "
			"testing. To stop managing a store, use cfprov state rm.");
	}
	if (!account) {
		error_set(err, "the state has no account `%s`", a);
		return error_hint(err, "cfprov show says which there are.");
	}
	if (!*to)
		return error_set(err, "the new alias is empty");
	if (other == account)
		return error_set(err, "`%s` is its name already", b);
	if (other) {
		error_set(
			err, "the state has an account `%s` already, with the id %s", b, other->id);
		return error_hint(err, "Nothing was changed.");
	}
	if (!model_first_in(&state->model, from))
		return error_set(err, "nothing is recorded under `%s`", from);
	begin(edit, &state->model);
	rename_alias(edit, &state->model, account, to);
	return true;
}

/* ---- moved ---- */

static int compare_moves(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	return object_compare(x->object, y->object);
}

const struct moved *state_edit_moves(
	const struct state_edit *edit, struct arena *arena, size_t *ret_count)
{
	size_t count = edit->fold.change_count / 2; /* each is a DROP, then a PUT */
	struct moved *moves = arena_alloc(arena, count * sizeof(*moves));

	for (size_t i = 0; i < count; i++) {
		char *from AUTO_FREE = object_address(edit->changes[2 * i].object);
		struct object *to = arena_alloc(arena, sizeof(*to));
		*to = *edit->changes[2 * i + 1].object;
		object_keep(arena, to);
		moves[i] = (struct moved){arena_text(arena, from), to};
	}
	if (count)
		qsort(moves, count, sizeof(*moves), compare_moves);
	*ret_count = count;
	return moves;
}

struct moving {
	const struct model *recorded, *desired;
	struct table *moves; /* by the alias where each begins */
	struct table *ends;  /* by the aliases that the state will have: the accounts of now */
	struct state_edit *edit;
};

static bool move_account(struct moving *m, struct account *account, struct error *err)
{
	const char *end = account->alias;
	const struct account *mover = account;
	const struct move *move;

	while (model_first_in(m->recorded, account->alias) && (move = table_get(m->moves, end)))
		end = move->to;
	bool moves = end != account->alias;
	const struct account *desired = moves ? model_account(m->desired, end) : NULL;
	const struct account *other = table_put(&m->ends, end, account);
	if (other && strcmp(other->alias, end) != 0) { /* it moves there, too, or alone */
		mover = other;
		other = account;
	}
	if (other && strcmp(other->alias, end) == 0)
		error_set(err, "`%s` can't become `%s`: the state has that already, with the id %s",
			mover->alias, end, other->id);
	else if (other)
		error_set(err, "`%s` and `%s` can't both become `%s`", mover->alias, other->alias,
			end);
	else if (desired && strcmp(desired->id, account->id) != 0)
		error_set(err,
			"`%s` can't become `%s`: it is the account %s, and the manifest has %s "
			"there",
			account->alias, desired->alias, account->id, desired->id);
	else {
		if (moves)
			rename_alias(m->edit, m->recorded, account, end);
		return true;
	}
	error_hint(err, "Nothing was moved.");
	move = table_get(m->moves, mover->alias);
	return move->place.file &&
	       error_at(err, move->place.file, move->place.line, move->place.column);
}

bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *edit, struct error *err)
{
	struct moving m = {.recorded = &state->model, .desired = desired, .edit = edit};
	bool is_good = true;

	begin(edit, m.recorded);
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
