#include "manifest/reading.h"

#include <string.h>

/* An entry of `moved` or `removed`. */
struct change {
	struct change *next;
	struct spot at;
	const struct yaml *from, *to; /* `to` is NULL in `removed` */
	const struct change *walk;    /* of a move: see check_circles */
};

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

/* ---- moved ---- */

/* Cloudflare can't rename a store, nor move a secret to another store. */
static bool is_possible(struct reading *r, const struct change *move)
{
	const char *from = move->from->text, *to = move->to->text;
	const char *from_end = strrchr(from, '/');
	size_t parts = count_parts(from);

	if (parts != count_parts(to))
		return error_set(reading_error(r, move->at),
			"`from` and `to` must both be aliases or both be secrets");
	if (strcmp(from, to) == 0)
		return error_set(reading_error(r, move->at), "`from` and `to` are the same");
	if (parts == 1 || (parts == 3 && !strncmp(from, to, (size_t)(from_end - from) + 1)))
		return true;
	struct error *err = reading_error(r, spot_of(move->at, move->to));
	if (parts == 3) {
		error_set(err,
			"secrets can't be moved to another store: Cloudflare does not support it");
		return error_hint(err, "Declare the secret in the other store, with a source for "
				       "its value. To rename an account, move its alias.");
	}
	if (strcmp(from_end, strchr(to, '/')) == 0) {
		error_set(err, "stores can't be moved on their own, only with their account");
		return error_hint(err, "To rename an account, write {from: prod, to: live}. "
				       "Everything in the state under that alias moves with it.");
	}
	if (!model_account(r->model, alias_of(r, to))) {
		error_set(err, "not a secret's address: its first part is not an account");
		/* Addresses in the manifest outlive the day on which there was one account. */
		if (r->model->account_count == 1)
			return error_hint(err, "Write ALIAS/STORE/SECRET: %s/%s.",
				r->model->accounts[0].alias, reading_shown(r, move->to));
		return error_hint(err, "Write ALIAS/STORE/SECRET, for example %s/keys/TOKEN.",
			r->model->account_count ? r->model->accounts[0].alias : "prod");
	}
	error_set(err, "stores can't be renamed: Cloudflare does not support it");
	return error_hint(err, "Declare a store with the new name in `stores`, fill it, then "
			       "remove the old one from the manifest. To keep the old one in "
			       "Cloudflare, use `removed` with destroy: false.");
}

/*
 * A move ends at what the manifest has, or where another move begins. A secret is declared under
 * its last name, and no longer under an old one.
 */
static void check_end(struct reading *r, const struct change *move, bool moves_on)
{
	const char *alias = alias_of(r, move->to->text);
	const struct object *old = find_declared(r, move->from->text);

	if (!model_account(r->model, alias)) {
		if (!moves_on)
			reading_unknown_alias(r, alias, move->to, reading_error_at(r, move->at, 1));
		return;
	}
	if (count_parts(move->to->text) < 3)
		return;
	if (!moves_on && !find_declared(r, move->to->text)) {
		struct error *err = reading_error_at(r, move->at, 1);
		error_set(err, "a secret is moved to `%s`, which is not declared",
			reading_shown(r, move->to));
		error_hint(err, "Rename it in its store's `secrets`, too.");
	}
	if (old) {
		struct error *err = reading_error_at(r, move->at, 1);
		error_set(err, "`%s` is moved, but still declared at %s",
			reading_shown(r, move->from), reading_where(r, old->place));
		error_hint(err, "Remove one of the two.");
	}
}

/* A walk from move to move ends, or joins an earlier walk; a circle leads back to itself. */
static void check_circles(struct reading *r, const struct change *moves, const struct table *begins)
{
	for (const struct change *start = moves; start; start = start->next) {
		struct change *it = table_get(begins, start->from->text);
		while (it && !it->walk) {
			it->walk = start;
			it = table_get(begins, it->to->text);
		}
		if (!it || it->walk != start)
			continue;
		struct error *err = reading_error_at(r, it->at, 1);
		error_set(err, "the moves that start with `%s` to `%s` form a cycle",
			reading_shown(r, it->from), reading_shown(r, it->to));
		error_hint(err, "Remove moves that are already done.");
	}
}

/* Nothing moves to two places, and no two objects move to one. */
static void read_moves(struct reading *r, struct change *moves)
{
	struct table *begins = NULL, *ends = NULL;

	for (struct change *it = moves; it; it = it->next) {
		const struct change *before = table_put(&begins, it->from->text, it);
		const struct change *other = table_put(&ends, it->to->text, it);
		model_add_move(r->model, it->from->text, it->to->text)->place =
			reading_place(r, it->at);
		if (before)
			error_set(reading_error_at(r, it->at, 1),
				"`%s` is moved twice, first at %s",
				reading_shown_again(r, it->from, before->from),
				reading_where(r, reading_place(r, before->at)));
		else if (other)
			error_set(reading_error_at(r, it->at, 1),
				"two moves have the destination `%s`, first at %s",
				reading_shown_again(r, it->to, other->to),
				reading_where(r, reading_place(r, other->at)));
	}
	for (const struct change *it = moves; it; it = it->next)
		check_end(r, it, table_get(begins, it->to->text));
	check_circles(r, moves, begins);
	table_free(&begins);
	table_free(&ends);
}

/* ---- removed ---- */

/*
 * Objects in an account that is not in the manifest can be forgotten, but not reached. The state
 * knows whether there was such an account.
 */
static void check_account(struct reading *r, const struct change *removal, bool destroys)
{
	const char *from = removal->from->text, *alias = alias_of(r, from);
	bool is_known = model_account(r->model, alias), is_whole = !strchr(from, '/');

	if (is_known ? !is_whole : !destroys)
		return;
	struct error *err = reading_error_at(r, removal->at, 1);
	if (is_known) {
		error_set(
			err, "`%s` is an account in the manifest", reading_shown(r, removal->from));
		error_hint(err, "Name the store, as in ALIAS/STORE. An alias alone is for an "
				"account that is no longer in `accounts`.");
		return;
	}
	reading_unknown_alias(r, alias, removal->from, err);
	error_hint(err, "Objects in an account that is not in the manifest can't be destroyed, "
			"only forgotten. Set `destroy: false`.");
}

static void read_removals(struct reading *r, struct change *removals)
{
	struct table *seen = NULL;

	for (struct change *it = removals; it; it = it->next) {
		const struct change *before = table_put(&seen, it->from->text, it);
		const struct object *declared = find_declared(r, it->from->text);
		struct removal *removal = model_add_removal(r->model, it->from->text);
		removal->destroys = !reading_says(it->at.node, "destroy", "false");
		removal->place = reading_place(r, it->at);
		if (before)
			error_set(reading_error_at(r, it->at, 1),
				"`%s` is removed twice, first at %s",
				reading_shown_again(r, it->from, before->from),
				reading_where(r, reading_place(r, before->at)));
		check_account(r, it, removal->destroys);
		if (!declared)
			continue;
		struct error *err = reading_error_at(r, it->at, 1);
		error_set(err, "`%s` is removed, but still declared at %s",
			reading_shown(r, it->from), reading_where(r, declared->place));
		error_hint(err, "Remove one of the two.");
	}
	table_free(&seen);
}

/* ---- both ---- */

/* Lends the entries of all documents, without moves that are impossible. */
static struct change *find_changes(struct reading *r, const char *key)
{
	struct change *first = NULL, **end = &first;

	for (struct spot it = {0}; reading_next(r, key, &it);) {
		for (const struct yaml *node = it.node->first; node; node = node->next) {
			struct change *change = arena_alloc(&r->arena, sizeof(*change));
			change->at = spot_of(it, node);
			change->from = yaml_get(node, "from");
			change->to = yaml_get(node, "to");
			if (change->to && !is_possible(r, change))
				continue;
			*end = change;
			end = &change->next;
		}
	}
	return first;
}

void changes_read(struct reading *r)
{
	read_moves(r, find_changes(r, "moved"));
	read_removals(r, find_changes(r, "removed"));
}
