#include "state/journal.h"

#include "adapter/crypt.h"
#include "adapter/json.h"
#include "base/text.h"
#include "state/objects.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNAL_VERSION = 1, PREFIX_LENGTH = CRYPT_CHECKSUM_SIZE }; /* checksum, a space */

/* ---- writing ---- */

static void add_line(struct str *out, const struct str *json)
{
	char checksum[CRYPT_CHECKSUM_SIZE];

	crypt_checksum(str_text(json), json->length, checksum);
	str_text_add(out, checksum);
	str_char(out, ' ');
	str_add(out, json->bytes, json->length);
	str_char(out, '\n');
}

static void encode_intent(struct json_writer *writer, const struct intent *intent)
{
	struct object unknown;
	struct change change = journal_unknown(intent, &unknown);

	json_begin_object(writer, NULL);
	objects_encode_address(writer, intent->object);
	if (change.kind == CHANGE_PUT) {
		json_begin_object(writer, "if_unknown");
		objects_encode(writer, change.object);
		json_end(writer);
	}
	json_end(writer);
}

void journal_encode_header(const struct state *state, const struct model *desired,
	const struct intent *intents, size_t count, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 0);

	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "cfprov_journal", JOURNAL_VERSION);
	json_put_text(&writer, "lineage", state->lineage);
	json_put_integer(&writer, "serial", state->serial);
	json_begin_object(&writer, "accounts");
	for (size_t i = 0; i < desired->account_count; i++)
		json_put_text(&writer, desired->accounts[i].alias, desired->accounts[i].id);
	json_end(&writer);
	json_begin_array(&writer, "intents");
	for (size_t i = 0; i < count; i++)
		encode_intent(&writer, &intents[i]);
	json_end(&writer);
	json_end(&writer);
	add_line(out, &json);
}

void journal_encode_alive(int64_t now_ms, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 0);

	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "alive", now_ms);
	json_end(&writer);
	add_line(out, &json);
}

void journal_encode_group(const struct result *results, size_t count, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 0);

	json_begin_array(&writer, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &results[i].change;
		json_begin_object(&writer, NULL);
		json_put_integer(&writer, "intent", (int64_t)results[i].intent);
		if (change->kind == CHANGE_PUT) {
			json_begin_object(&writer, "put");
			objects_encode(&writer, change->object);
			json_end(&writer);
		} else {
			json_put_bool(&writer, change->kind == CHANGE_DROP ? "drop" : "keep", true);
		}
		json_end(&writer);
	}
	json_end(&writer);
	add_line(out, &json);
}

struct change journal_unknown(const struct intent *intent, struct object *storage)
{
	const struct object *object = intent->object;

	if (intent->verb == INTENT_RECORD)
		return (struct change){CHANGE_KEEP, object};
	if (intent->verb == INTENT_UPDATE)
		return (struct change){CHANGE_PUT, object};
	*storage = (struct object){.kind = object->kind,
		.account = object->account,
		.store = object->store,
		.secret = object->secret,
		.fingerprint = object->fingerprint,
		.former = object->former,
		.origin = object->origin,
		.modified = object->modified,
		.is_strange = object->is_strange,
		.version = object->version,
		.is_unsure = object->is_unsure,
		.prevent_destroy = object->prevent_destroy,
		.forget_on_remove = object->forget_on_remove,
		.is_unresolved = true,
		.replaced = intent->replaced};
	return (struct change){CHANGE_PUT, storage};
}

/* ---- reading ---- */

struct reader {
	const char *bytes;
	size_t length, at;
	struct journal *journal;
	struct object *objects; /* one for each intent */
	struct error *err;
};

static bool malformed(struct reader *r)
{
	return error_set(r->err, "a record that this cfprov does not know, at byte %zu", r->at);
}

/* Reads what may stand in a state into an object whose address is known. */
static bool decode_recorded(struct reader *r, const struct json *json, struct object *object)
{
	return (objects_decode(json, NULL, &r->journal->model.arena, object, r->err) &&
		       objects_check_recorded(object, r->err)) ||
	       error_prefix(r->err, "the record at byte %zu", r->at);
}

static bool decode_intent(struct reader *r, const struct json *json, size_t index)
{
	const struct json *unknown = json_get(json, "if_unknown");
	struct object *object = &r->objects[index];

	if (!objects_decode_address(json, &r->journal->model.arena, object))
		return malformed(r);
	r->journal->changes[index] = (struct change){unknown ? CHANGE_PUT : CHANGE_KEEP, object};
	return !unknown || decode_recorded(r, unknown, object);
}

static bool decode_head(struct reader *r, const struct json *json)
{
	struct journal *journal = r->journal;
	const char *lineage = json_get_text(json, "lineage");
	int64_t version;

	if (!json_integer(json_get(json, "cfprov_journal"), &version))
		return malformed(r);
	if (version != JOURNAL_VERSION) {
		error_set(r->err, "it has version %lld; this cfprov knows version %d",
			(long long)version, JOURNAL_VERSION);
		return error_hint(r->err, "Finish the run with the cfprov that began it.");
	}
	if (!json_integer(json_get(json, "serial"), &journal->serial) || journal->serial < 0 ||
		!lineage || strlen(lineage) != STATE_LINEAGE_LENGTH)
		return malformed(r);
	memcpy(journal->lineage, lineage, sizeof(journal->lineage));
	const struct json *accounts = json_get(json, "accounts");
	for (const struct json *it = json_first(accounts); it; it = json_next(it)) {
		if (!json_text(it))
			return malformed(r);
		model_add_account(&journal->model, json_key(it), json_text(it));
	}
	return true;
}

static bool decode_header(struct reader *r, const struct json *json)
{
	struct journal *journal = r->journal;
	const struct json *intents = json_get(json, "intents");
	size_t count = json_count(intents), index = 0;

	if (!json_is_array(intents) || !decode_head(r, json))
		return json_is_array(intents) ? false : malformed(r);
	r->objects = arena_alloc(&journal->model.arena, count * sizeof(*r->objects));
	journal->changes = mem_alloc(count * sizeof(*journal->changes));
	journal->count = count;
	for (const struct json *it = json_first(intents); it; it = json_next(it))
		if (!decode_intent(r, it, index++))
			return false;
	return true;
}

static bool decode_result(struct reader *r, const struct json *json)
{
	struct journal *journal = r->journal;
	const struct json *put = json_get(json, "put");
	int64_t index;

	if (!json_integer(json_get(json, "intent"), &index) || index < 0 ||
		(uint64_t)index >= journal->count)
		return malformed(r);
	assert(r->objects); /* the header came first */
	struct object *object = &r->objects[index];
	struct change *change = &journal->changes[index];
	if (!put) {
		change->kind = json_is_true(json_get(json, "drop")) ? CHANGE_DROP : CHANGE_KEEP;
		return json_is_true(json_get(json, "drop")) ||
		       json_is_true(json_get(json, "keep")) || malformed(r);
	}
	*object = (struct object){.kind = object->kind,
		.account = object->account,
		.store = object->store,
		.secret = object->secret};
	change->kind = CHANGE_PUT;
	return decode_recorded(r, put, object);
}

static bool decode_group(struct reader *r, const struct json *json)
{
	int64_t alive_ms;

	if (json_is_object(json) && json_count(json) == 1 &&
		json_integer(json_get(json, "alive"), &alive_ms) && alive_ms > 0) {
		r->journal->alive_ms = alive_ms;
		return true;
	}
	if (!json_is_array(json))
		return malformed(r);
	for (const struct json *it = json_first(json); it; it = json_next(it))
		if (!decode_result(r, it))
			return false;
	return true;
}

static bool is_line_whole(const char *line, size_t length)
{
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (length < PREFIX_LENGTH || line[PREFIX_LENGTH - 1] != ' ')
		return false;
	crypt_checksum(line + PREFIX_LENGTH, length - PREFIX_LENGTH, checksum);
	return memcmp(line, checksum, PREFIX_LENGTH - 1) == 0;
}

static bool decode_line(struct reader *r, size_t length)
{
	const char *text = r->bytes + r->at + PREFIX_LENGTH;
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(text, length - PREFIX_LENGTH, r->err);

	if (!json)
		return false;
	return r->at == 0 ? decode_header(r, json) : decode_group(r, json);
}

static bool refuse_line(const struct reader *r)
{
	size_t conflict = text_conflict_line(r->bytes, r->length);

	if (!conflict)
		return error_set(r->err, "damaged at byte %zu", r->at);
	error_set(r->err, "unresolved merge conflict in line %zu", conflict);
	return error_hint(r->err,
		"Restore the journal of one side as a whole, together with the state of that side, "
		"then run cfprov plan. Only one run at a time may write a state.");
}

static bool decode_lines(struct reader *r)
{
	while (r->at < r->length) {
		const char *line = r->bytes + r->at;
		const char *end = memchr(line, '\n', r->length - r->at);
		if (!end)
			return true; /* torn: it was never finished */
		size_t length = (size_t)(end - line);
		if (!is_line_whole(line, length))
			return refuse_line(r);
		if (!decode_line(r, length))
			return false;
		r->at += length + 1;
	}
	return true;
}

bool journal_decode(const char *file, const char *bytes, size_t length, struct journal *ret_journal,
	struct error *err)
{
	struct journal journal = {0};
	struct reader r = {.bytes = bytes, .length = length, .journal = &journal, .err = err};

	if (decode_lines(&r)) {
		*ret_journal = journal;
		return true;
	}
	journal_release(&journal);
	error_prefix(err, "not a journal of cfprov");
	error_at(err, file, 0, 0);
	if (!err->hint)
		error_hint(err,
			"It tells what an interrupted run did. If it can't be mended, move it "
			"away: stores that the run made are then found by their names, and "
			"adopting them is offered.");
	return false;
}

void journal_release(struct journal *journal)
{
	free(journal->changes);
	model_release(&journal->model);
	*journal = (struct journal){0};
}
