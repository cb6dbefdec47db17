#include "engine/runner.h"

#include "base/clock.h"
#include "engine/op.h"
#include "engine/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct cf_runner *in(struct runner *runner)
{
	return (struct cf_runner *)(void *)runner;
}

static struct account_ops *account_of(struct cf_runner *r, const char *alias)
{
	const struct live_account *account =
		live_find_account(r->options->accounts, r->options->count, alias);

	return &r->accounts[account - r->options->accounts];
}

/* ---- operations ---- */

struct op *op_new(
	struct cf_runner *r, struct account_ops *account, const struct job *jobs, size_t count)
{
	struct op *op = arena_alloc(&r->arena, sizeof(*op));

	*op = (struct op){.tag = TAG_OP, .earlier = r->ops, .account = account, .count = count};
	op->jobs = arena_alloc(&r->arena, count * sizeof(*jobs));
	memcpy(op->jobs, jobs, count * sizeof(*jobs));
	r->ops = op;
	return op;
}

const struct action *op_action(const struct op *op)
{
	assert(op->count == 1);
	return op->jobs[0].action;
}

void op_send(struct cf_runner *r, struct op *op, const struct op_request *request)
{
	op->answered = request->answered;
	client_send(r->options->client,
		&(struct client_call){.lane = op->account->account->lane,
			.safety = request->safety,
			.method = request->method,
			.path = str_text(request->path),
			.body = request->body ? str_text(request->body) : NULL,
			.throttled = request->safety == RETRY_UNSAFE ? op->throttled : 0,
			.tag = op});
}

/* The ids are collected when the first answer is compared with them. */
bool op_is_new(struct cf_runner *r, const char *id)
{
	const struct model *live = r->options->live;

	for (size_t i = 0; !r->knows_live_ids && i < live->object_count; i++)
		if (live->objects[i].id)
			table_put(&r->ids, live->objects[i].id, r);
	r->knows_live_ids = true;
	return !table_get(r->ids, id);
}

bool op_may_send_again(const struct op *op)
{
	return op->unseen < RUNNER_UNSEEN_LIMIT && op->throttled < RETRY_THROTTLE_ATTEMPTS &&
	       op->sends - op->throttled < RUNNER_SENDS_LIMIT;
}

/* ---- outcomes ---- */

static void end(struct cf_runner *r, struct outcome *outcome)
{
	r->ended = mem_room(r->ended, r->ended_count, &r->ended_room, sizeof(outcome));
	r->ended[r->ended_count++] = outcome;
}

/*
 * A failed rename leaves the old secret in place. If it stopped right after the duplicate, the
 * duplicate still has the old value.
 */
static void mark_unfinished(const struct op *op, struct object *object)
{
	const struct action *action = op_action(op);

	if (action_kind(action) == ACTION_RENAME)
		object->former = action->before->secret;
	if (!op->is_rewriting)
		return;
	object->is_unsure = true;
	object->fingerprint = NULL;
	object->version = action->before->version;
}

void op_end_failed(struct cf_runner *r, struct op *op, enum outcome_kind kind, struct error *err)
{
	for (size_t i = 0; i < op->count; i++) {
		struct outcome *outcome = outcome_new(op->jobs[i].index, kind);
		error_copy(&outcome->err, err);
		outcome->change = op->has_destroyed ? CHANGE_DROP : CHANGE_KEEP;
		if (op->made.id) { /* a rename or an update that got so far */
			outcome->change = CHANGE_PUT;
			record_done(op_action(op), &op->made, &outcome->arena, &outcome->object);
			mark_unfinished(op, &outcome->object);
		}
		end(r, outcome);
	}
	if (err != &op->seen)
		error_release(err);
	error_release(&op->seen);
}

void op_end_unknown(struct cf_runner *r, struct op *op, const char *why)
{
	const struct object *about = action_object(op->jobs[0].action);
	const char *what = object_kind_word(about->kind);

	error_prefix(&op->seen, "%s", why);
	error_hint(&op->seen,
		"Run apply again: it finds out what became of the %s and does only what is "
		"missing.",
		what);
	op_end_failed(r, op, OUTCOME_UNKNOWN, &op->seen);
}

void op_end_gone(struct cf_runner *r, const struct job *job)
{
	struct outcome *outcome = outcome_new(job->index, OUTCOME_DONE);

	outcome->change = CHANGE_DROP;
	end(r, outcome);
}

void op_end_done(struct cf_runner *r, const struct job *job, const struct object *is_now)
{
	struct outcome *outcome = outcome_new(job->index, OUTCOME_DONE);

	outcome->change = CHANGE_PUT;
	record_done(job->action, is_now, &outcome->arena, &outcome->object);
	end(r, outcome);
}

void op_judge_new(struct cf_runner *r, struct op *op, const struct finding *finding,
	const struct op_creation *creation)
{
	const struct object *wanted = op_action(op)->after, *found = NULL;
	const char *kind = object_kind_word(wanted->kind);
	struct str why CLEANUP(str_release) = {0};
	bool is_double = false;

	if (!finding->err)
		found = find_new(r, finding->names, wanted, &is_double);
	if (finding->err)
		str_format(&why, "it is not known whether it was %s", creation->done);
	else if (is_double)
		str_format(&why, "two %ss have this name now", kind);
	else if (!found && finding->is_late && op->was_accepted)
		str_format(
			&why, "Cloudflare accepted the request, but the %s has not appeared", kind);
	if (why.length)
		op_end_unknown(r, op, str_text(&why));
	else if (found)
		creation->made(r, op, found);
	else if (!finding->is_late)
		find_again(r, op);
	else if (op_may_send_again(op))
		creation->send(r, op);
	else
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
}

/* ---- the runner ---- */

static void begin_store(struct cf_runner *r, struct op *op)
{
	const struct job *job = &op->jobs[0];

	switch (action_kind(job->action)) {
	case ACTION_CREATE:
		stores_create(r, op);
		break;
	case ACTION_REPLACE:
	case ACTION_DESTROY:
		stores_destroy(r, op);
		break;
	case ACTION_ADOPT:
		op_end_done(r, job, job->action->before);
		break;
	case ACTION_FORGET:
	case ACTION_UPDATE:
	case ACTION_RENAME:
	case ACTION_NONE:
		assert(false); /* a runner is given what can and has to be done */
	}
}

static void begin_secrets(struct cf_runner *r, struct op *op)
{
	const struct job *job = &op->jobs[0];

	switch (action_kind(job->action)) {
	case ACTION_CREATE:
		secrets_create(r, op);
		break;
	case ACTION_UPDATE:
		secrets_update(r, op);
		break;
	case ACTION_RENAME:
		secrets_rename(r, op);
		break;
	case ACTION_ADOPT:
		if (job->action->changes)
			secrets_update(r, op);
		else
			op_end_done(r, job, job->action->before);
		break;
	case ACTION_REPLACE:
		if (job->action->goes_with_store)
			secrets_create(r, op);
		else
			op_delete(r, op, false);
		break;
	case ACTION_DESTROY:
		if (job->action->goes_with_store)
			op_end_gone(r, job);
		else
			op_delete(r, op, false);
		break;
	case ACTION_FORGET:
	case ACTION_NONE:
		assert(false);
	}
}

static void on_start(struct runner *runner, const struct job *jobs, size_t count)
{
	struct cf_runner *r = in(runner);
	const struct object *about = action_object(jobs[0].action);

	if (action_kind(jobs[0].action) == ACTION_FORGET) {
		op_end_gone(r, &jobs[0]); /* its account may be gone from the manifest */
		return;
	}
	struct op *op = op_new(r, account_of(r, about->account), jobs, count);
	if (about->kind == OBJECT_SECRET)
		begin_secrets(r, op);
	else
		begin_store(r, op);
}

static void on_stop(struct runner *runner)
{
	client_stop(in(runner)->options->client);
	find_stop(in(runner));
}

/* What is looked for needs no slot of its own; who has nothing else to do says how long. */
static void on_pause(struct runner *runner, struct runner_pause *ret_pause)
{
	struct cf_runner *r = in(runner);
	int64_t now_ms = clock_monotonic_ms();

	*ret_pause = (struct runner_pause){.count = r->looking};
	for (struct op *op = r->ops; r->looking && op; op = op->earlier) {
		int64_t left_ms = op->ended_ms + op->patience_ms - now_ms;
		if (!op->is_looking || left_ms <= ret_pause->longest_ms)
			continue;
		ret_pause->longest_ms = left_ms;
		ret_pause->object = action_object(op->jobs[0].action);
	}
}

static struct outcome *take_ended(struct cf_runner *r)
{
	if (r->ended_from == r->ended_count) {
		r->ended_from = r->ended_count = 0;
		return NULL;
	}
	return r->ended[r->ended_from++];
}

static void take_answer(struct cf_runner *r, struct client_answer *answer)
{
	if (*(const enum tag_kind *)answer->tag == TAG_LIST) {
		find_take(r, answer->tag, answer);
		return;
	}
	struct op *op = answer->tag;
	op->answered(r, op, answer);
}

/* A look that is due comes first; then it is time to return, for more may be ready to start. */
static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome = take_ended(r);
	struct client_answer *answer;

	while (!outcome && (answer = client_next(r->options->client, find_due(r, timeout_ms)))) {
		take_answer(r, answer);
		client_answer_free(answer);
		outcome = take_ended(r);
	}
	return outcome;
}

/* ---- life ---- */

struct runner *runner_new(const struct runner_options *options)
{
	struct cf_runner *r = mem_alloc(sizeof(*r));

	r->runner = (struct runner){
		.start = on_start, .stop = on_stop, .next = on_next, .pause = on_pause};
	struct runner_options *kept = arena_alloc(&r->arena, sizeof(*kept));
	*kept = *options;
	r->options = kept;
	r->accounts = mem_alloc(options->count * sizeof(*r->accounts));
	for (size_t i = 0; i < options->count; i++) {
		r->accounts[i].account = &options->accounts[i];
		find_init(&r->accounts[i].stores, &r->accounts[i]);
	}
	return &r->runner;
}

/* What was under way when the user left at once is not waited for; the journal knows of it. */
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
		table_free(&r->accounts[i].inside);
		table_free(&r->accounts[i].made);
	}
	for (struct op *op = r->ops; op; op = op->earlier)
		error_release(&op->seen);
	table_free(&r->ids);
	arena_release(&r->arena);
	free(r->ended);
	free(r->accounts);
	free(r);
}
