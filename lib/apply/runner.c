#include "apply/runner.h"

#include "apply/op.h"
#include "base/clock.h"
#include "plan/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct cf_runner *in(struct runner *runner)
{
	return (struct cf_runner *)(void *)runner;
}

/* ---- operations ---- */

struct op *op_new(
	struct cf_runner *r, struct account_ops *account, const struct row **rows, size_t count)
{
	struct op *op = r->idle, *earlier = r->ops;

	if (op) {
		r->idle = op->next;
		earlier = op->earlier;
	} else {
		op = r->ops = arena_alloc(&r->arena, sizeof(*op));
	}
	*op = (struct op){.tag = TAG_OP, .earlier = earlier, .account = account, .count = count};
	op->rows = mem_alloc(count * sizeof(const struct row *));
	memcpy((void *)op->rows, (const void *)rows, count * sizeof(const struct row *));
	return op;
}

void op_settle(struct cf_runner *r, struct op *op)
{
	if (op->is_sent || op->is_looking)
		return;
	error_release(&op->seen);
	mem_free((void *)mem_steal(&op->rows));
	op->next = r->idle;
	r->idle = op;
}

const struct row *op_row(const struct op *op)
{
	assert(op->count == 1);
	return op->rows[0];
}

const char *op_store_id(const struct cf_runner *r, const struct op *op)
{
	const struct object *about = row_object(op->rows[0]);
	const struct object *made = table_get(op->account->made, about->store);
	const struct object *live =
		model_object(r->options->live, about->account, about->store, NULL);

	return made ? made->id : live ? live->id : NULL;
}

void op_send(struct cf_runner *r, struct op *op, const struct op_request *request)
{
	bool is_create = strcmp(request->method, "POST") == 0;
	struct str path CLEANUP(str_release) = {0};

	if (request->id.secret && !request->id.store) {
		struct error err = {0};
		error_set(&err, "its store does not exist");
		error_hint(&err, "Run `cfprov plan` again.");
		op_end_failed(r, op, &err);
		mem_free(request->body);
		return;
	}
	op->is_sent = true;
	op->answered = request->answered;
	op->id = request->id;
	cf_add_path(&path, op->account->account->account->id, &request->id);
	str_text_add(&path, request->suffix ? request->suffix : "");
	client_send(
		r->options->client, &(struct client_call){.lane = op->account->account->lane,
					    .safety = is_create ? RETRY_UNSAFE : RETRY_IDEMPOTENT,
					    .throttled = is_create ? op->throttled : 0,
					    .method = request->method,
					    .path = str_text(&path),
					    .body = request->body,
					    .tag = op});
}

bool op_read(struct cf_runner *r, struct op *op, const struct row *row, const struct json *result,
	struct object *ret_is_now)
{
	const struct object *wanted = row_object(row);
	const struct object store = {.id = op_store_id(r, op)};
	const struct cf_place place = {
		op->account->account->account, wanted->secret ? &store : NULL};
	struct object found;

	error_release(&op->seen);
	if (json_is_array(result)) /* a list of one, as in older answers */
		result = json_first(result);
	if (!cf_object_decode(result, &place, &r->arena, &found, &op->seen))
		return false;
	if (strcmp(wanted->secret ? found.secret : found.store,
		    wanted->secret ? wanted->secret : wanted->store) != 0)
		return error_set(&op->seen, "Cloudflare's response is about another %s",
			object_kind_word(wanted->kind));
	found.store = wanted->store;
	*ret_is_now = found;
	return true;
}

/* Live ids are collected when the first answer is compared with them. */
bool op_is_new(struct cf_runner *r, const char *id)
{
	const struct model *live = r->options->live;

	for (size_t i = 0; !r->has_live_ids && i < live->object_count; i++)
		if (live->objects[i].id)
			table_put(&r->ids, live->objects[i].id, r);
	r->has_live_ids = true;
	return !table_get(r->ids, id);
}

/* ---- outcomes ---- */

static struct outcome *end(struct cf_runner *r, const struct row *row, enum outcome_kind kind)
{
	struct outcome *outcome = outcome_new(row, kind);

	*r->next_ended = outcome;
	r->next_ended = &outcome->next;
	return outcome;
}

static struct outcome *take_ended(struct cf_runner *r)
{
	struct outcome *outcome = r->ended;

	if (outcome && !(r->ended = outcome->next))
		r->next_ended = &r->ended;
	return outcome;
}

void op_end_row(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const struct error *err)
{
	struct outcome *outcome = end(r, row, kind);
	bool is_gone = op->has_destroyed || (row->notes & ROW_WITH_STORE);

	error_copy(&outcome->err, err);
	outcome->change.kind = is_gone ? CHANGE_DROP : CHANGE_KEEP;
	if (op->made.id) {
		struct object *object = arena_alloc(&r->arena, sizeof(*object));
		bool value_is_open = row->copies && (row->writes & FIELD_VALUE) && !op->is_clearing;
		enum doubt doubt = value_is_open             ? DOUBT_VALUE
				   : kind == OUTCOME_UNKNOWN ? DOUBT_REST
							     : DOUBT_NONE;
		record_unfinished(row, &op->made, doubt, &r->arena, object);
		outcome->change = (struct change){CHANGE_PUT, object};
	}
}

void op_end_as_seen(struct cf_runner *r, const struct op *op, const struct row *row,
	enum outcome_kind kind, const char *why)
{
	struct error err CLEANUP(error_release) = {0};

	error_copy(&err, &op->seen);
	error_prefix(&err, "%s", why);
	error_hint(&err,
		kind == OUTCOME_UNKNOWN ? "Run `cfprov apply` again. It finds out what happened to "
					  "the %s, and does "
					  "only what is missing."
					: "Run `cfprov plan` again. It offers to adopt the %s.",
		object_kind_word(row_object(row)->kind));
	op_end_row(r, op, row, kind, &err);
}

void op_end_failed(struct cf_runner *r, struct op *op, struct error *err)
{
	for (size_t i = 0; i < op->count; i++)
		op_end_row(r, op, op->rows[i], OUTCOME_FAILED, err);
	error_release(err);
	error_release(&op->seen);
}

void op_end_unknown(struct cf_runner *r, struct op *op, const char *why)
{
	for (size_t i = 0; i < op->count; i++)
		op_end_as_seen(r, op, op->rows[i], OUTCOME_UNKNOWN, why);
	error_release(&op->seen);
}

void op_end_gone(struct cf_runner *r, const struct row *row)
{
	end(r, row, OUTCOME_DONE)->change.kind = CHANGE_DROP;
}

struct object *op_end_done(struct cf_runner *r, const struct row *row, const struct object *is_now)
{
	struct outcome *outcome = end(r, row, OUTCOME_DONE);
	struct object *object = arena_alloc(&r->arena, sizeof(*object));

	record_done(row, is_now, &r->arena, object);
	outcome->change = (struct change){CHANGE_PUT, object};
	return object;
}

/* ---- the runner ---- */

static void on_start(struct runner *runner, const struct row **rows, size_t count)
{
	struct cf_runner *r = in(runner);
	const struct runner_options *options = r->options;
	const struct row *row = rows[0];

	/* No request is needed; the account of an object that is forgotten may be unknown. */
	if (row->action == ACTION_FORGET ||
		(row->action == ACTION_DESTROY && (row->notes & ROW_WITH_STORE))) {
		op_end_gone(r, row);
		return;
	}
	const struct live_account *account =
		live_find_account(options->accounts, options->count, row_object(row)->account);
	struct op *op = op_new(r, &r->accounts[account - options->accounts], rows, count);
	switch (row->action) {
	case ACTION_CREATE:
		op_create(r, op);
		break;
	case ACTION_ADOPT:
	case ACTION_UPDATE:
		if (row->writes)
			op_update(r, op);
		else
			op_end_done(r, row, row->live);
		break;
	case ACTION_REPLACE:
		if (row->notes & ROW_WITH_STORE)
			op_create(r, op);
		else
			op_destroy(r, op);
		break;
	case ACTION_DESTROY:
		op_destroy(r, op);
		break;
	case ACTION_FORGET:
	case ACTION_NONE:
		assert(false); /* neither needs a request */
	}
	op_settle(r, op);
}

static void on_stop(struct runner *runner)
{
	client_stop(in(runner)->options->client);
	find_stop(in(runner));
}

static const struct object *on_longest(struct runner *runner, int64_t *ret_ms)
{
	const struct object *longest = NULL;
	int64_t now_ms = clock_monotonic_ms();

	/* The last look may still be in progress when the patience is over. */
	for (struct op *op = in(runner)->ops; op; op = op->earlier) {
		int64_t left_ms = op->ended_ms + op->patience_ms - now_ms;
		if (!op->is_looking || (longest && left_ms <= *ret_ms))
			continue;
		*ret_ms = left_ms;
		longest = row_object(op->rows[0]);
	}
	if (!longest || *ret_ms < 0)
		*ret_ms = 0;
	return longest;
}

/*
 * Takes one answer at most: the executor has to start tasks that are ready, and to keep the journal
 * alive even while only looks are answered.
 */
static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome = take_ended(r);
	struct client_answer *answer;

	if (!outcome && (answer = client_next(r->options->client, find_due(r, timeout_ms)))) {
		struct op *op = answer->tag;
		if (*(const enum tag_kind *)answer->tag == TAG_LOOK) {
			find_take(r, answer->tag, answer);
		} else {
			op->is_sent = false;
			op->answered(r, op, answer);
			op_settle(r, op);
		}
		client_answer_free(answer);
		outcome = take_ended(r);
	}
	return outcome;
}

struct runner *runner_new(const struct runner_options *options)
{
	struct cf_runner *r = mem_alloc(sizeof(*r));

	r->runner = (struct runner){
		.start = on_start, .stop = on_stop, .next = on_next, .longest = on_longest};
	struct runner_options *kept = arena_alloc(&r->arena, sizeof(*kept));
	*kept = *options;
	r->options = kept;
	r->next_ended = &r->ended;
	r->next_due_ms = INT64_MAX;
	r->accounts = mem_alloc(options->count * sizeof(*r->accounts));
	for (size_t i = 0; i < options->count; i++)
		r->accounts[i].account = &options->accounts[i];
	return &r->runner;
}

/* Requests in progress when the user left are not waited for: the journal has their intents. */
void runner_free(struct runner *runner)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome;

	if (!runner)
		return;
	while ((outcome = take_ended(r)))
		outcome_free(outcome);
	find_release(r);
	for (size_t i = 0; i < r->options->count; i++) {
		table_free(&r->accounts[i].lists);
		table_free(&r->accounts[i].made);
	}
	for (struct op *op = r->ops; op; op = op->earlier) {
		error_release(&op->seen);
		mem_free((void *)op->rows);
	}
	table_free(&r->ids);
	arena_release(&r->arena);
	mem_free(r->accounts);
	mem_free(r);
}
