#include "manifest/changes.h"

#include <string.h>

/* Lends the object that is declared under this address, of a store or a secret, or NULL. */
static const struct object *find_declared(struct reading *r, const char *address)
{
	struct arena *arena = &r->model->arena;
	size_t length = strcspn(address, "/");
	const char *alias = arena_bytes(arena, address, length);

	if (!address[length])
		return NULL;
	const char *store = address + length + 1, *secret = strchr(store, '/');
	if (!secret)
		return model_object(r->model, alias, store, NULL);
	store = arena_bytes(arena, store, (size_t)(secret - store));
	return model_object(r->model, alias, store, secret + 1);
}

/* 1: an alias; 2: the address of a store; 3: of a secret. */
static size_t count_parts(const char *address)
{
	size_t count = 1;

	for (; *address; address++)
		count += *address == '/';
	return count;
}

/* ---- moved ---- */

/* A store has no other name than the one that it was created with, and no other account. */
static void refuse_store(
	struct reading *r, size_t document, const struct yaml *from, const struct yaml *to)
{
	struct error *err = reading_error(r, document, to);
	const char *alias = arena_bytes(&r->model->arena, to->text, strcspn(to->text, "/"));

	if (strcmp(strchr(from->text, '/'), strchr(to->text, '/')) == 0) {
		error_set(err, "a store moves with its account only: name the alias alone");
		error_hint(err, "An account of another alias is {from: prod, to: live}; all that "
				"the state has in it moves along.");
		return;
	}
	if (!model_account(r->model, alias)) {
		error_set(err, "this is no address of a secret: its first part is no account");
		error_hint(err, "It is ALIAS/STORE/SECRET, as in %s/keys/TOKEN.",
			r->model->account_count ? r->model->accounts[0].alias : "prod");
		return;
	}
	error_set(err, "a store can't be renamed: Cloudflare has no such call");
	error_hint(err, "Declare a store of the new name in `stores`, fill it, then take the old "
			"one out of the manifest (or let it live: `removed` with destroy: false).");
}

/* Nor does anything take a value from one store to another. */
static void refuse_transfer(struct reading *r, size_t document, const struct yaml *to)
{
	struct error *err = reading_error(r, document, to);

	error_set(err, "a secret can't be moved to another store: Cloudflare has no such call");
	error_hint(err, "Declare it in the other store, with a source of its value. An account "
			"that is called something else is moved from alias to alias.");
}

static bool is_in_same_store(const char *from, const char *to)
{
	size_t length = (size_t)(strrchr(from, '/') - from) + 1;

	return strncmp(from, to, length) == 0;
}

static bool check_kinds(struct reading *r, size_t document, const struct yaml *node)
{
	const struct yaml *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
	size_t parts = count_parts(from->text);

	if (parts != count_parts(to->text))
		return error_set(reading_error(r, document, node),
			"a move goes from alias to alias, or from secret to secret");
	if (strcmp(from->text, to->text) == 0)
		return error_set(
			reading_error(r, document, node), "this moves something to where it is");
	if (parts == 2)
		refuse_store(r, document, from, to);
	else if (parts == 3 && !is_in_same_store(from->text, to->text))
		refuse_transfer(r, document, to);
	else
		return true;
	return false;
}

/* What is moved is called by its last name in `stores`, and no longer by an old one. */
static void check_secret(struct reading *r, const struct move *move, bool moves_on)
{
	const struct object *old = find_declared(r, move->from);

	if (!moves_on && !find_declared(r, move->to)) {
		struct error *err = reading_error_at(r, &move->place, 1);
		error_set(err, "a secret is moved to `%s`, and none of this address is declared",
			reading_shown(r, move->to));
		error_hint(err, "Give it its new name in `secrets` of its store, too.");
	}
	if (old) {
		struct error *err = reading_error_at(r, &move->place, 1);
		error_set(err, "`%s` is moved from here and still declared in %s",
			reading_shown(r, move->from), reading_where(r, &old->place));
		error_hint(err, "Take it out of one of the two.");
	}
}

/* A move ends at what is there, or where another move begins. */
static void check_ends(struct reading *r, const struct table *begins)
{
	for (size_t i = 0; i < r->model->move_count; i++) {
		const struct move *it = &r->model->moves[i];
		size_t length = strcspn(it->to, "/");
		const char *alias = arena_bytes(&r->model->arena, it->to, length);
		bool moves_on = table_get(begins, it->to);
		if (model_account(r->model, alias) && count_parts(it->to) == 3)
			check_secret(r, it, moves_on);
		if (model_account(r->model, alias) || moves_on)
			continue;
		const char *shown = reading_shown(r, it->to);
		reading_note(r, shown == it->to ? NULL : shown, alias);
		reading_unknown_alias(r, alias, reading_error_at(r, &it->place, 1));
	}
}

/* Marks all moves from this one on, up to the first that is marked. */
static void follow(
	struct reading *r, const struct table *begins, const struct move *move, bool *is_followed)
{
	while (move && !is_followed[move - r->model->moves]) {
		is_followed[move - r->model->moves] = true;
		move = table_get(begins, move->to);
	}
}

/* What no beginning leads to goes round in a circle. */
static void check_circles(struct reading *r, const struct table *begins, const struct table *ends)
{
	size_t count = r->model->move_count;
	bool *is_followed AUTO_FREE = mem_alloc((count + 1) * sizeof(*is_followed));

	for (size_t i = 0; i < count; i++)
		if (!table_get(ends, r->model->moves[i].from))
			follow(r, begins, &r->model->moves[i], is_followed);
	for (size_t i = 0; i < count; i++) {
		const struct move *it = &r->model->moves[i];
		if (is_followed[i] || table_get(begins, it->from) != it)
			continue;
		struct error *err = reading_error_at(r, &it->place, 1);
		error_set(err, "the moves that begin with `%s` to `%s` go round in a circle",
			reading_shown(r, it->from), reading_shown(r, it->to));
		error_hint(err, "Take out of `moved` what has been done already.");
		follow(r, begins, it, is_followed);
	}
}

static void read_move(struct reading *r, size_t document, const struct yaml *node)
{
	const struct yaml *from = yaml_get(node, "from"), *to = yaml_get(node, "to");

	if (!check_kinds(r, document, node))
		return;
	struct move *move = model_add_move(r->model, from->text, to->text);
	move->place = reading_place(r, document, node);
	reading_note(r, from->written, move->from);
	reading_note(r, to->written, move->to);
}

/* Nothing moves to two places, and no two things to one. */
static void check_moves(struct reading *r)
{
	struct table *begins = NULL, *ends = NULL;

	for (size_t i = 0; i < r->model->move_count; i++) {
		struct move *it = &r->model->moves[i];
		const struct move *before = table_put(&begins, it->from, it);
		if (before)
			error_set(reading_error_at(r, &it->place, 1),
				"`%s` is moved twice, first in %s", reading_shown(r, it->from),
				reading_where(r, &before->place));
		const struct move *other = table_put(&ends, it->to, it);
		if (other && !before)
			error_set(reading_error_at(r, &it->place, 1),
				"another move to `%s` stands in %s", reading_shown(r, it->to),
				reading_where(r, &other->place));
	}
	check_ends(r, begins);
	check_circles(r, begins, ends);
	table_free(&begins);
	table_free(&ends);
}

/* ---- removed ---- */

/*
 * What is recorded in an account that is gone from the manifest can be forgotten, but not reached.
 * The state knows whether there was such an account.
 */
static void check_removal_account(struct reading *r, const struct removal *removal)
{
	size_t length = strcspn(removal->from, "/");
	const char *alias = arena_bytes(&r->model->arena, removal->from, length);
	const struct account *account = model_account(r->model, alias);
	bool is_whole = !removal->from[length];

	if (account ? !is_whole : !removal->destroys)
		return;
	struct error *err = reading_error_at(r, &removal->place, 1);
	if (account) {
		error_set(
			err, "`%s` is an account of the manifest", reading_shown(r, removal->from));
		error_hint(err, "Name the store, as in ALIAS/STORE; an alias alone is for an "
				"account that is not in `accounts` any more.");
		return;
	}
	const char *shown = reading_shown(r, removal->from);
	reading_note(r, shown == removal->from ? NULL : shown, alias);
	reading_unknown_alias(r, alias, err);
	error_hint(err, "What is in an account that the manifest does not have can't be destroyed, "
			"only forgotten: with destroy: false.");
}

static void check_removals(struct reading *r)
{
	struct table *seen = NULL;

	for (size_t i = 0; i < r->model->removal_count; i++) {
		struct removal *it = &r->model->removals[i];
		const char *shown = reading_shown(r, it->from);
		const struct removal *before = table_put(&seen, it->from, it);
		const struct object *declared = find_declared(r, it->from);
		if (before)
			error_set(reading_error_at(r, &it->place, 1),
				"`%s` is removed twice, first in %s", shown,
				reading_where(r, &before->place));
		check_removal_account(r, it);
		if (!declared)
			continue;
		struct error *err = reading_error_at(r, &it->place, 1);
		error_set(err, "`%s` is removed here and declared in %s", shown,
			reading_where(r, &declared->place));
		error_hint(err, "Take it out of one of the two.");
	}
	table_free(&seen);
}

static void read_removal(struct reading *r, size_t document, const struct yaml *node)
{
	const struct yaml *from = yaml_get(node, "from"), *destroy = yaml_get(node, "destroy");
	struct removal *removal = model_add_removal(r->model, from->text);

	removal->destroys = !destroy || strcmp(destroy->text, "true") == 0;
	removal->place = reading_place(r, document, node);
	reading_note(r, from->written, removal->from);
}

/* ---- both ---- */

void changes_read(struct reading *r)
{
	for (struct spot it = {0}; reading_next(r, "moved", &it);)
		for (const struct yaml *node = it.node->first; node; node = node->next)
			read_move(r, it.document, node);
	check_moves(r);
	for (struct spot it = {0}; reading_next(r, "removed", &it);)
		for (const struct yaml *node = it.node->first; node; node = node->next)
			read_removal(r, it.document, node);
	check_removals(r);
}
