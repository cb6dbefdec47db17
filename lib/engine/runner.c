#include "engine/runner.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An answer's tag: a create, or the lookup of an account. */
enum tag_kind { TAG_CREATE, TAG_LOOKUP };

struct create {
	enum tag_kind kind;
	struct create *next;    /* in a lookup's list */
	struct create *earlier; /* all of the run, for the end of it */
	struct lookup *lookup;
	const struct action *action;
	size_t index;
	int attempts;
	struct error seen; /* why the outcome is unknown */
};

/* One for each account. Who comes while a list is under way waits for the next one. */
struct lookup {
	enum tag_kind kind;
	const struct live_account *account;
	struct live_listing listing;
	struct model model;
	struct create *served, *waiting;
	bool is_under_way;
};

struct cf_runner {
	struct runner runner; /* first: what others hold */
	struct client *client;
	struct lookup *lookups; /* sorted by alias */
	size_t lookup_count;
	struct arena arena;
	struct create *creates; /* all of the run */
	struct outcome **ended; /* a queue */
	size_t ended_from, ended_count, ended_room;
};

static struct cf_runner *in(struct runner *runner)
{
	return (struct cf_runner *)(void *)runner;
}

static int compare_lookups(const void *a, const void *b)
{
	const struct lookup *x = a, *y = b;

	return strcmp(x->account->account->alias, y->account->account->alias);
}

static struct lookup *lookup_for(struct cf_runner *r, const char *alias)
{
	struct account account = {.alias = alias};
	struct live_account live = {.account = &account};
	struct lookup wanted = {.account = &live};
	struct lookup *found =
		bsearch(&wanted, r->lookups, r->lookup_count, sizeof(wanted), compare_lookups);

	assert(found);
	return found;
}

/* ---- outcomes ---- */

static void end(struct cf_runner *r, struct outcome *outcome)
{
	r->ended = mem_room(r->ended, r->ended_count, &r->ended_room, sizeof(outcome));
	r->ended[r->ended_count++] = outcome;
}

static void end_with_error(
	struct cf_runner *r, struct create *create, enum outcome_kind kind, struct error *err)
{
	struct outcome *outcome = outcome_new(create->index, kind);

	error_move(&outcome->err, err);
	error_release(&create->seen);
	end(r, outcome);
}

static struct outcome *outcome_done(
	const struct action *action, size_t index, const struct object *is_now)
{
	struct outcome *outcome = outcome_new(index, OUTCOME_DONE);
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
	object->origin = action_kind(action) == ACTION_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	return outcome;
}

static void end_created(struct cf_runner *r, struct create *create, const struct object *is_now)
{
	end(r, outcome_done(create->action, create->index, is_now));
	error_release(&create->seen);
}

/* ---- looking up what nobody saw ---- */

static void start_lookup(struct cf_runner *r, struct lookup *lookup)
{
	lookup->served = lookup->waiting;
	lookup->waiting = NULL;
	lookup->is_under_way = true;
	live_listing_start(&lookup->listing, lookup->account, &lookup->model, r->client, lookup);
}

static void look(struct cf_runner *r, struct create *create)
{
	struct lookup *lookup = create->lookup;

	create->next = lookup->waiting;
	lookup->waiting = create;
	if (!lookup->is_under_way)
		start_lookup(r, lookup);
}

static void send_create(struct cf_runner *r, struct create *create)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	const struct live_account *account = create->lookup->account;

	create->attempts++;
	cf_add_stores_path(&path, account->account->id);
	cf_add_create_store_body(&body, create->action->after->store);
	client_send(r->client, &(struct client_call){.lane = account->lane,
				       .safety = RETRY_UNSAFE,
				       .method = "POST",
				       .path = str_text(&path),
				       .body = str_text(&body),
				       .tag = create});
}

static void end_unknown(struct cf_runner *r, struct create *create, const char *why)
{
	error_prefix(&create->seen, "%s", why);
	error_hint(&create->seen, "Run apply again: it looks whether the store is there, and makes "
				  "it only if not.");
	end_with_error(r, create, OUTCOME_UNKNOWN, &create->seen);
}

/* The account was listed after the request ended: names decide. */
static void resolve(struct cf_runner *r, const struct lookup *lookup, struct create *create)
{
	const struct object *wanted = create->action->after;
	const struct object *found =
		model_object(&lookup->model, wanted->account, wanted->store, wanted->secret);
	const struct object *last = lookup->model.objects + lookup->model.object_count;

	if (lookup->listing.err.message) {
		end_unknown(r, create, "it is not known whether it was created");
	} else if (!found && create->attempts < RUNNER_ATTEMPTS) {
		error_release(&create->seen);
		send_create(r, create);
	} else if (!found) {
		end_with_error(r, create, OUTCOME_FAILED, &create->seen);
	} else if (found + 1 < last && object_compare(found, found + 1) == 0) {
		end_unknown(r, create, "there are two stores of this name now");
	} else {
		end_created(r, create, found);
	}
}

static void take_lookup(
	struct cf_runner *r, struct lookup *lookup, const struct client_answer *answer)
{
	live_listing_take(&lookup->listing, answer, r->client, lookup);
	if (!lookup->listing.is_done)
		return;
	model_sort(&lookup->model);
	struct create *next;
	for (struct create *create = lookup->served; create; create = next) {
		next = create->next;
		resolve(r, lookup, create);
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
static void take_created(
	struct cf_runner *r, struct create *create, const struct client_answer *answer)
{
	const struct json *result = answer->cf.result;
	struct cf_store store;

	if (json_is_array(result)) /* older answers are lists of one */
		result = json_first(result);
	if (!cf_store_decode(result, &store, &create->seen)) {
		look(r, create);
		return;
	}
	if (strcmp(store.name, create->action->after->store) != 0) {
		error_set(&create->seen, "Cloudflare's answer is about another store");
		look(r, create);
		return;
	}
	struct object is_now = {
		.id = store.id, .created = store.created, .modified = store.modified};
	end_created(r, create, &is_now);
}

static void take_create(struct cf_runner *r, struct create *create, struct client_answer *answer)
{
	switch (answer->outcome) {
	case CLIENT_DONE:
		take_created(r, create, answer);
		break;
	case CLIENT_FAILED:
		end_with_error(r, create, OUTCOME_FAILED, &answer->err);
		break;
	case CLIENT_UNKNOWN:
		error_move(&create->seen, &answer->err);
		look(r, create);
		break;
	}
}

static void on_start(struct runner *runner, const struct action *action, size_t index)
{
	struct cf_runner *r = in(runner);

	if (action_kind(action) == ACTION_ADOPT) {
		end(r, outcome_done(action, index, action->before));
		return;
	}
	assert(action_kind(action) == ACTION_CREATE);
	struct create *create = arena_alloc(&r->arena, sizeof(*create));
	create->earlier = r->creates;
	r->creates = create;
	create->kind = TAG_CREATE;
	create->action = action;
	create->index = index;
	create->lookup = lookup_for(r, action->after->account);
	send_create(r, create);
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

static struct outcome *on_next(struct runner *runner, int64_t timeout_ms)
{
	struct cf_runner *r = in(runner);
	struct outcome *outcome = take_ended(r);
	struct client_answer *answer;

	while (!outcome && (answer = client_next(r->client, timeout_ms))) {
		if (*(const enum tag_kind *)answer->tag == TAG_LOOKUP)
			take_lookup(r, answer->tag, answer);
		else
			take_create(r, answer->tag, answer);
		client_answer_free(answer);
		outcome = take_ended(r);
	}
	return outcome;
}

/* ---- life ---- */

struct runner *runner_new(struct client *client, const struct live_account *accounts, size_t count)
{
	struct cf_runner *r = mem_alloc(sizeof(*r));

	r->runner = (struct runner){.start = on_start, .stop = on_stop, .next = on_next};
	r->client = client;
	r->lookups = mem_alloc(count * sizeof(*r->lookups));
	r->lookup_count = count;
	for (size_t i = 0; i < count; i++)
		r->lookups[i] = (struct lookup){.kind = TAG_LOOKUP, .account = &accounts[i]};
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
	for (struct create *create = r->creates; create; create = create->earlier)
		error_release(&create->seen);
	arena_release(&r->arena);
	free(r->ended);
	free(r->lookups);
	free(r);
}
