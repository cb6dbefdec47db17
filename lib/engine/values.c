#include "engine/values.h"

#include "adapter/table.h"
#include "base/text.h"
#include "engine/renames.h"
#include "engine/selection.h"

#include <stdlib.h>
#include <string.h>

static const char key_variable[] = "CFPROV_FINGERPRINT_KEY";

struct held_value {
	struct secret secret;
	struct held_value *earlier;
};

/* ---- life ---- */

void values_init(struct values *values, struct sources *sources, const char *lineage,
	const struct value_source *key_source)
{
	*values = (struct values){.sources = sources, .lineage = lineage, .key_source = key_source};
}

void values_release(struct values *values)
{
	struct held_value *earlier;

	for (struct held_value *it = values->last; it; it = earlier) {
		earlier = it->earlier;
		secret_release(&it->secret);
		free(it);
	}
	table_free(&values->by_address);
	arena_release(&values->arena);
	fingerprint_key_release(&values->key);
	*values = (struct values){0};
}

/* ---- reading ---- */

static bool check_bytes(const struct secret *value, struct error *err)
{
	size_t bad;

	if (!value->length) {
		error_set(err, "the value is empty");
		return error_hint(err, "Cloudflare keeps no empty values. Check its source.");
	}
	if (value->length > VALUE_LENGTH_LIMIT)
		return error_set(err, "the value has %zu bytes; Cloudflare takes at most %d",
			value->length, VALUE_LENGTH_LIMIT);
	if (!text_check_encoding(value->bytes, value->length, "the value", err))
		return false;
	if (memchr(value->bytes, '\0', value->length))
		error_set(err, "the value has a NUL byte in it");
	else if (!text_is_utf8(value->bytes, value->length, &bad))
		error_set(err, "the value is not UTF-8, from byte %zu on", bad + 1);
	else
		return true;
	return error_hint(err, "Values are text. Encode bytes, for example as base64.");
}

static bool read_value(struct values *values, const struct object *object,
	struct secret *ret_secret, struct error *err)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct str address CLEANUP(str_release) = {0};
	struct error_list *warnings = sources_warnings(values->sources);
	size_t told = warnings->count;
	bool is_read = sources_read(values->sources, object->value, &secret, err);

	object_add_address(&address, object);
	for (; told < warnings->count; told++)
		error_prefix(&warnings->items[told], "%s", str_text(&address));
	if (is_read && check_bytes(&secret, err)) {
		*ret_secret = secret;
		secret = (struct secret){0};
		return true;
	}
	if (object->value->place.file && !err->file)
		error_at(err, object->value->place.file, object->value->place.line,
			object->value->place.column);
	return error_prefix(err, "%s", str_text(&address));
}

const struct secret *values_open(
	struct values *values, const struct object *object, struct error *err)
{
	char *address AUTO_FREE = object_address(object);
	struct held_value *held = table_get(values->by_address, address);
	struct secret secret;

	if (held)
		return &held->secret;
	if (!read_value(values, object, &secret, err))
		return NULL;
	held = mem_alloc(sizeof(*held));
	*held = (struct held_value){.secret = secret, .earlier = values->last};
	values->last = held;
	table_put(&values->by_address, arena_text(&values->arena, address), held);
	if (values->client)
		client_know(values->client, &held->secret);
	return &held->secret;
}

/* ---- the key ---- */

/* Who answers the question would be taken for what is there, or that for an answer. */
static void refuse_input(struct values *values, const char *what, const struct place *place,
	struct error_list *errors)
{
	if (values->has_refused_input)
		return;
	values->has_refused_input = true;
	struct error *err = error_list_add(errors);
	error_set(err, "the standard input has %s, so that nobody can be asked there", what);
	error_hint(err, "Give -auto-approve; or save a plan with cfprov plan -out=FILE, and apply "
			"that.");
	if (place->file)
		error_at(err, place->file, place->line, place->column);
}

static bool read_key(struct values *values, const struct value_source *source, struct error *err)
{
	struct secret secret CLEANUP(secret_release) = {0};
	const struct place *place = &source->place;

	if (sources_read(values->sources, source, &secret, err)) {
		if (fingerprint_key_make(&secret, &values->key, err))
			return true;
	} else {
		error_prefix(err, "the fingerprint key can't be read");
		error_hint(err,
			"Values are compared with it. Bring it back; if it is lost for good, name "
			"another, and raise `version` where a value is to be written again.%s%s",
			err->hint ? " " : "", err->hint ? err->hint : "");
	}
	return place->file ? error_at(err, place->file, place->line, place->column) : false;
}

/* Has the key, if there is to be one. It is read once, and said once that it can't be. */
static bool has_key(struct values *values, struct error_list *errors)
{
	const struct value_source variable = {.kind = VALUE_ENV, .name = key_variable};
	const char *given = getenv(key_variable);
	const struct value_source *source = given && *given ? &variable : values->key_source;
	struct error err = {0};

	if (values->key_is_tried)
		return !values->key_is_missing;
	values->key_is_tried = true;
	values->key_is_missing = true;
	if (values->leaves_input && source->kind == VALUE_STDIN)
		refuse_input(values, "the fingerprint key", &source->place, errors);
	else if (source->kind == VALUE_NONE || read_key(values, source, &err))
		values->key_is_missing = false;
	else
		error_move(error_list_add(errors), &err);
	return !values->key_is_missing;
}

/* ---- comparing ---- */

static struct fingerprint_subject subject_of(
	const struct values *values, const struct object *object)
{
	return (struct fingerprint_subject){values->lineage, object->store, object->secret};
}

static const char *make(
	struct values *values, const struct object *object, const struct secret *value)
{
	const struct fingerprint_subject subject = subject_of(values, object);

	return fingerprint_make(&values->key, &subject, value, &values->arena);
}

static enum value_verdict compare(
	const struct values *values, const struct object *recorded, const struct secret *value)
{
	const struct fingerprint_subject subject = subject_of(values, recorded);

	if (!recorded->fingerprint)
		return VALUE_UNVERIFIABLE;
	switch (fingerprint_compare(recorded->fingerprint, &values->key, &subject, value)) {
	case FINGERPRINT_SAME:
		return VALUE_SAME;
	case FINGERPRINT_DIFFERS:
		return VALUE_CHANGED;
	case FINGERPRINT_UNKNOWN:
		break;
	}
	return VALUE_UNVERIFIABLE;
}

/* A fingerprint that was made without the key that there is now gives way to one made with it. */
static bool is_current(const struct values *values, const char *fingerprint)
{
	return !values->key.is_set || strstr(fingerprint, values->key.id);
}

static bool needs_key(const struct object *desired, const struct object *recorded)
{
	return !desired->keeps_no_fingerprint || (recorded && recorded->fingerprint);
}

/* `recorded`: under its name now, or before a rename; or NULL. */
static void judge(struct values *values, struct object *desired, const struct object *recorded,
	const struct secret *value)
{
	bool has_name = recorded && strcmp(recorded->secret, desired->secret) == 0;

	if (recorded && !recorded->is_unresolved)
		desired->verdict = compare(values, recorded, value);
	if (desired->keeps_no_fingerprint)
		return;
	if (has_name && desired->verdict == VALUE_SAME && is_current(values, recorded->fingerprint))
		desired->fingerprint = arena_text(&values->arena, recorded->fingerprint);
	else
		desired->fingerprint = make(values, desired, value);
}

/* ---- before planning ---- */

/* What is written once is read also if it lives but is to be made anew: better now than then. */
static bool is_to_be_read(
	const struct planner_input *input, const struct object *desired, bool lives)
{
	bool is_kept = desired->is_written_once && lives && !selection_replaces(input, desired);

	return desired->kind == OBJECT_SECRET && desired->value &&
	       desired->value->kind != VALUE_GENERATE && !is_kept && selection_has(input, desired);
}

static void read_desired(struct values *values, struct object *desired,
	const struct planner_input *input, struct error_list *errors)
{
	const struct object *recorded =
		renames_holder(input->renames, desired, input->recorded, input->live);
	const struct object *live =
		model_object(input->live, desired->account, desired->store, desired->secret);
	struct error err = {0};

	if (!live)
		live = renames_former(input->renames, desired, input->live);
	if (!is_to_be_read(input, desired, live != NULL))
		return;
	if (values->leaves_input && desired->value->kind == VALUE_STDIN) {
		char *address AUTO_FREE = object_address(desired);
		struct str what CLEANUP(str_release) = {0};
		str_format(&what, "the value of %s", address);
		refuse_input(values, str_text(&what), &desired->value->place, errors);
		return;
	}
	const struct secret *value = values_open(values, desired, &err);
	if (!value)
		error_move(error_list_add(errors), &err);
	else if (!needs_key(desired, recorded) || has_key(values, errors))
		judge(values, desired, recorded, value);
}

/* Then the rest need not be told. */
static bool is_interrupted(const struct error_list *errors)
{
	return errors->count && errors->items[errors->count - 1].code == ERROR_INTERRUPTED;
}

bool values_read(struct values *values, struct model *desired, const struct planner_input *input,
	struct error_list *errors)
{
	size_t before = errors->count;

	if (input->destroys_all || input->refresh_only)
		return true;
	for (size_t i = 0; i < desired->object_count && !is_interrupted(errors); i++)
		if (desired->objects[i].kind == OBJECT_SECRET)
			read_desired(values, &desired->objects[i], input, errors);
	return errors->count == before;
}

/* ---- a saved plan ---- */

static void check_value(
	struct values *values, const struct object *planned, struct error_list *errors)
{
	struct error err = {0};
	const struct secret *value = values_open(values, planned, &err);

	if (value && (!planned->fingerprint || !has_key(values, errors) ||
			     compare(values, planned, value) == VALUE_SAME))
		return;
	if (value) {
		struct str address CLEANUP(str_release) = {0};
		bool is_known = compare(values, planned, value) != VALUE_UNVERIFIABLE;
		object_add_address(&address, planned);
		error_set(&err, "%s: %s", str_text(&address),
			is_known ? "its value is not the one that the plan was made with"
				 : "the plan was made with another fingerprint key");
		error_hint(&err, "Make a new plan.");
	}
	error_move(error_list_add(errors), &err);
}

bool values_check(struct values *values, const struct plan *plan, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < plan->action_count && !is_interrupted(errors); i++) {
		const struct action *action = &plan->actions[i];
		if (action_writes_value(action) && action->after->value->kind != VALUE_GENERATE)
			check_value(values, action->after, errors);
	}
	return errors->count == before;
}
