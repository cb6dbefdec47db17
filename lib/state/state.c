#include "state/state.h"

#include "adapter/crypt.h"
#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "base/version.h"
#include "state/objects.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(CRYPT_UUID_SIZE == STATE_LINEAGE_LENGTH + 1, "a lineage is a UUID");

/* ---- folding ---- */

int change_compare(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return object_compare(x->object, y->object);
}

/*
 * An account has one alias, and an alias one account. Where nothing is recorded, the new one
 * replaces the old. Those that are new or different are few.
 */
static void fold_accounts(
	const struct model *before, const struct state_fold *fold, struct model *after)
{
	for (size_t i = 0; i < fold->account_count; i++) {
		const struct account *now = &fold->accounts[i];
		const struct account *known = model_account(before, now->alias);
		if (!known ||
			(strcmp(known->id, now->id) != 0 && !model_first_in(before, now->alias)))
			model_add_account(after, now->alias, now->id);
	}
	size_t added = after->account_count;
	for (size_t i = 0; i < before->account_count; i++) {
		const struct account *old = &before->accounts[i];
		bool is_used = model_first_in(after, old->alias), is_replaced = false;
		for (size_t k = 0; k < added; k++)
			is_replaced |= strcmp(after->accounts[k].alias, old->alias) == 0 ||
				       (!is_used && strcmp(after->accounts[k].id, old->id) == 0);
		if (!is_replaced)
			model_add_account(after, old->alias, old->id);
	}
}

/* Adds the object that an address has after a change, if any. True if it is different. */
static bool fold_object(const struct object *old, const struct change *change, int64_t requested_ms,
	struct model *after)
{
	if (change && change->kind == CHANGE_PUT) {
		struct object *now = model_add_copy(after, change->object);
		if (!now->requested_ms && (object_is_unresolved(now) || now->doubt != DOUBT_NONE))
			now->requested_ms = requested_ms;
		return !old || !object_is_same(old, now);
	}
	if (change && change->kind == CHANGE_DROP)
		return old != NULL;
	if (old)
		model_add_copy(after, old);
	return false;
}

static const struct object *former_in(const struct model *model, const struct object *object)
{
	return object->former ? model_object(model, object->account, object->store, object->former)
			      : NULL;
}

/*
 * A rename is over when the old secret is no longer recorded. The one that the old secret was
 * duplicated from may still be left.
 */
static void drop_formers(const struct model *before, struct model *after)
{
	for (size_t i = 0; i < after->object_count; i++) {
		struct object *object = &after->objects[i];
		if (!object->former || former_in(after, object))
			continue;
		const struct object *gone = former_in(before, object);
		object->former =
			gone && gone->former ? arena_text(&after->arena, gone->former) : NULL;
		if (!former_in(after, object))
			object->former = NULL;
	}
}

void state_fold(const struct state *old, const struct state_fold *fold, struct state *ret_state)
{
	const struct model *before = &old->model;
	struct state next = {.serial = old->serial};
	size_t i = 0, j = 0, count = fold->change_count;
	struct change *changes AUTO_FREE = mem_alloc(count * sizeof(*changes));
	bool is_different = false;

	memcpy(next.lineage, old->lineage, sizeof(next.lineage));
	if (count) {
		memcpy(changes, fold->changes, count * sizeof(*changes));
		qsort(changes, count, sizeof(*changes), change_compare);
	}
	model_reserve(&next.model, before->object_count + count);
	while (i < before->object_count || j < count) {
		int order = i == before->object_count ? 1
			    : j == count              ? -1
					 : object_compare(&before->objects[i], changes[j].object);
		const struct object *known = order <= 0 ? &before->objects[i++] : NULL;
		const struct change *change = order >= 0 ? &changes[j++] : NULL;
		is_different |= fold_object(known, change, fold->requested_ms, &next.model);
	}
	next.serial += is_different;
	fold_accounts(before, fold, &next.model);
	model_sort(&next.model);
	drop_formers(before, &next.model);
	*ret_state = next;
}

/* ---- writing ---- */

enum { OBJECT_ROOM = 256 }; /* bytes; few need more, and a text that grows is copied */

static int compare_ids(const void *a, const void *b)
{
	const struct account *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Writes a store, which may not be recorded itself, with its secrets: so many objects. */
static size_t encode_store(
	struct json_writer *writer, const struct model *model, const struct object *first)
{
	struct objects secrets = model_inside(model, first);

	json_begin_object(writer, first->store);
	if (!first->secret)
		objects_encode(writer, first, OBJECTS_RECORDED);
	if (secrets.count)
		json_begin_object(writer, "secrets");
	for (size_t i = 0; i < secrets.count; i++) {
		json_begin_object(writer, secrets.items[i].secret);
		objects_encode(writer, &secrets.items[i], OBJECTS_RECORDED);
		json_end(writer);
	}
	if (secrets.count)
		json_end(writer);
	json_end(writer);
	return secrets.count + !first->secret;
}

void state_encode(const struct state *state, struct str *out)
{
	struct json_writer writer = json_file_writer(out, 2);
	const struct model *model = &state->model;
	size_t count = model->account_count;
	struct account *by_id AUTO_FREE = mem_alloc(count * sizeof(*by_id));

	str_reserve(out, model->object_count * OBJECT_ROOM);
	if (count)
		memcpy(by_id, model->accounts, count * sizeof(*by_id));
	qsort(by_id, count, sizeof(*by_id), compare_ids);
	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "version", STATE_VERSION);
	json_put_text(&writer, "cfprov_version", cfprov_version());
	json_put_integer(&writer, "serial", state->serial);
	json_put_text(&writer, "lineage", state->lineage);
	if (state->moved_to)
		json_put_text(&writer, "moved_to", state->moved_to);
	json_begin_object(&writer, "accounts");
	for (size_t i = 0; i < count; i++) {
		struct objects all = model_in_account(model, by_id[i].alias);
		json_begin_object(&writer, by_id[i].id);
		json_put_text(&writer, "alias", by_id[i].alias);
		json_begin_object(&writer, "stores");
		for (size_t k = 0; k < all.count;)
			k += encode_store(&writer, model, &all.items[k]);
		json_end(&writer);
		json_end(&writer);
	}
	json_end(&writer);
	json_end(&writer);
	str_char(out, '\n');
}

/* ---- reading ---- */

struct decoding {
	struct state *state;
	struct table *ids; /* of objects */
	struct table *aliases;
	struct error *err;
};

static bool refuse(struct decoding *d, const char *where, const char *why)
{
	char *shown AUTO_FREE = text_visible(where, 80);

	return error_set(d->err, "%s: %s", shown, why);
}

/* `address` lends the names. */
static bool decode_object(struct decoding *d, const struct object *address, const struct json *json)
{
	struct model *model = &d->state->model;
	struct object *object =
		model_add_object(model, address->account, address->store, address->secret);
	const char *name = json_key(json);

	if (object->secret ? !objects_is_name(name) : !*name)
		return error_set(d->err, "invalid name") || objects_refuse(object, d->err);
	if (!objects_decode(json, OBJECTS_IN_STATE, &model->arena, object, d->err))
		return objects_refuse(object, d->err);
	return !object->id || !table_put(&d->ids, object->id, model) ||
	       refuse(d, name, "another object has the same id");
}

static bool decode_store(struct decoding *d, const char *alias, const struct json *json)
{
	const struct json *secrets = json_get(json, "secrets");
	struct object address = {.account = alias, .store = json_key(json)};
	bool is_alone =
		json_first(secrets) && json_count(json) == 1; /* the store is not recorded */

	if (secrets && !json_is_object(secrets))
		return refuse(d, json_key(json), "`secrets` must be an object");
	if (!is_alone && !decode_object(d, &address, json))
		return false;
	for (const struct json *it = json_first(secrets); it; it = json_next(it)) {
		address.secret = json_key(it);
		if (!decode_object(d, &address, it))
			return false;
	}
	return true;
}

static bool decode_account(struct decoding *d, const struct json *json)
{
	const char *id = json_key(json), *alias = json_get_text(json, "alias");
	const struct json *stores = json_get(json, "stores");

	if (!objects_is_id(id) || !objects_is_name(alias) || !json_is_object(stores) ||
		json_count(json) != 2)
		return refuse(d, id,
			"an account must have an id, `alias` and `stores`, and nothing else");
	alias = model_add_account(&d->state->model, alias, id)->alias;
	if (table_put(&d->aliases, alias, d))
		return refuse(d, alias, "two accounts have this alias");
	model_reserve(&d->state->model, d->state->model.object_count + json_count(stores));
	for (const struct json *it = json_first(stores); it; it = json_next(it))
		if (!decode_store(d, alias, it))
			return false;
	return true;
}

bool state_is_lineage(const char *text)
{
	return text && strlen(text) == STATE_LINEAGE_LENGTH &&
	       text_is_made_of(text, "0123456789abcdef-");
}

static bool decode_version(struct decoding *d, const struct json *root)
{
	int64_t version;
	const char *by = json_get_text(root, "cfprov_version");

	if (!json_integer(json_get(root, "version"), &version) || version < 1)
		return error_set(d->err, "`version` is missing or invalid");
	if (version == STATE_VERSION)
		return true;
	char *shown AUTO_FREE = text_visible(by ? by : "?", 20);
	error_set(d->err, "unsupported version %lld (this cfprov supports version %d)",
		(long long)version, STATE_VERSION);
	return error_hint(
		d->err, "It was written by cfprov %s. Use that version or a later one.", shown);
}

/* Of a state that was moved away nothing else is left. */
static bool decode_move(struct decoding *d, const struct json *root)
{
	const char *moved_to = json_get_text(root, "moved_to");
	struct model *model = &d->state->model;

	if (!json_get(root, "moved_to"))
		return true;
	if (!moved_to || model->account_count)
		return error_set(d->err, "`moved_to` must be text, and leave no `accounts`");
	d->state->moved_to = arena_text(&model->arena, moved_to);
	return true;
}

static bool decode_root(struct decoding *d, const struct json *root)
{
	static const char *const keys[] = {
		"version", "cfprov_version", "serial", "lineage", "accounts"};
	const struct json *accounts = json_get(root, "accounts");
	const char *lineage = json_get_text(root, "lineage");
	size_t known = 0;

	if (!json_is_object(root))
		return error_set(d->err, "expected a JSON object");
	if (!decode_version(d, root))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		known += json_get(root, keys[i]) != NULL;
	if (known != ARRAY_SIZE(keys) ||
		json_count(root) != known + (json_get(root, "moved_to") != NULL))
		return error_set(d->err, "a key is missing or unknown");
	if (!json_get_text(root, "cfprov_version"))
		return error_set(d->err, "`cfprov_version` must be text");
	if (!json_integer(json_get(root, "serial"), &d->state->serial) || d->state->serial < 1 ||
		d->state->serial > STATE_SERIAL_MOST)
		return error_set(d->err, "`serial` must be a whole number from 1 to %lld",
			(long long)STATE_SERIAL_MOST);
	if (!state_is_lineage(lineage))
		return error_set(d->err, "`lineage` must be a UUID");
	memcpy(d->state->lineage, lineage, STATE_LINEAGE_LENGTH + 1);
	if (!json_is_object(accounts))
		return error_set(d->err, "`accounts` must be an object");
	for (const struct json *it = json_first(accounts); it; it = json_next(it))
		if (!decode_account(d, it))
			return false;
	model_sort(&d->state->model);
	return decode_move(d, root);
}

bool state_decode(const char *file, const char *bytes, size_t length, struct state *ret_state,
	struct error *err)
{
	struct state state = {0};
	struct decoding d = {.state = &state, .err = err};
	struct json *json CLEANUP(json_free_pointer) = json_parse(bytes, length, err);
	bool is_good = json && decode_root(&d, json);

	table_free(&d.ids);
	table_free(&d.aliases);
	if (is_good) {
		*ret_state = state;
		return true;
	}
	state_release(&state);
	size_t conflict = json ? 0 : text_conflict_line(bytes, length);
	if (conflict) {
		error_release(err);
		error_set(err, "unresolved merge conflict");
		error_hint(err,
			"States can't be merged by hand. Restore one side (`git checkout --ours` "
			"or "
			"`--theirs`), then run `cfprov plan` to see what that side is missing.");
		return error_at(err, file, conflict, 0);
	}
	error_prefix(err, "invalid state");
	return error_at(err, file, err->line, err->column);
}

void state_leave(const struct state *state, const char *moved_to, struct state *ret_state)
{
	struct state left = {.serial = state->serial + 1};

	memcpy(left.lineage, state->lineage, sizeof(left.lineage));
	left.moved_to = arena_text(&left.model.arena, moved_to);
	*ret_state = left;
}

void state_release(struct state *state)
{
	model_release(&state->model);
}
