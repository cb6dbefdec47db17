#include "state/planfile.h"

#include "adapter/crypt.h"
#include "adapter/json.h"
#include "base/text.h"
#include "base/version.h"
#include "state/objects.h"

#include <string.h>

static const char magic[] = "cfprov-plan ";
static const char value_key[] = "value", unprinted_key[] = "keeps_no_fingerprint";
static const char audit_key[] = "audit";

/* ---- writing ---- */

/* Without the person's address: plans are kept. */
static void encode_audit(struct json_writer *w, const struct audit *audit)
{
	json_begin_object(w, audit_key);
	json_put_text(w, "value", audit_value_word(audit->value));
	json_put_text(w, "time", audit->time);
	json_put_text(w, "who", audit->who);
	json_end(w);
}

/* Of what is desired and has to be written, where its value comes from, too. */
static void encode_object(struct json_writer *w, const char *key, const struct object *object)
{
	if (!object) {
		json_put_null(w, key);
		return;
	}
	json_begin_object(w, key);
	objects_encode(w, object);
	if (object->value)
		objects_encode_source(w, value_key, object->value);
	if (object->keeps_no_fingerprint)
		json_put_bool(w, unprinted_key, true);
	if (object->audit)
		encode_audit(w, object->audit);
	json_end(w);
}

static void encode_action(struct json_writer *w, const struct action *action)
{
	json_begin_object(w, NULL);
	objects_encode_address(w, action_object(action));
	if (action_kind(action) == ACTION_RENAME)
		json_put_text(w, "renamed_from", action->before->secret);
	encode_object(w, "before", action->before);
	encode_object(w, "after", action->after);
	encode_object(w, "live", action_kind(action) == ACTION_NONE ? NULL : action->live);
	if (action->reason)
		json_put_text(w, "reason", action->reason);
	json_put_bool(w, "needs_consent", action->needs_consent);
	json_put_bool(w, "is_replaced", action->is_replaced);
	json_put_bool(w, "is_left_alive", action->is_left_alive);
	json_put_bool(w, "goes_with_store", action->goes_with_store);
	json_put_bool(w, "is_unverified", action->is_unverified);
	json_put_integer(w, "changes", action->changes);
	json_begin_array(w, "waits_for");
	for (size_t i = 0; i < action->wait_count; i++)
		json_put_integer(w, NULL, (int64_t)action->waits_for[i]);
	json_end(w);
	json_begin_array(w, "strangers");
	for (size_t i = 0; i < action->stranger_count; i++) {
		json_begin_object(w, NULL);
		json_put_text(w, "secret", action->strangers[i].secret);
		json_put_text(w, "id", action->strangers[i].id);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void encode_pair(struct json_writer *w, const struct object *recorded, const char *key,
	const struct object *other)
{
	json_begin_object(w, NULL);
	objects_encode_address(w, recorded);
	encode_object(w, "recorded", recorded);
	encode_object(w, key, other);
	json_end(w);
}

static void encode_accounts(struct json_writer *w, const struct model *accounts)
{
	json_begin_array(w, "accounts");
	for (size_t i = 0; i < accounts->account_count; i++) {
		const struct account *account = &accounts->accounts[i];
		json_begin_object(w, NULL);
		json_put_text(w, "alias", account->alias);
		json_put_text(w, "id", account->id);
		objects_encode_source(w, "token", &account->token);
		json_end(w);
	}
	json_end(w);
}

/* The state moves them again, in the same way, before the plan is carried out. */
static void encode_moves(struct json_writer *w, const struct model *model)
{
	json_begin_array(w, "moves");
	for (size_t i = 0; i < model->move_count; i++) {
		json_begin_object(w, NULL);
		json_put_text(w, "from", model->moves[i].from);
		json_put_text(w, "to", model->moves[i].to);
		json_end(w);
	}
	json_end(w);
}

/* For those who look at the plan. */
static void encode_moved(struct json_writer *w, const struct plan *plan)
{
	json_begin_array(w, "moved");
	for (size_t i = 0; i < plan->move_count; i++) {
		json_begin_object(w, NULL);
		objects_encode_address(w, plan->moves[i].object);
		json_put_text(w, "from", plan->moves[i].from);
		json_end(w);
	}
	json_end(w);
}

static void encode_plan(struct json_writer *w, const struct plan *plan)
{
	json_put_integer(w, "managed", (int64_t)plan->managed);
	json_begin_array(w, "actions");
	for (size_t i = 0; i < plan->action_count; i++)
		encode_action(w, &plan->actions[i]);
	json_end(w);
	json_begin_array(w, "refreshes");
	for (size_t i = 0; i < plan->refresh_count; i++)
		encode_pair(w, plan->refreshes[i].before, "after", plan->refreshes[i].after);
	json_end(w);
	json_begin_array(w, "drifts");
	for (size_t i = 0; i < plan->drift_count; i++)
		encode_pair(w, plan->drifts[i].recorded, "live", plan->drifts[i].live);
	json_end(w);
	encode_moved(w, plan);
}

void planfile_encode(const struct planfile *planfile, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 0), *w = &writer;
	char checksum[CRYPT_CHECKSUM_SIZE];

	json_begin_object(w, NULL);
	json_put_integer(w, "version", PLANFILE_VERSION);
	json_put_text(w, "cfprov_version", cfprov_version());
	json_put_text(w, "mode", planfile->mode);
	json_put_text(w, "state", planfile->state_path);
	json_put_bool(w, "partial", planfile->is_partial);
	json_put_text(w, "lineage", planfile->lineage);
	json_put_text(w, "born_as", planfile->born_as);
	json_put_integer(w, "serial", planfile->serial);
	objects_encode_source(w, "fingerprint_key", &planfile->accounts.fingerprint_key);
	encode_accounts(w, &planfile->accounts);
	encode_moves(w, &planfile->accounts);
	encode_plan(w, &planfile->plan);
	json_end(w);
	crypt_checksum(json.bytes, json.length, checksum);
	str_format(out, "%s%s\n", magic, checksum);
	str_add(out, json.bytes, json.length);
	str_char(out, '\n');
}

/* ---- reading ---- */

struct decoding {
	struct planfile *planfile;
	struct error *err;
};

static bool malformed(struct decoding *d, const char *what)
{
	return error_set(d->err, "%s is not as this cfprov writes it", what);
}

static const char *keep(struct decoding *d, const char *text)
{
	return text ? arena_text(&d->planfile->arena, text) : NULL;
}

static bool decode_audit(
	struct decoding *d, const struct json *json, const struct audit **ret_audit)
{
	struct audit *audit = arena_alloc(&d->planfile->arena, sizeof(*audit));

	if (!json)
		return true;
	audit->time = keep(d, json_get_text(json, "time"));
	audit->who = keep(d, json_get_text(json, "who"));
	*ret_audit = audit;
	return audit->time && audit->who &&
	       audit_value_read(json_get_text(json, "value"), &audit->value);
}

/* NULL in *ret_object for a JSON null. Inside `json` stands the address. */
static bool decode_object(struct decoding *d, const struct json *json, const char *key,
	const struct object **ret_object)
{
	static const char *const others[] = {value_key, unprinted_key, audit_key, NULL};
	struct arena *arena = &d->planfile->arena;
	const struct json *fields = json_get(json, key);
	struct object *object = arena_alloc(arena, sizeof(*object));
	struct value_source *value = arena_alloc(arena, sizeof(*value));

	*ret_object = NULL;
	if (json_is_null(fields))
		return true;
	if (!objects_decode_address(json, arena, object))
		return malformed(d, "an address");
	if (!objects_decode(fields, others, arena, object, d->err))
		return error_prefix(d->err, "%s", key);
	if (!objects_decode_source(json_get(fields, value_key), arena, value))
		return malformed(d, "where a value comes from");
	if (value->kind != VALUE_NONE)
		object->value = value;
	object->keeps_no_fingerprint = json_is_true(json_get(fields, unprinted_key));
	if (!decode_audit(d, json_get(fields, audit_key), &object->audit))
		return malformed(d, "what the audit log says");
	*ret_object = object;
	return true;
}

/* Before a rename it has another name. */
static bool decode_before(struct decoding *d, const struct json *json, struct action *action)
{
	const char *name = json_get_text(json, "renamed_from");
	const struct object *before;

	if (!decode_object(d, json, "before", &before))
		return false;
	action->before = before;
	if (!name)
		return true;
	struct object *renamed = arena_alloc(&d->planfile->arena, sizeof(*renamed));
	if (!before || !before->secret)
		return malformed(d, "a rename");
	*renamed = *before;
	renamed->secret = keep(d, name);
	action->before = renamed;
	return true;
}

static bool decode_waits(struct decoding *d, const struct json *json, struct action *action)
{
	const struct json *list = json_get(json, "waits_for");
	size_t *waits = arena_alloc(&d->planfile->arena, json_count(list) * sizeof(*waits));

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		int64_t index;
		if (!json_integer(it, &index) || index < 0)
			return malformed(d, "what an action waits for");
		waits[action->wait_count++] = (size_t)index;
	}
	action->waits_for = waits;
	return true;
}

static bool decode_strangers(struct decoding *d, const struct json *json, struct action *action)
{
	const struct json *list = json_get(json, "strangers");
	struct object *strangers =
		arena_alloc(&d->planfile->arena, json_count(list) * sizeof(*strangers));

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		struct object *object = &strangers[action->stranger_count++];
		object->kind = OBJECT_SECRET;
		object->account = action_object(action)->account;
		object->store = action_object(action)->store;
		object->secret = keep(d, json_get_text(it, "secret"));
		object->id = keep(d, json_get_text(it, "id"));
		if (!object->secret || !object->id)
			return malformed(d, "what is inside a store");
	}
	action->strangers = strangers;
	return true;
}

static bool decode_action(struct decoding *d, const struct json *json)
{
	struct action *action = plan_add(&d->planfile->plan);

	int64_t changes;

	if (!decode_before(d, json, action) || !decode_object(d, json, "after", &action->after) ||
		!decode_object(d, json, "live", &action->live) || !decode_waits(d, json, action))
		return false;
	if (!json_integer(json_get(json, "changes"), &changes) || changes < 0 || changes > 7)
		return malformed(d, "what an action changes");
	action->changes = (unsigned)changes;
	action->goes_with_store = json_is_true(json_get(json, "goes_with_store"));
	action->is_unverified = json_is_true(json_get(json, "is_unverified"));
	if (!action->before && !action->after)
		return malformed(d, "an action");
	action->reason = keep(d, json_get_text(json, "reason"));
	action->needs_consent = json_is_true(json_get(json, "needs_consent"));
	action->is_replaced = json_is_true(json_get(json, "is_replaced"));
	action->is_left_alive = json_is_true(json_get(json, "is_left_alive"));
	return decode_strangers(d, json, action);
}

static bool decode_refresh(struct decoding *d, const struct json *json)
{
	const struct object *before, *after;

	if (!decode_object(d, json, "recorded", &before) ||
		!decode_object(d, json, "after", &after) || !before)
		return d->err->message ? false : malformed(d, "a refresh");
	plan_add_refresh(&d->planfile->plan, before, after);
	return true;
}

static bool decode_drift(struct decoding *d, const struct json *json)
{
	const struct object *recorded, *live;

	if (!decode_object(d, json, "recorded", &recorded) ||
		!decode_object(d, json, "live", &live) || !recorded)
		return d->err->message ? false : malformed(d, "a drift");
	plan_add_drift(&d->planfile->plan, recorded, live);
	return true;
}

static bool decode_account(struct decoding *d, const struct json *json)
{
	struct model *model = &d->planfile->accounts;
	const char *alias = json_get_text(json, "alias"), *id = json_get_text(json, "id");

	if (!alias || !id || !objects_is_id(id))
		return malformed(d, "an account");
	struct account *account = model_add_account(model, alias, id);
	return objects_decode_source(json_get(json, "token"), &model->arena, &account->token) ||
	       malformed(d, "where a token comes from");
}

static bool decode_move(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from"), *to = json_get_text(json, "to");

	if (!from || !to)
		return malformed(d, "a move");
	model_add_move(&d->planfile->accounts, from, to);
	return true;
}

static bool decode_moved(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from");
	struct object *object = arena_alloc(&d->planfile->arena, sizeof(*object));

	if (!from || !objects_decode_address(json, &d->planfile->arena, object))
		return malformed(d, "what was moved");
	plan_add_move(&d->planfile->plan, &(struct plan_move){keep(d, from), object});
	return true;
}

static bool decode_list(struct decoding *d, const struct json *root, const char *key,
	bool (*decode)(struct decoding *d, const struct json *json))
{
	const struct json *list = json_get(root, key);

	if (!json_is_array(list))
		return malformed(d, key);
	for (const struct json *it = json_first(list); it; it = json_next(it))
		if (!decode(d, it))
			return false;
	return true;
}

static bool decode_head(struct decoding *d, const struct json *root)
{
	struct planfile *planfile = d->planfile;
	const char *lineage = json_get_text(root, "lineage");
	const char *born_as = json_get_text(root, "born_as");
	struct model *accounts = &planfile->accounts;
	int64_t version, managed;

	if (!json_integer(json_get(root, "version"), &version))
		return malformed(d, "its version");
	if (version != PLANFILE_VERSION) {
		error_set(d->err, "it has version %lld; this cfprov knows version %d",
			(long long)version, PLANFILE_VERSION);
		return error_hint(
			d->err, "Apply it with the cfprov that made it, or make it anew.");
	}
	planfile->mode = keep(d, json_get_text(root, "mode"));
	planfile->state_path = keep(d, json_get_text(root, "state"));
	planfile->is_partial = json_is_true(json_get(root, "partial"));
	if (!planfile->mode || !planfile->state_path || !lineage || !born_as ||
		strlen(lineage) > STATE_LINEAGE_LENGTH || strlen(born_as) > STATE_LINEAGE_LENGTH ||
		!json_integer(json_get(root, "serial"), &planfile->serial) ||
		!json_integer(json_get(root, "managed"), &managed) || managed < 0)
		return malformed(d, "its head");
	memcpy(planfile->lineage, lineage, strlen(lineage) + 1);
	memcpy(planfile->born_as, born_as, strlen(born_as) + 1);
	if (!objects_decode_source(json_get(root, "fingerprint_key"), &accounts->arena,
		    &accounts->fingerprint_key))
		return malformed(d, "its head");
	planfile->plan.managed = (size_t)managed;
	return true;
}

static bool decode_root(struct decoding *d, const struct json *root)
{
	if (!decode_head(d, root) || !decode_list(d, root, "accounts", decode_account) ||
		!decode_list(d, root, "moves", decode_move) ||
		!decode_list(d, root, "actions", decode_action) ||
		!decode_list(d, root, "refreshes", decode_refresh) ||
		!decode_list(d, root, "drifts", decode_drift) ||
		!decode_list(d, root, "moved", decode_moved))
		return false;
	model_sort(&d->planfile->accounts);
	d->planfile->plan.counts = plan_count(&d->planfile->plan);
	return true;
}

/* Is the first line ours, and the rest what it was when that was written? Gives the JSON's offset.
 */
static size_t check_whole(const struct str *bytes, struct error *err)
{
	const size_t head = sizeof(magic) - 1 + CRYPT_CHECKSUM_SIZE;
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (bytes->length < sizeof(magic) || memcmp(bytes->bytes, magic, sizeof(magic) - 1) != 0) {
		error_set(err, "not a plan of cfprov");
		error_hint(err, "Plans are written by cfprov plan -out=FILE.");
		return 0;
	}
	if (bytes->length > head && bytes->bytes[head - 1] == '\n' &&
		bytes->bytes[bytes->length - 1] == '\n') {
		crypt_checksum(bytes->bytes + head, bytes->length - head - 1, checksum);
		if (memcmp(bytes->bytes + sizeof(magic) - 1, checksum, sizeof(checksum) - 1) == 0)
			return head;
	}
	error_set(err, "the plan was changed or cut short after it was written");
	error_hint(err, "Make it anew: cfprov plan -out=FILE.");
	return 0;
}

bool planfile_decode(
	const char *file, const struct str *bytes, struct planfile *ret_planfile, struct error *err)
{
	struct planfile planfile = {0};
	struct decoding d = {&planfile, err};
	size_t at = check_whole(bytes, err);
	struct json *json CLEANUP(json_free_pointer) =
		at ? json_parse(bytes->bytes + at, bytes->length - at, err) : NULL;

	if (json && decode_root(&d, json)) {
		*ret_planfile = planfile;
		return true;
	}
	planfile_release(&planfile);
	return error_at(err, file, 0, 0);
}

/* ---- does it still fit ---- */

/* What an interrupted run has left is found only when the accounts are read. */
static bool check_recorded(
	const struct planfile *planfile, const struct state *state, struct error *err)
{
	for (size_t i = 0; i < planfile->plan.action_count; i++) {
		const struct object *object = planfile->plan.actions[i].before;
		struct str address CLEANUP(str_release) = {0};
		if (!object || object->origin == ORIGIN_NONE)
			continue;
		const struct object *known =
			model_object(&state->model, object->account, object->store, object->secret);
		if (known && (known->is_unresolved || strcmp(known->id, object->id) == 0))
			continue;
		object_add_address(&address, object);
		error_set(err, "the plan is about %s with the id %s, which the state does not have",
			str_text(&address), object->id);
		return error_hint(err, "The file was changed by hand. Make a new plan.");
	}
	return true;
}

bool planfile_check_content(
	const struct planfile *planfile, const struct state *state, struct error *err)
{
	for (size_t i = 0; i < planfile->accounts.account_count; i++) {
		const struct account *then = &planfile->accounts.accounts[i];
		const struct account *now = model_account(&state->model, then->alias);
		if (!now || strcmp(now->id, then->id) == 0 ||
			!model_first_in(&state->model, then->alias))
			continue;
		error_set(err, "the plan is about the account %s as `%s`, which is %s in the state",
			then->id, then->alias, now->id);
		return error_hint(err, "Make a new plan.");
	}
	return check_recorded(planfile, state, err);
}

bool planfile_check_state(
	const struct planfile *planfile, const char *lineage, int64_t serial, struct error *err)
{
	static const char elsewhere[] = "Is this the right folder, or should -state name another "
					"file? Else make a new plan.";
	bool was_born = planfile->lineage[0] != '\0', is_born = lineage[0] != '\0';

	if (was_born && !is_born) {
		error_set(err, "the plan was made for a state that is not there");
		return error_hint(err, "%s", elsewhere);
	}
	if (!was_born && is_born) {
		error_set(err, "the state was empty when the plan was made, and is not any more");
		return error_hint(err, "It may have been applied already. Make a new plan.");
	}
	if (strcmp(planfile->lineage, lineage) != 0) {
		error_set(err, "the plan was made for another state (lineage %s, not %s)",
			planfile->lineage, lineage);
		return error_hint(err, "%s", elsewhere);
	}
	if (planfile->serial == serial)
		return true;
	error_set(err, "the state has moved on since the plan was made (serial %lld, now %lld)",
		(long long)planfile->serial, (long long)serial);
	return error_hint(err, "%s Make a new plan.",
		serial < planfile->serial ? "It was put back to an older one."
					  : "It may have been applied already.");
}

void planfile_release(struct planfile *planfile)
{
	plan_release(&planfile->plan);
	model_release(&planfile->accounts);
	arena_release(&planfile->arena);
	*planfile = (struct planfile){0};
}
