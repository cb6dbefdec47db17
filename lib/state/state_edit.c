#include "state/state_edit.h"

#include "adapter/table.h"
#include "base/text.h"
#include "model/address.h"

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
	const struct address_scope scope = {{&state->model}};
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
		struct str guess CLEANUP(str_release) = {0};
		if (is_used[p])
			continue;
		address_add_guess(&scope, patterns[p], &guess);
		is_good = error_set(error_list_add(errors), "no object in the state matches `%s`%s",
			shown, str_text(&guess));
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
			"can't rename %s to %s in the state only: Cloudflare would keep the old "
			"name",
			a, b);
		return error_hint(err, "Add `from` and `to` to `moved` in the manifest. The next "
				       "apply renames the secret in Cloudflare, too.");
	}
	if (strchr(from, '/') || strchr(to, '/')) {
		error_set(err,
			"can't move %s to %s: Cloudflare can't rename a store or move a secret to "
			"another store",
			a, b);
		return error_hint(err,
			"`cfprov state mv` renames the alias of an account, as in `cfprov state mv "
			"staging testing`. To stop managing a store, use `cfprov state rm`.");
	}
	if (!account) {
		error_set(err, "the state has no account `%s`", a);
		return error_hint(err, "`cfprov show` lists them.");
	}
	if (!*to)
		return error_set(err, "the new alias is empty");
	if (other == account)
		return error_set(err, "the account is already called `%s`", b);
	if (other) {
		error_set(err, "the state already has an account `%s` (%s)", b, other->id);
		return error_hint(err, "Nothing was changed.");
	}
	if (!model_first_in(&state->model, from))
		return error_set(err, "the state has no objects in the account `%s`", from);
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
	size_t steps = 0;

	while (model_first_in(m->recorded, account->alias) && steps <= m->desired->move_count &&
		(move = table_get(m->moves, end))) {
		end = move->to;
		steps++;
	}
	if (steps > m->desired->move_count) { /* no manifest has one, but a saved plan may */
		error_set(err, "the moves of the alias `%s` form a cycle", account->alias);
		return error_hint(err, "Run `cfprov plan` again.");
	}
	bool moves = end != account->alias;
	const struct account *desired = moves ? model_account(m->desired, end) : NULL;
	const struct account *other = table_put(&m->ends, end, account);
	if (other && strcmp(other->alias, end) != 0) { /* it moves there, too, or alone */
		mover = other;
		other = account;
	}
	if (other && strcmp(other->alias, end) == 0)
		error_set(err, "can't rename `%s` to `%s`: the state already has that account (%s)",
			mover->alias, end, other->id);
	else if (other)
		error_set(err, "can't rename both `%s` and `%s` to `%s`", mover->alias,
			other->alias, end);
	else if (desired && strcmp(desired->id, account->id) != 0)
		error_set(err,
			"can't rename `%s` to `%s`: it is the account %s, but `%s` in the manifest "
			"is %s",
			account->alias, desired->alias, account->id, desired->alias, desired->id);
	else {
		if (moves)
			rename_alias(m->edit, m->recorded, account, end);
		return true;
	}
	error_hint(err, "Fix `moved` in the manifest. Nothing was changed.");
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
		error_set(err, "its lineage %s differs from that of the current state, %s",
			other->lineage, state->lineage);
		error_hint(err, "Check that it is the right file. Pass -force to replace the "
				"current state, of which a backup is kept.");
		return STATE_EDIT_REFUSE;
	}
	if (new > old)
		return STATE_EDIT_REPLACE;
	if (new == old && is_same_content(state, other))
		return STATE_EDIT_SAME;
	if (new < old)
		error_set(err, "its serial %lld is lower than that of the current state, %lld", new,
			old);
	else
		error_set(err, "it has the serial of the current state, %lld, but other content",
			new);
	error_hint(err,
		"Run `cfprov state pull` again, make your change there and raise `serial`. Or "
		"pass -force to replace the current state.");
	return STATE_EDIT_REFUSE;
}
