#include "engine/runner.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An answer's tag: a create, a destroy, or the lookup of an account. */
enum tag_kind { TAG_CREATE, TAG_DESTROY, TAG_LOOKUP };

/* An action under way that needs requests; `kind` is that of the request that is out. */
struct task {
	enum tag_kind kind;
	struct task *next;    /* in a lookup's list */
	struct task *earlier; /* all of the run, for the end of it */
	struct lookup *lookup;
	const struct action *action;
	size_t index;
	int attempts;
	bool has_destroyed; /* the first half of a replacement is done */
	struct error seen;  /* why the outcome is unknown */
};

/* One for each account. Who comes while a list is under way waits for the next one. */
struct lookup {
	enum tag_kind kind;
	const struct live_account *account;
	struct live_listing listing;
	struct model model;
	struct task *served, *waiting;
	bool is_under_way;
};

struct cf_runner {
	struct runner runner; /* first: what others hold */
	struct client *client;
	const struct live_account *accounts; /* sorted by alias */
	struct lookup *lookups;              /* one for each account */
	bool force;
	size_t lookup_count;
	struct arena arena;
	struct task *tasks;     /* all of the run */
	struct outcome **ended; /* a queue */
	size_t ended_from, ended_count, ended_room;
};

static struct cf_runner *in(struct runner *runner)
{
	return (struct cf_runner *)(void *)runner;
}

static struct lookup *lookup_for(struct cf_runner *r, const char *alias)
{
	const struct live_account *account = live_find_account(r->accounts, r->lookup_count, alias);

	return &r->lookups[account - r->accounts];
}

/* ---- outcomes ---- */

static void end(struct cf_runner *r, struct outcome *outcome)
{
	r->ended = mem_room(r->ended, r->ended_count, &r->ended_room, sizeof(outcome));
	r->ended[r->ended_count++] = outcome;
}

static void end_with_error(
	struct cf_runner *r, struct task *task, enum outcome_kind kind, struct error *err)
{
	struct outcome *outcome = outcome_new(task->index, kind);

	error_move(&outcome->err, err);
	outcome->change = task->has_destroyed ? CHANGE_DROP : CHANGE_KEEP;
	error_release(&task->seen);
	end(r, outcome);
}

static struct outcome *outcome_done(
	const struct action *action, size_t index, const struct object *is_now)
{
	struct outcome *outcome = outcome_new(index, OUTCOME_DONE);
	outcome->change = CHANGE_PUT;
	struct object *object = &outcome->object;
	const struct object *wanted = action->after;

	object->kind = wanted->kind;
	object->account = arena_text(&outcome->arena, wanted->account);
	object->store = arena_text(&outcome->arena, wanted->store);
	object->id = arena_text(&outcome->arena, is_now->id);
	if (is_now->created)
		object->created = arena_text(&outcome->arena, is_now->created);
	if (is_now->modified)
		object->modified = arena_text(&outcome->arena, is_now->modified);
	object->prevent_destroy = wanted->prevent_destroy;
	object->forget_on_remove = wanted->forget_on_remove;
	object->origin = action_kind(action) == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	return outcome;
}

static void end_created(struct cf_runner *r, struct task *task, const struct object *is_now)
{
	end(r, outcome_done(task->action, task->index, is_now));
	error_release(&task->seen);
}

/* ---- looking up what nobody saw ---- */

static void start_lookup(struct cf_runner *r, struct lookup *lookup)
{
	lookup->served = lookup->waiting;
	lookup->waiting = NULL;
	lookup->is_under_way = true;
	live_listing_start(&lookup->listing, lookup->account, &lookup->model, r->client, lookup);
}

static void look(struct cf_runner *r, struct task *task)
{
	struct lookup *lookup = task->lookup;

	task->next = lookup->waiting;
	lookup->waiting = task;
	if (!lookup->is_under_way)
		start_lookup(r, lookup);
}

static void send_create(struct cf_runner *r, struct task *task)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	const struct live_account *account = task->lookup->account;

	task->kind = TAG_CREATE;
	task->attempts++;
	cf_add_stores_path(&path, account->account->id);
	cf_add_create_store_body(&body, task->action->after->store);
	client_send(r->client, &(struct client_call){.lane = account->lane,
				       .safety = RETRY_UNSAFE,
				       .method = "POST",
				       .path = str_text(&path),
				       .body = str_text(&body),
				       .tag = task});
}

static void end_unknown(struct cf_runner *r, struct task *task, const char *why)
{
	error_prefix(&task->seen, "%s", why);
	error_hint(&task->seen, "Run apply again: it looks whether the store is there, and makes "
				"it only if not.");
	end_with_error(r, task, OUTCOME_UNKNOWN, &task->seen);
}

/* The account was listed after the request ended: names decide. */
static void resolve(struct cf_runner *r, const struct lookup *lookup, struct task *task)
{
	const struct object *wanted = task->action->after;
	const struct object *found =
		model_object(&lookup->model, wanted->account, wanted->store, wanted->secret);
	const struct object *last = lookup->model.objects + lookup->model.object_count;

	if (lookup->listing.err.message) {
		end_unknown(r, task, "it is not known whether it was created");
	} else if (!found && task->attempts < RUNNER_ATTEMPTS) {
		error_release(&task->seen);
		send_create(r, task);
	} else if (!found) {
		end_with_error(r, task, OUTCOME_FAILED, &task->seen);
	} else if (found + 1 < last && object_compare(found, found + 1) == 0) {
		end_unknown(r, task, "there are two stores of this name now");
	} else {
		end_created(r, task, found);
	}
}

static void take_lookup(
	struct cf_runner *r, struct lookup *lookup, const struct client_answer *answer)
{
	live_listing_take(&lookup->listing, answer, r->client, lookup);
	if (!lookup->listing.is_done)
		return;
	model_sort(&lookup->model);
	struct task *next;
	for (struct task *task = lookup->served; task; task = next) {
		next = task->next;
		resolve(r, lookup, task);
	}
	lookup->served = NULL;
	lookup->is_under_way = false;
	live_listing_release(&lookup->listing);
	model_release(&lookup->model);
	if (lookup->waiting)
		start_lookup(r, lookup);
}

/* ---- creating ---- */

/* An answer of success without a usable id still means that the store was made: look. */
static void take_created(struct cf_runner *r, struct task *task, const struct client_answer *answer)
{
	const struct json *result = answer->cf.result;
	struct cf_object store;

	if (json_is_array(result)) /* older answers are lists of one */
		result = json_first(result);
	if (!cf_object_decode(result, "store", &store, &task->seen)) {
		look(r, task);
		return;
	}
	if (strcmp(store.name, task->action->after->store) != 0) {
		error_set(&task->seen, "Cloudflare's answer is about another store");
		look(r, task);
		return;
	}
	struct object is_now = {
		.id = store.id, .created = store.created, .modified = store.modified};
	end_created(r, task, &is_now);
}

static void take_create(struct cf_runner *r, struct task *task, struct client_answer *answer)
{
	switch (answer->outcome) {
	case CLIENT_DONE:
		take_created(r, task, answer);
		break;
	case CLIENT_FAILED:
		end_with_error(r, task, OUTCOME_FAILED, &answer->err);
		break;
	case CLIENT_UNKNOWN:
		error_move(&task->seen, &answer->err);
		look(r, task);
		break;
	}
}

/* ---- destroying ---- */

static void send_destroy(struct cf_runner *r, struct task *task)
{
	struct str path CLEANUP(str_release) = {0};
	const struct live_account *account = task->lookup->account;

	task->kind = TAG_DESTROY;
	cf_add_store_path(&path, account->account->id, task->action->before->id);
	if (r->force && task->action->stranger_count)
		str_text_add(&path, "?force=true");
	/* Safe to repeat: what is gone can't be destroyed again. */
	client_send(r->client, &(struct client_call){.lane = account->lane,
				       .safety = RETRY_SAFE,
				       .method = "DELETE",
				       .path = str_text(&path),
				       .tag = task});
}

static void end_gone(struct cf_runner *r, size_t index)
{
	struct outcome *outcome = outcome_new(index, OUTCOME_DONE);

	outcome->change = CHANGE_DROP;
	end(r, outcome);
}

static void take_destroy(struct cf_runner *r, struct task *task, struct client_answer *answer)
{
	bool is_gone = answer->outcome == CLIENT_DONE || answer->cf.is_absent;

	if (!is_gone) {
		end_with_error(r, task, OUTCOME_FAILED, &answer->err);
	} else if (action_kind(task->action) == ACTION_REPLACE) {
		task->has_destroyed = true;
		send_create(r, task);
	} else {
		end_gone(r, task->index);
	}
}

/* ---- the runner ---- */

static struct task *add_task(struct cf_runner *r, const struct action *action, size_t index)
{
	struct task *task = arena_alloc(&r->arena, sizeof(*task));

	task->earlier = r->tasks;
	r->tasks = task;
	task->action = action;
	task->index = index;
	task->lookup = lookup_for(r, action_object(action)->account);
	return task;
}

static void on_start(struct runner *runner, const struct action *action, size_t index)
{
	struct cf_runner *r = in(runner);

	switch (action_kind(action)) {
	case ACTION_CREATE:
		send_create(r, add_task(r, action, index));
		break;
	case ACTION_REPLACE:
	case ACTION_DESTROY:
		send_destroy(r, add_task(r, action, index));
		break;
	case ACTION_ADOPT:
		end(r, outcome_done(action, index, action->before));
		break;
	case ACTION_FORGET:
		end_gone(r, index);
		break;
	case ACTION_NONE:
		assert(false); /* a runner is given what has to be done */
	}
}

static void on_stop(struct runner *runner)
{
	client_stop(in(runner)->client);
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
	switch (*(const enum tag_kind *)answer->tag) {
	case TAG_CREATE:
		take_create(r, answer->tag, answer);
		break;
	case TAG_DESTROY:
		take_destroy(r, answer->tag, answer);
		break;
	case TAG_LOOKUP:
		take_lookup(r, answer->tag, answer);
		break;
	}
}

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome = take_ended(r);
	struct client_answer *answer;

	while (!outcome && (answer = client_next(r->client, timeout_ms))) {
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
	r->client = options->client;
	r->accounts = options->accounts;
	r->force = options->force;
	r->lookups = mem_alloc(options->count * sizeof(*r->lookups));
	r->lookup_count = options->count;
	for (size_t i = 0; i < options->count; i++)
		r->lookups[i] =
			(struct lookup){.kind = TAG_LOOKUP, .account = &options->accounts[i]};
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
	for (size_t i = 0; i < r->lookup_count; i++) {
		if (r->lookups[i].is_under_way)
			live_listing_release(&r->lookups[i].listing);
		model_release(&r->lookups[i].model);
	}
	for (struct task *task = r->tasks; task; task = task->earlier)
		error_release(&task->seen);
	arena_release(&r->arena);
	free(r->ended);
	free(r->lookups);
	free(r);
}
