#include "state/journal.h"

#include "adapter/crypt.h"
#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "state/objects.h"

#include <stdlib.h>
#include <string.h>

enum { JOURNAL_VERSION = 1 };

/* ---- writing ---- */

static void encode_put(struct json_writer *writer, const char *key, const struct object *object)
{
	json_begin_object(writer, key);
	objects_encode(writer, object, OBJECTS_RECORDED);
	json_end(writer);
}

void journal_encode_header(const struct journal_head *head, const struct state_fold *run,
	struct chain_writer *lines, struct str *out)
{
	struct str line CLEANUP(str_release) = {0};
	struct json_writer writer = json_file_writer(&line, 0);

	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "cfprov_journal", JOURNAL_VERSION);
	json_put_text(&writer, "lineage", head->lineage);
	json_put_integer(&writer, "serial", head->serial);
	if (head->lock[0])
		json_put_text(&writer, "lock", head->lock);
	json_begin_object(&writer, "accounts");
	for (size_t i = 0; i < run->account_count; i++)
		json_put_text(&writer, run->accounts[i].alias, run->accounts[i].id);
	json_end(&writer);
	json_begin_array(&writer, "intents");
	for (size_t i = 0; i < run->change_count; i++) {
		const struct change *intent = &run->changes[i];
		json_begin_object(&writer, NULL);
		objects_encode_address(&writer, intent->object);
		if (intent->kind == CHANGE_PUT)
			encode_put(&writer, "if_unknown", intent->object);
		json_end(&writer);
	}
	json_end(&writer);
	json_end(&writer);
	chain_add(lines, line.bytes, line.length, out);
}

void journal_encode_alive(int64_t now_ms, struct chain_writer *lines, struct str *out)
{
	struct str line CLEANUP(str_release) = {0};
	struct json_writer writer = json_file_writer(&line, 0);

	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "alive", now_ms);
	json_end(&writer);
	chain_add(lines, line.bytes, line.length, out);
}

void journal_encode_group(
	const struct result *results, size_t count, struct chain_writer *lines, struct str *out)
{
	struct str line CLEANUP(str_release) = {0};
	struct json_writer writer = json_file_writer(&line, 0);

	json_begin_array(&writer, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &results[i].change;
		json_begin_object(&writer, NULL);
		json_put_integer(&writer, "intent", (int64_t)results[i].intent);
		if (change->kind == CHANGE_PUT)
			encode_put(&writer, "put", change->object);
		else
			json_put_bool(&writer, change->kind == CHANGE_DROP ? "drop" : "keep", true);
		json_end(&writer);
	}
	json_end(&writer);
	chain_add(lines, line.bytes, line.length, out);
}

/* ---- reading ---- */

struct reader {
	struct chain_reader lines;
	bool has_header;
	struct journal *journal;
	struct object *objects; /* one for each intent */
	bool *has_result;       /* likewise */
	struct error *err;
};

static bool malformed(struct reader *r)
{
	return error_set(r->err, "unknown record at byte %zu", r->lines.start);
}

/* Reads the fields of an object whose address is known. */
static bool decode_put(struct reader *r, const struct json *json, size_t index)
{
	struct object *object = &r->objects[index];

	*object = (struct object){.kind = object->kind,
		.account = object->account,
		.store = object->store,
		.secret = object->secret};
	r->journal->changes[index] = (struct change){CHANGE_PUT, object};
	return objects_decode(json, OBJECTS_RECORDED, &r->journal->model.arena, object, r->err) ||
	       error_prefix(r->err, "the record at byte %zu", r->lines.start);
}

static bool decode_intent(struct reader *r, const struct json *json, size_t index)
{
	const struct json *unknown = json_get(json, "if_unknown");
	struct object *object = &r->objects[index];

	if (!objects_decode_address(json, &r->journal->model.arena, object) ||
		json_count(json) != 2u + (object->secret != NULL) + (unknown != NULL))
		return malformed(r);
	r->journal->changes[index] = (struct change){CHANGE_KEEP, object};
	return !unknown || decode_put(r, unknown, index);
}

static bool decode_accounts(struct reader *r, const struct json *accounts)
{
	struct table *ids = NULL;
	bool is_good = json_is_object(accounts);

	for (const struct json *it = json_first(accounts); it && is_good; it = json_next(it))
		is_good = objects_is_name(json_key(it)) && objects_is_id(json_text(it)) &&
			  !table_put(&ids, json_text(it), r) &&
			  model_add_account(&r->journal->model, json_key(it), json_text(it));
	table_free(&ids);
	model_sort(&r->journal->model);
	return is_good || malformed(r);
}

static bool decode_header(struct reader *r, const struct json *json)
{
	struct journal *journal = r->journal;
	struct journal_head *head = &journal->head;
	const char *lineage = json_get_text(json, "lineage");
	const struct json *lock = json_get(json, "lock");
	const struct json *intents = json_get(json, "intents");
	size_t count = json_count(intents), index = 0;
	int64_t version;

	if (!json_is_array(intents) || !json_integer(json_get(json, "cfprov_journal"), &version))
		return malformed(r);
	if (version != JOURNAL_VERSION) {
		error_set(r->err, "unsupported version %lld (this cfprov supports version %d)",
			(long long)version, JOURNAL_VERSION);
		return error_hint(r->err, "Run the version of cfprov that wrote it.");
	}
	if (!json_integer(json_get(json, "serial"), &head->serial) || head->serial < 0 ||
		head->serial > STATE_SERIAL_MOST || !state_is_lineage(lineage) ||
		(lock && !state_is_lineage(json_text(lock))) ||
		json_count(json) != 5u + (lock != NULL))
		return malformed(r);
	memcpy(head->lineage, lineage, sizeof(head->lineage));
	if (lock)
		memcpy(head->lock, json_text(lock), sizeof(head->lock));
	r->objects = arena_alloc(&journal->model.arena, count * sizeof(*r->objects));
	r->has_result = arena_alloc(&journal->model.arena, count * sizeof(*r->has_result));
	journal->changes = mem_alloc(count * sizeof(*journal->changes));
	journal->count = count;
	for (const struct json *it = json_first(intents); it; it = json_next(it))
		if (!decode_intent(r, it, index++))
			return false;
	return decode_accounts(r, json_get(json, "accounts"));
}

static bool decode_result(struct reader *r, const struct json *json)
{
	struct journal *journal = r->journal;
	const struct json *put = json_get(json, "put");
	bool drops = json_is_true(json_get(json, "drop"));
	int64_t index;

	if (!json_integer(json_get(json, "intent"), &index) || index < 0 ||
		(uint64_t)index >= journal->count || !r->has_result || r->has_result[index] ||
		json_count(json) != 2 || !(put || drops || json_is_true(json_get(json, "keep"))))
		return malformed(r);
	r->has_result[index] = true;
	if (put)
		return decode_put(r, put, (size_t)index);
	journal->changes[index].kind = drops ? CHANGE_DROP : CHANGE_KEEP;
	return true;
}

/* No address and no id may occur twice. */
static bool check_changes(const struct journal *journal, struct error *err)
{
	struct change *sorted AUTO_FREE = mem_alloc(journal->count * sizeof(*sorted));
	struct table *ids = NULL;
	const char *why = NULL;
	size_t i;

	if (journal->count)
		memcpy(sorted, journal->changes, journal->count * sizeof(*sorted));
	qsort(sorted, journal->count, sizeof(*sorted), change_compare);
	for (i = 0; i < journal->count && !why; i++) {
		const char *id = sorted[i].kind == CHANGE_PUT ? sorted[i].object->id : NULL;
		if (i && change_compare(&sorted[i - 1], &sorted[i]) == 0)
			why = "two records have the same address";
		else if (id && table_put(&ids, id, sorted))
			why = "another object has the same id";
	}
	table_free(&ids);
	return !why || error_set(err, "%s", why) || objects_refuse(sorted[i - 1].object, err);
}

static bool decode_line(struct reader *r)
{
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(r->lines.text, r->lines.text_length, r->err);
	if (!json)
		return false;
	if (!r->has_header) {
		r->has_header = true;
		return decode_header(r, json);
	}
	if (json_is_object(json) && json_count(json) == 1 &&
		json_integer(json_get(json, "alive"), &r->journal->alive_ms) &&
		r->journal->alive_ms > 0)
		return true;
	if (!json_is_array(json))
		return malformed(r);
	for (const struct json *it = json_first(json); it; it = json_next(it))
		if (!decode_result(r, it))
			return false;
	return true;
}

/* A line is not what was written there: maybe git is why. Always false. */
static bool refuse_damage(const struct str *bytes, struct error *err)
{
	size_t conflict = text_conflict_line(bytes->bytes, bytes->length);

	if (!conflict)
		return false;
	error_release(err);
	error_set(err, "unresolved merge conflict in line %zu", conflict);
	return error_hint(err, "Restore the journal and the state of one side (`git checkout "
			       "--ours` or `--theirs`), then run `cfprov plan`. Only one run at a "
			       "time may write a state.");
}

static bool decode_lines(struct reader *r, const struct str *bytes)
{
	for (;;) {
		if (!chain_next(&r->lines, r->err))
			return refuse_damage(bytes, r->err);
		if (!r->lines.text)
			return true;
		if (!decode_line(r))
			return false;
	}
}

bool journal_decode(const char *file, const struct str *bytes, const struct sealing *sealing,
	struct journal *ret_journal, struct error *err)
{
	struct journal journal = {0};
	struct reader r = {.journal = &journal, .err = err};
	bool is_ours = chain_open(&r.lines, sealing, bytes, err);
	bool is_good = is_ours && decode_lines(&r, bytes) && check_changes(&journal, err);

	journal.found = r.lines.found;
	chain_close(&r.lines);
	if (is_good) {
		*ret_journal = journal;
		return true;
	}
	journal_release(&journal);
	if (is_ours || !err->hint)
		error_prefix(err, "invalid journal");
	return journal_refuse(file, err);
}

bool journal_check_accounts(
	const struct journal *journal, const struct state *state, struct error *err)
{
	for (size_t i = 0; i < journal->count; i++) {
		const struct object *object = journal->changes[i].object;
		const struct account *known = model_account(&state->model, object->account);
		const struct account *now = model_account(&journal->model, object->account);
		const char *why = !known && !now ? "its account is unknown" : NULL;
		if (known && now && strcmp(known->id, now->id) != 0 &&
			journal->changes[i].kind == CHANGE_PUT &&
			model_first_in(&state->model, known->alias))
			why = "its account has a different id in the state";
		if (why)
			return error_set(err, "%s", why) || objects_refuse(object, err);
	}
	return true;
}

bool journal_refuse(const char *file, struct error *err)
{
	if (!err->hint)
		error_hint(err,
			"It records what an interrupted run did. If you can't repair it, move it "
			"away: cfprov then finds the objects of that run by name and offers to "
			"adopt them.");
	return error_at(err, file, 0, 0);
}

void journal_release(struct journal *journal)
{
	mem_free(journal->changes);
	model_release(&journal->model);
	*journal = (struct journal){0};
}
