#include "apply/values.h"

#include "adapter/table.h"
#include "base/value.h"
#include "plan/renames.h"
#include "plan/selection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct held_value {
	struct secret secret;
	struct held_value *earlier;
};

/* ---- life ---- */

void values_init(struct values *values, struct keyring *keyring, const struct ledger *ledger,
	const struct model *accounts)
{
	*values = (struct values){.keyring = keyring, .ledger = ledger, .accounts = accounts};
}

void values_release(struct values *values)
{
	struct held_value *earlier;

	for (struct held_value *it = values->last; it; it = earlier) {
		earlier = it->earlier;
		secret_release(&it->secret);
		mem_free(it);
	}
	table_free(&values->by_address);
	arena_release(&values->arena);
	fingerprint_key_release(&values->key);
	fingerprint_key_release(&values->old_key);
	*values = (struct values){0};
}

/* ---- reading ---- */

const struct secret *values_open(
	struct values *values, const struct object *object, struct error *err)
{
	char *address AUTO_FREE = object_address(object);
	struct held_value *held = table_get(values->by_address, address);
	struct error_list *warnings = sources_warnings(values->keyring->sources);
	size_t known = warnings->count;
	const struct place *place = &object->value->place;
	struct secret secret = {0};

	if (held)
		return &held->secret;
	bool is_read = sources_read(values->keyring->sources, object->value, &secret, err);
	for (; known < warnings->count; known++)
		error_prefix(&warnings->items[known], "%s", address);
	if (!is_read || !value_check(secret.bytes, secret.length, err)) {
		secret_release(&secret);
		if (place->file && !err->file)
			error_at(err, place->file, place->line, place->column);
		error_prefix(err, "%s", address);
		return NULL;
	}
	held = mem_alloc(sizeof(*held));
	*held = (struct held_value){.secret = secret, .earlier = values->last};
	values->last = held;
	table_put(&values->by_address, arena_text(&values->arena, address), held);
	if (values->client)
		client_hide(values->client, &held->secret);
	return &held->secret;
}

/* ---- the key ---- */

/* A piped value would be read as the answer to the prompt, or the answer as a value. */
static void refuse_input(struct values *values, const char *what, const struct place *place,
	struct error_list *errors)
{
	if (values->has_refused_input)
		return;
	values->has_refused_input = true;
	struct error *err = error_list_add(errors);
	error_set(err, "%s comes from the standard input, so approval can't be read from there",
		what);
	error_hint(err, "Pass -auto-approve, or save a plan with `cfprov plan -out=FILE` and apply "
			"it.");
	if (place->file)
		error_at(err, place->file, place->line, place->column);
}

/* The subkeys for the lineage of the secret. */
static bool use_lineage(struct values *values, const struct object *secret, struct error *err)
{
	struct keys *keys = &values->keyring->keys;
	const char *lineage = ledger_lineage(values->ledger, secret->account);

	if (values->key_lineage && strcmp(values->key_lineage, lineage) == 0)
		return true;
	values->key_lineage = lineage;
	return (!keys->old.is_set ||
		       fingerprint_key_init(&values->old_key, &keys->old, lineage, err)) &&
	       (!keys->now.is_set || fingerprint_key_init(&values->key, &keys->now, lineage, err));
}

/* False: the key can't be read. Reads once, and adds the error once. */
static bool has_key(struct values *values, const struct object *secret, struct error_list *errors)
{
	const struct value_source source = keyring_source(values->keyring);
	bool is_first = !values->key_is_tried;
	struct error err = {0};

	if (values->key_is_missing)
		return false;
	values->key_is_tried = true;
	if (is_first && values->leaves_input && source.kind == VALUE_STDIN &&
		!values->keyring->is_read) {
		refuse_input(values, "the key", &source.place, errors);
		values->key_is_missing = true;
	} else if ((is_first && !keyring_read(values->keyring, &err)) ||
		   !use_lineage(values, secret, &err)) {
		values->key_is_missing = true;
		error_move(error_list_add(errors), &err);
	}
	return !values->key_is_missing;
}

/* ---- comparing ---- */

static struct fingerprint_subject subject_of(
	const struct values *values, const struct object *secret)
{
	const struct account *account = model_account(values->accounts, secret->account);

	assert(account); /* a secret is in an account */
	return (struct fingerprint_subject){
		ledger_lineage(values->ledger, secret->account), account->id, secret};
}

/* With the old key where the new one made no fingerprint yet. */
static enum value_verdict compare(const struct values *values,
	const struct fingerprint_subject *subject, const struct secret *value)
{
	enum value_verdict verdict = fingerprint_compare(&values->key, subject, value);

	return verdict == VALUE_UNVERIFIABLE && values->old_key.is_set
		       ? fingerprint_compare(&values->old_key, subject, value)
		       : verdict;
}

static bool is_comparable(const struct values *values, const struct fingerprint_subject *subject)
{
	return fingerprint_is_comparable(&values->key, subject) ||
	       (values->old_key.is_set && fingerprint_is_comparable(&values->old_key, subject));
}

/* `recorded`: under its present name, or the one before a rename; or NULL. */
static void judge(struct values *values, struct object *desired, const struct object *recorded,
	const struct secret *value)
{
	const struct fingerprint_subject now = subject_of(values, desired);

	if (recorded && !object_is_unresolved(recorded)) {
		const struct fingerprint_subject then = {now.lineage, now.account_id, recorded};
		desired->verdict = compare(values, &then, value);
	}
	if (desired->keeps_no_fingerprint)
		return;
	/* One of another form, or for another name, is made again. */
	bool is_current = recorded && desired->verdict == VALUE_SAME &&
			  strcmp(recorded->secret, desired->secret) == 0 &&
			  fingerprint_is_current(&values->key, recorded->fingerprint);
	desired->fingerprint =
		is_current ? arena_text(&values->arena, recorded->fingerprint)
			   : fingerprint_make(&values->key, &now, value, &values->arena);
}

/*
 * Without the value, only this is known: some fingerprints can't be compared, such as those
 * that were made with another key. The key is read as it would be to compare.
 */
static void judge_unread(struct values *values, struct object *desired,
	const struct object *recorded, struct error_list *errors)
{
	struct fingerprint_subject then = subject_of(values, desired);

	desired->is_unread = true;
	then.secret = recorded;
	if (recorded && recorded->fingerprint && !desired->keeps_no_fingerprint &&
		has_key(values, desired, errors) && !is_comparable(values, &then))
		desired->verdict = VALUE_UNVERIFIABLE;
}

/* ---- before planning ---- */

static void read_and_judge(struct values *values, struct object *desired,
	const struct object *recorded, struct error_list *errors)
{
	struct error err = {0};

	if (values->leaves_input && desired->value->kind == VALUE_STDIN) {
		char *address AUTO_FREE = object_address(desired);
		struct str what CLEANUP(str_release) = {0};
		str_format(&what, "the value of %s", address);
		refuse_input(values, str_text(&what), &desired->value->place, errors);
		return;
	}
	const struct secret *value = values_open(values, desired, &err);
	bool needs_key = !desired->keeps_no_fingerprint || (recorded && recorded->fingerprint);
	if (!value)
		error_move(error_list_add(errors), &err);
	else if (!needs_key || has_key(values, desired, errors))
		judge(values, desired, recorded, value);
}

static void read_desired(struct values *values, struct object *desired,
	const struct planner_input *input, struct error_list *errors)
{
	const struct object *recorded =
		renames_original(input->renames, desired, input->recorded, input->live);
	bool exists = model_find(input->live, desired) ||
		      renames_older(input->renames, desired, input->live);
	/* A secret that is written once is written again if it is recreated. */
	bool is_kept = desired->is_written_once && exists && !selection_replaces(input, desired);

	if (!desired->value || desired->value->kind == VALUE_GENERATE || is_kept ||
		!selection_has(input, desired))
		return;
	if (values->leaves_values)
		judge_unread(values, desired, recorded, errors);
	else
		read_and_judge(values, desired, recorded, errors);
}

/* An interrupt ends the reading: no further errors are needed. */
static bool is_interrupted(const struct error_list *errors)
{
	return errors->count && errors->items[errors->count - 1].code == ERROR_INTERRUPTED;
}

bool values_read(struct values *values, struct model *desired, const struct planner_input *input,
	struct error_list *errors)
{
	size_t before = errors->count;

	if (input->options.destroys_all || input->options.refresh_only)
		return true;
	for (size_t i = 0; i < desired->object_count && !is_interrupted(errors); i++)
		if (desired->objects[i].kind == OBJECT_SECRET)
			read_desired(values, &desired->objects[i], input, errors);
	return errors->count == before;
}

/* ---- a saved plan ---- */

bool values_check(struct values *values, const struct plan *plan, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < plan->row_count && !is_interrupted(errors); i++) {
		const struct object *planned = plan->rows[i].desired;
		enum value_verdict verdict = VALUE_SAME;
		struct error err = {0};
		if (!row_sends_value(&plan->rows[i]) || planned->value->kind == VALUE_GENERATE)
			continue;
		const struct secret *value = values_open(values, planned, &err);
		if (value && planned->fingerprint && has_key(values, planned, errors)) {
			const struct fingerprint_subject subject = subject_of(values, planned);
			verdict = compare(values, &subject, value);
		}
		if (verdict != VALUE_SAME) {
			char *address AUTO_FREE = object_address(planned);
			error_set(&err, "%s: %s", address,
				verdict == VALUE_CHANGED
					? "its value has changed since the plan was made"
				: fingerprint_is_valid(planned->fingerprint)
					? "the plan was made with a different key"
					: "its fingerprint in the plan is not valid");
			error_hint(&err, "Run `cfprov plan` again.");
		}
		if (err.message)
			error_move(error_list_add(errors), &err);
	}
	return errors->count == before;
}

void values_finish(struct values *values, const struct plan *plan)
{
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct object *planned = plan->rows[i].desired;
		struct error ignored CLEANUP(error_release) = {0};
		if (row_sends_value(&plan->rows[i]) && planned->value->kind != VALUE_GENERATE)
			(void)!values_open(values, planned, &ignored);
	}
}
