#include "manifest/reading.h"

#include <string.h>

/* Lends the first part of an address. */
static const char *alias_of(struct reading *r, const char *address)
{
	return arena_bytes(&r->arena, address, strcspn(address, "/"));
}

/* 1: an alias; 2: the address of a store; 3: of a secret. */
static size_t count_parts(const char *address)
{
	size_t count = 1;

	for (; *address; address++)
		count += *address == '/';
	return count;
}

/* Lends the store or secret that is declared under this address, or NULL. */
static const struct object *find_declared(struct reading *r, const char *address)
{
	const char *alias = alias_of(r, address), *store = address + strlen(alias);

	if (!*store++)
		return NULL;
	const char *secret = strchr(store, '/');
	if (!secret)
		return model_object(r->model, alias, store, NULL);
	store = arena_bytes(&r->arena, store, (size_t)(secret - store));
	return model_object(r->model, alias, store, secret + 1);
}

/* The alias is part of an address; it is shown only if that may be shown. */
static void unknown_alias(
	struct reading *r, const char *address, const char *alias, struct error *err)
{
	const char *shown = reading_shown(r, address);

	reading_note(r, shown == address ? NULL : shown, alias);
	reading_unknown_alias(r, alias, err);
}

/* ---- moved ---- */

/* Cloudflare can neither rename a store nor take it, or a secret in it, to another place. */
static bool is_possible(struct reading *r, size_t document, const struct yaml *node)
{
	const struct yaml *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
	size_t parts = count_parts(from->text);
	const char *store_end = strrchr(from->text, '/');

	if (parts != count_parts(to->text))
		return error_set(reading_error(r, document, node),
			"a move goes from alias to alias, or from secret to secret");
	if (strcmp(from->text, to->text) == 0)
		return error_set(
			reading_error(r, document, node), "this moves something to where it is");
	if (parts == 1 || (parts == 3 && !strncmp(from->text, to->text,
						 (size_t)(store_end - from->text) + 1)))
		return true;
	struct error *err = reading_error(r, document, to);
	if (parts == 3) {
		error_set(err,
			"a secret can't be moved to another store: Cloudflare has no such call");
		return error_hint(err,
			"Declare it in the other store, with a source of its value. An account "
			"that is called something else is moved from alias to alias.");
	}
	if (strcmp(store_end, strchr(to->text, '/')) == 0) {
		error_set(err, "a store moves with its account only: name the alias alone");
		return error_hint(err, "An account of another alias is {from: prod, to: live}; all "
				       "that the state has in it moves along.");
	}
	if (!model_account(r->model, alias_of(r, to->text))) {
		error_set(err, "this is no address of a secret: its first part is no account");
		return error_hint(err, "It is ALIAS/STORE/SECRET, as in %s/keys/TOKEN.",
			r->model->account_count ? r->model->accounts[0].alias : "prod");
	}
	error_set(err, "a store can't be renamed: Cloudflare has no such call");
	return error_hint(err,
		"Declare a store of the new name in `stores`, fill it, then take the old "
		"one out of the manifest (or let it live: `removed` with destroy: false).");
}

static void read_move(struct reading *r, size_t document, const struct yaml *node)
{
	const struct yaml *from = yaml_get(node, "from"), *to = yaml_get(node, "to");

	if (!is_possible(r, document, node))
		return;
	struct move *move = model_add_move(r->model, from->text, to->text);
	move->place = reading_place(r, document, node);
	reading_note(r, from->written, move->from);
	reading_note(r, to->written, move->to);
}

/* The secret is declared under its last name, and no longer under an old one. */
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

/* A move ends at what the manifest has, or where another move begins. */
static void check_ends(struct reading *r, const struct table *begins)
{
	for (size_t i = 0; i < r->model->move_count; i++) {
		const struct move *it = &r->model->moves[i];
		const char *alias = alias_of(r, it->to);
		bool is_known = model_account(r->model, alias),
		     moves_on = table_get(begins, it->to);
		if (is_known && count_parts(it->to) == 3)
			check_secret(r, it, moves_on);
		if (!is_known && !moves_on)
			unknown_alias(r, it->to, alias, reading_error_at(r, &it->place, 1));
	}
}

/* Each walk from move to move ends, or comes to an earlier one; if it meets itself, it circles. */
static void check_circles(struct reading *r, const struct table *begins)
{
	const struct move *moves = r->model->moves;
	size_t *walks = arena_alloc(&r->arena, r->model->move_count * sizeof(*walks));

	for (size_t i = 0; i < r->model->move_count; i++) {
		const struct move *it = table_get(begins, moves[i].from);
		while (it && !walks[it - moves]) {
			walks[it - moves] = i + 1;
			it = table_get(begins, it->to);
		}
		if (!it || walks[it - moves] != i + 1)
			continue;
		struct error *err = reading_error_at(r, &it->place, 1);
		error_set(err, "the moves that begin with `%s` to `%s` go round in a circle",
			reading_shown(r, it->from), reading_shown(r, it->to));
		error_hint(err, "Take out of `moved` what has been done already.");
	}
}

/* Nothing moves to two places, and no two things to one. */
static void check_moves(struct reading *r)
{
	struct table *begins = NULL, *ends = NULL;

	for (size_t i = 0; i < r->model->move_count; i++) {
		struct move *it = &r->model->moves[i];
		const struct move *before = table_put(&begins, it->from, it);
		const struct move *other = table_put(&ends, it->to, it);
		if (before)
			error_set(reading_error_at(r, &it->place, 1),
				"`%s` is moved twice, first in %s", reading_shown(r, it->from),
				reading_where(r, &before->place));
		else if (other)
			error_set(reading_error_at(r, &it->place, 1),
				"another move to `%s` stands in %s", reading_shown(r, it->to),
				reading_where(r, &other->place));
	}
	check_ends(r, begins);
	check_circles(r, begins);
	table_free(&begins);
	table_free(&ends);
}

/* ---- removed ---- */

/*
 * Objects in an account that is not in the manifest can be forgotten, but not reached. The state
 * knows whether there was such an account.
 */
static void check_removal_account(struct reading *r, const struct removal *removal)
{
	const char *alias = alias_of(r, removal->from);
	bool is_known = model_account(r->model, alias), is_whole = !strchr(removal->from, '/');

	if (is_known ? !is_whole : !removal->destroys)
		return;
	struct error *err = reading_error_at(r, &removal->place, 1);
	if (is_known) {
		error_set(
			err, "`%s` is an account of the manifest", reading_shown(r, removal->from));
		error_hint(err, "Name the store, as in ALIAS/STORE; an alias alone is for an "
				"account that is not in `accounts` any more.");
		return;
	}
	unknown_alias(r, removal->from, alias, err);
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
	const struct yaml *from = yaml_get(node, "from");
	struct removal *removal = model_add_removal(r->model, from->text);

	removal->destroys = !reading_says(node, "destroy", "false");
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
