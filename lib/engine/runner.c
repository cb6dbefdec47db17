#include "engine/runner.h"

#include "engine/deed.h"
#include "engine/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct cf_runner *in(struct runner *runner)
{
	return (struct cf_runner *)(void *)runner;
}

static struct site *site_of(struct cf_runner *r, const char *alias)
{
	const struct live_account *account =
		live_find_account(r->options.accounts, r->options.count, alias);

	return &r->sites[account - r->options.accounts];
}

/* ---- deeds ---- */

struct deed *deed_new(struct cf_runner *r, struct site *site, const struct job *jobs, size_t count)
{
	struct deed *deed = arena_alloc(&r->arena, sizeof(*deed));

	*deed = (struct deed){.tag = TAG_DEED, .earlier = r->deeds, .site = site, .count = count};
	deed->jobs = arena_alloc(&r->arena, count * sizeof(*jobs));
	memcpy(deed->jobs, jobs, count * sizeof(*jobs));
	r->deeds = deed;
	return deed;
}

const struct action *deed_action(const struct deed *deed)
{
	assert(deed->count == 1);
	return deed->jobs[0].action;
}

void deed_send(struct cf_runner *r, struct deed *deed, const struct deed_request *request)
{
	deed->step = request->step;
	client_send(
		r->options.client, &(struct client_call){.lane = deed->site->account->lane,
					   .safety = request->safety,
					   .method = request->method,
					   .path = str_text(request->path),
					   .body = request->body ? str_text(request->body) : NULL,
					   .tag = deed});
}

/* ---- outcomes ---- */

static void end(struct cf_runner *r, struct outcome *outcome)
{
	r->ended = mem_room(r->ended, r->ended_count, &r->ended_room, sizeof(outcome));
	r->ended[r->ended_count++] = outcome;
}

/*
 * Of a rename the old one is left; and when it got no further than the duplicate, that has not the
 * value that it was to have.
 */
static void mark_unfinished(const struct deed *deed, struct object *object)
{
	const struct action *action = deed_action(deed);

	if (action_kind(action) == ACTION_RENAME)
		object->former = action->before->secret;
	if (deed->step != STEP_REWRITE)
		return;
	object->is_unsure = true;
	object->fingerprint = NULL;
	object->version = deed_action(deed)->before->version;
}

void deed_end_failed(
	struct cf_runner *r, struct deed *deed, enum outcome_kind kind, struct error *err)
{
	for (size_t i = 0; i < deed->count; i++) {
		struct outcome *outcome = outcome_new(deed->jobs[i].index, kind);
		error_set(&outcome->err, "%s", err->message);
		if (err->hint)
			error_hint(&outcome->err, "%s", err->hint);
		outcome->change = deed->has_destroyed ? CHANGE_DROP : CHANGE_KEEP;
		if (deed->made.id) { /* a rename or an update that got so far */
			outcome->change = CHANGE_PUT;
			record_done(
				deed_action(deed), &deed->made, &outcome->arena, &outcome->object);
			mark_unfinished(deed, &outcome->object);
		}
		end(r, outcome);
	}
	if (err != &deed->seen)
		error_release(err);
	error_release(&deed->seen);
}

void deed_end_unknown(struct cf_runner *r, struct deed *deed, const char *why)
{
	const struct object *about = action_object(deed->jobs[0].action);
	const char *what = object_kind_word(about->kind);

	error_prefix(&deed->seen, "%s", why);
	error_hint(&deed->seen,
		"Run apply again: it looks what became of the %s, and does only what is missing.",
		what);
	deed_end_failed(r, deed, OUTCOME_UNKNOWN, &deed->seen);
}

void deed_end_gone(struct cf_runner *r, const struct job *job)
{
	struct outcome *outcome = outcome_new(job->index, OUTCOME_DONE);

	outcome->change = CHANGE_DROP;
	end(r, outcome);
}

void deed_end_done(struct cf_runner *r, const struct job *job, const struct object *is_now)
{
	struct outcome *outcome = outcome_new(job->index, OUTCOME_DONE);

	outcome->change = CHANGE_PUT;
	record_done(job->action, is_now, &outcome->arena, &outcome->object);
	end(r, outcome);
}

/* ---- the runner ---- */

static void begin_store(struct cf_runner *r, struct deed *deed)
{
	const struct job *job = &deed->jobs[0];

	switch (action_kind(job->action)) {
	case ACTION_CREATE:
		stores_create(r, deed);
		break;
	case ACTION_REPLACE:
	case ACTION_DESTROY:
		stores_destroy(r, deed);
		break;
	case ACTION_ADOPT:
		deed_end_done(r, job, job->action->before);
		break;
	case ACTION_FORGET:
	case ACTION_UPDATE:
	case ACTION_RENAME:
	case ACTION_NONE:
		assert(false); /* a runner is given what can and has to be done */
	}
}

static void begin_secrets(struct cf_runner *r, struct deed *deed)
{
	const struct job *job = &deed->jobs[0];

	switch (action_kind(job->action)) {
	case ACTION_CREATE:
		secrets_create(r, deed);
		break;
	case ACTION_UPDATE:
		secrets_update(r, deed);
		break;
	case ACTION_RENAME:
		secrets_rename(r, deed);
		break;
	case ACTION_ADOPT:
		if (job->action->changes)
			secrets_update(r, deed);
		else
			deed_end_done(r, job, job->action->before);
		break;
	case ACTION_REPLACE:
		if (job->action->goes_with_store)
			secrets_create(r, deed);
		else
			secrets_destroy(r, deed);
		break;
	case ACTION_DESTROY:
		if (job->action->goes_with_store)
			deed_end_gone(r, job);
		else
			secrets_destroy(r, deed);
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
		deed_end_gone(r, &jobs[0]); /* its account may be gone from the manifest */
		return;
	}
	struct deed *deed = deed_new(r, site_of(r, about->account), jobs, count);
	if (about->kind == OBJECT_SECRET)
		begin_secrets(r, deed);
	else
		begin_store(r, deed);
}

static void on_stop(struct runner *runner)
{
	client_stop(in(runner)->options.client);
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
	if (*(const enum tag_kind *)answer->tag == TAG_LOOKUP) {
		lookup_take(r, answer->tag, answer);
		return;
	}
	struct deed *deed = answer->tag;
	if (deed->step == STEP_CREATE_STORE || deed->step == STEP_DESTROY_STORE)
		stores_take(r, deed, answer);
	else
		secrets_take(r, deed, answer);
}

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome = take_ended(r);
	struct client_answer *answer;

	while (!outcome && (answer = client_next(r->options.client, timeout_ms))) {
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

	r->runner = (struct runner){.start = on_start, .stop = on_stop, .next = on_next};
	r->options = *options;
	r->sites = mem_alloc(options->count * sizeof(*r->sites));
	for (size_t i = 0; i < options->count; i++) {
		struct site *site = &r->sites[i];
		site->account = &options->accounts[i];
		site->stores.tag = TAG_LOOKUP;
		site->stores.site = site;
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
	lookup_release(r);
	for (size_t i = 0; i < r->options.count; i++) {
		table_free(&r->sites[i].inside);
		table_free(&r->sites[i].made);
	}
	for (struct deed *deed = r->deeds; deed; deed = deed->earlier)
		error_release(&deed->seen);
	arena_release(&r->arena);
	free(r->ended);
	free(r->sites);
	free(r);
}
