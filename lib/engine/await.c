#include "engine/await.h"

#include "base/clock.h"
#include "base/moment.h"
#include "base/text.h"
#include "live/wait.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_AT_MOST = 10 };

/* A secret that is waited for. Its texts are of awaiting.arena. */
struct awaited {
	struct object object; /* as it is to be recorded */
	bool has_news;
	bool is_listed; /* in the last list, with its id */
};

struct awaiting {
	const struct await_input *input;
	struct arena arena;
	struct awaited *secrets; /* sorted by address */
	size_t count, left;
	int64_t deadline_ms;
	bool is_cut_off; /* answers are under way that nobody takes */
};

/* ---- pure ---- */

int64_t await_pause_ms(int64_t last_ms)
{
	int64_t next_ms = last_ms ? last_ms + last_ms / 4 : AWAIT_FIRST_PAUSE_MS;

	return next_ms < AWAIT_LONGEST_PAUSE_MS ? next_ms : AWAIT_LONGEST_PAUSE_MS;
}

static bool is_active(const struct object *secret)
{
	return secret->status && strcmp(secret->status, "active") == 0;
}

bool await_learn(const struct object *recorded, const struct object *live, struct object *ret_now)
{
	if (!recorded->id || strcmp(recorded->id, live->id) != 0 ||
		!object_became_ready(recorded, live))
		return false;
	*ret_now = *recorded;
	ret_now->status = live->status;
	ret_now->modified = moment_latest(recorded->modified, live->modified);
	return true;
}

/* ---- which ---- */

static void find_secrets(struct awaiting *a)
{
	const struct plan *plan = a->input->plan;
	const struct model *recorded = &a->input->ledger->state.model;

	a->secrets = mem_alloc(plan->action_count * sizeof(*a->secrets));
	for (size_t i = 0; i < plan->action_count; i++) {
		const struct object *wanted = plan->actions[i].after;
		if (!wanted || wanted->kind != OBJECT_SECRET)
			continue;
		const struct object *known =
			model_object(recorded, wanted->account, wanted->store, wanted->secret);
		if (!known || !known->id || !known->status || is_active(known))
			continue;
		struct awaited *secret = &a->secrets[a->count++];
		*secret = (struct awaited){.object = *known, .is_listed = true};
		object_keep(&a->arena, &secret->object);
	}
	a->left = a->count;
}

/* ---- one look ---- */

/* A store that is looked into. */
struct look {
	struct live_listing listing;
	const struct object *store;
};

static bool is_interrupted(const struct awaiting *a)
{
	return a->input->live.interrupted && *a->input->live.interrupted;
}

/* Gives (free) a look for each store with secrets that are not active yet. */
static struct look *start_looks(struct awaiting *a, struct model *live, size_t *ret_count)
{
	const struct live_input *input = &a->input->live;
	struct look *looks = mem_alloc(a->count * sizeof(*looks));
	const struct object *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct object *secret = &a->secrets[i].object;
		if (is_active(secret) || (last && strcmp(last->account, secret->account) == 0 &&
						 strcmp(last->store, secret->store) == 0))
			continue;
		last = secret;
		const struct object *store = model_object(
			&a->input->ledger->state.model, secret->account, secret->store, NULL);
		if (store && store->id)
			looks[count++].store = store;
	}
	for (size_t i = 0; i < count; i++) {
		struct live_listing *listing = &looks[i].listing;
		listing->model = live;
		listing->account =
			live_find_account(input->accounts, input->count, looks[i].store->account);
		live_listing_start_inside(listing, looks[i].store, input->client, listing);
	}
	*ret_count = count;
	return looks;
}

/* Until all answers are there. False: time is over, or somebody wants to stop. */
static bool take_answers(struct awaiting *a)
{
	struct client *client = a->input->live.client;

	while (client_busy(client)) {
		int64_t left_ms = a->deadline_ms + AWAIT_LOOK_MS - clock_monotonic_ms();
		if (is_interrupted(a) || left_ms <= 0) {
			a->is_cut_off = true;
			return false;
		}
		struct client_answer *answer = client_next(client, left_ms);
		if (!answer)
			continue;
		live_listing_take(answer->tag, answer, client, answer->tag);
		client_answer_free(answer);
	}
	return true;
}

static void learn(struct awaiting *a, const struct model *live)
{
	a->left = 0;
	for (size_t i = 0; i < a->count; i++) {
		struct awaited *secret = &a->secrets[i];
		const struct object *object = &secret->object;
		const struct object *found =
			model_object(live, object->account, object->store, object->secret);
		struct object now;
		secret->is_listed = found && strcmp(found->id, object->id) == 0;
		if (found && await_learn(object, found, &now)) {
			object_keep(&a->arena, &now);
			secret->object = now;
			secret->has_news = true;
		}
		a->left += !is_active(&secret->object);
	}
}

/* False: a list could not be read. A look that is cut off has seen nothing. */
static bool look(struct awaiting *a, struct error *err)
{
	struct model live CLEANUP(model_release) = {0};
	size_t count;
	struct look *looks AUTO_FREE = start_looks(a, &live, &count);
	bool is_whole = take_answers(a), is_good = true;

	for (size_t i = 0; i < count; i++) {
		struct live_listing *listing = &looks[i].listing;
		if (is_whole && is_good && listing->err.message) {
			is_good = false;
			error_move(err, &listing->err);
			error_prefix(err, "can't see whether the secrets in %s/%s are active",
				looks[i].store->account, looks[i].store->store);
		}
		live_listing_release(listing);
	}
	if (!is_whole || !is_good)
		return is_good;
	model_sort(&live);
	learn(a, &live);
	return true;
}

/* ---- waiting ---- */

static void tell(const struct awaiting *a)
{
	event_emit(a->input->live.sink,
		&(struct event){.type = EVENT_AWAIT,
			.progress = {.done = a->count - a->left, .left = a->left}});
}

/* False: time is over, or somebody wants to stop. The client does nothing meanwhile. */
static bool pause_for(const struct awaiting *a, int64_t pause_ms)
{
	struct error ignored CLEANUP(error_release) = {0};
	int64_t until_ms = clock_monotonic_ms() + pause_ms;

	if (until_ms > a->deadline_ms)
		until_ms = a->deadline_ms;
	return wait_until(&a->input->live, until_ms, &ignored);
}

/* False: a list could not be read. Else see `left`. */
static bool wait_for_all(struct awaiting *a, struct error *err)
{
	int64_t pause_ms = 0;
	bool is_late = false;

	tell(a);
	while (a->left && !is_late && !a->is_cut_off) {
		size_t before = a->left;
		pause_ms = await_pause_ms(pause_ms);
		if (!pause_for(a, pause_ms))
			return true;
		is_late = clock_monotonic_ms() >= a->deadline_ms;
		if (!look(a, err))
			return false;
		if (a->left && a->left != before)
			tell(a);
	}
	return true;
}

static bool record(struct awaiting *a, struct error *err)
{
	struct change *changes AUTO_FREE = mem_alloc(a->count * sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++)
		if (a->secrets[i].has_news)
			changes[count++] = (struct change){CHANGE_PUT, &a->secrets[i].object};
	return ledger_learn(a->input->ledger, changes, count, err);
}

/* ---- how it ended ---- */

static void add_left(const struct awaiting *a, struct str *out)
{
	size_t named = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct awaited *secret = &a->secrets[i];
		const char *status = secret->is_listed ? secret->object.status : "not listed";
		if (is_active(&secret->object))
			continue;
		char *address AUTO_FREE = object_address(&secret->object);
		struct str name CLEANUP(str_release) = {0};
		text_add_visible(&name, address, strlen(address), 120);
		str_text_add(&name, " (");
		text_add_visible(&name, status, strlen(status), 40);
		str_char(&name, ')');
		text_add_listed(out, str_text(&name), named++, a->left, NAMED_AT_MOST);
	}
}

static bool refuse(const struct awaiting *a, struct error *err)
{
	struct str who CLEANUP(str_release) = {0}, time CLEANUP(str_release) = {0};
	bool is_one = a->left == 1;
	const char *verb = is_one ? "is" : "are";

	add_left(a, &who);
	if (is_interrupted(a)) {
		error_set(err, "the waiting was interrupted; %zu secret%s %s not active yet: %s",
			a->left, is_one ? "" : "s", verb, str_text(&who));
	} else {
		text_add_duration(&time, a->input->timeout_ms);
		error_set(err, "%zu secret%s %s not active after %s: %s", a->left,
			is_one ? "" : "s", verb, str_text(&time), str_text(&who));
	}
	return error_hint(err,
		"What was planned is done and recorded, and the next plan does nothing of it "
		"again. To go on waiting: cfprov apply -wait, with a longer -wait-timeout.");
}

/* What was seen is recorded in any case, whatever else went wrong. */
static bool end(struct awaiting *a, bool is_good, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};
	bool is_recorded = record(a, &why);

	if (is_good && is_recorded && a->left)
		return refuse(a, err);
	if (is_good && !is_recorded)
		error_move(err, &why);
	return is_good && is_recorded;
}

bool await_active(const struct await_input *input, size_t *ret_left, struct error *err)
{
	struct awaiting a = {.input = input};

	a.deadline_ms = clock_monotonic_ms() + input->timeout_ms;
	find_secrets(&a);
	bool is_good = !a.left || end(&a, wait_for_all(&a, err), err);
	*ret_left = a.left;
	free(a.secrets);
	arena_release(&a.arena);
	return is_good;
}
