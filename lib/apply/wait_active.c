#include "apply/wait_active.h"

#include "base/clock.h"
#include "base/moment.h"
#include "base/text.h"
#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_AT_MOST = 10 };

/* A secret that is waited for. Its texts are in the arena. */
struct pending {
	struct object object; /* as it is to be recorded */
	bool has_news;
	bool is_listed; /* in the last list, with its id */
};

struct wait {
	const struct wait_input *input;
	struct arena arena;
	struct pending *secrets; /* sorted by address */
	size_t count, left;
	int64_t deadline_ms;
};

static bool is_active(const struct object *secret)
{
	return secret->status && strcmp(secret->status, "active") == 0;
}

bool wait_learn(const struct object *recorded, const struct object *live, struct object *ret_now)
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

static void find_secrets(struct wait *w)
{
	const struct plan *plan = w->input->plan;
	const struct model *recorded = &w->input->ledger->state.model;

	w->secrets = mem_alloc(plan->row_count * sizeof(*w->secrets));
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct object *wanted = plan->rows[i].desired;
		if (!wanted || wanted->kind != OBJECT_SECRET)
			continue;
		const struct object *known =
			model_object(recorded, wanted->account, wanted->store, wanted->secret);
		if (!known || !known->id || !known->status || is_active(known))
			continue;
		struct pending *secret = &w->secrets[w->count++];
		*secret = (struct pending){.object = *known, .is_listed = true};
		object_keep(&w->arena, &secret->object);
	}
	w->left = w->count;
}

/* ---- one look ---- */

static bool is_interrupted(const struct wait *w)
{
	return w->input->live.interrupted && *w->input->live.interrupted;
}

static void learn(struct wait *w, const struct model *live)
{
	w->left = 0;
	for (size_t i = 0; i < w->count; i++) {
		struct pending *secret = &w->secrets[i];
		const struct object *object = &secret->object;
		const struct object *found =
			model_object(live, object->account, object->store, object->secret);
		struct object now;
		secret->is_listed = found && strcmp(found->id, object->id) == 0;
		if (found && wait_learn(object, found, &now)) {
			object_keep(&w->arena, &now);
			secret->object = now;
			secret->has_news = true;
		}
		w->left += !is_active(&secret->object);
	}
}

/* False: a list could not be read. After an interrupt nothing was seen. */
static bool look(struct wait *w, struct error *err)
{
	const struct model *recorded = &w->input->ledger->state.model;
	struct live_input input = w->input->live;
	const struct object **stores = mem_alloc(w->count * sizeof(const struct object *));
	struct live_stores wanted = {.items = stores};
	struct model live CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	input.recorded = input.wanted = NULL; /* what a list lacks is looked for again anyway */
	for (size_t i = 0; i < w->count; i++) {
		const struct object *secret = &w->secrets[i].object;
		const struct object *store =
			model_object(recorded, secret->account, secret->store, NULL);
		if (!is_active(secret) && store && store->id &&
			(!wanted.count || stores[wanted.count - 1] != store))
			stores[wanted.count++] = store;
	}
	bool is_good = live_read_inside(&input, &wanted, &live, &errors);
	if (is_good) {
		learn(w, &live);
	} else if (!is_interrupted(w)) {
		error_move(err, &errors.items[0]);
		error_prefix(err, "can't see whether the secrets in %s/%s are active",
			stores[0]->account, stores[0]->store);
	}
	free((void *)stores);
	return is_good || is_interrupted(w);
}

/* ---- waiting ---- */

static void emit_waiting(const struct wait *w)
{
	event_emit(w->input->live.sink,
		&(struct event){.type = EVENT_AWAIT,
			.progress = {.done = w->count - w->left, .left = w->left}});
}

/* False: a list could not be read. Else see `left`. */
static bool wait_for_all(struct wait *w, struct error *err)
{
	struct error ignored CLEANUP(error_release) = {0};
	int64_t pause_ms = 0;
	bool is_late = false;

	emit_waiting(w);
	while (w->left && !is_late && !is_interrupted(w)) {
		size_t before = w->left;
		pause_ms = pause_ms ? pause_ms + pause_ms / 4 : WAIT_FIRST_PAUSE_MS;
		if (pause_ms > WAIT_LONGEST_PAUSE_MS)
			pause_ms = WAIT_LONGEST_PAUSE_MS;
		int64_t until_ms = clock_monotonic_ms() + pause_ms;
		is_late = until_ms >= w->deadline_ms;
		if (!wait_until(&w->input->live, is_late ? w->deadline_ms : until_ms, &ignored))
			return true;
		if (!look(w, err))
			return false;
		if (w->left && w->left != before)
			emit_waiting(w);
	}
	return true;
}

/* ---- the end ---- */

static bool record(struct wait *w, struct error *err)
{
	struct change *changes AUTO_FREE = mem_alloc(w->count * sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->secrets[i].has_news)
			changes[count++] = (struct change){CHANGE_PUT, &w->secrets[i].object};
	ledger_stage(
		w->input->ledger, &(struct state_fold){.changes = changes, .change_count = count});
	return ledger_commit(w->input->ledger, err);
}

static void add_left(const struct wait *w, struct str *out)
{
	size_t named = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct pending *secret = &w->secrets[i];
		const char *status = secret->is_listed ? secret->object.status : "not listed";
		if (is_active(&secret->object))
			continue;
		char *address AUTO_FREE = object_address(&secret->object);
		struct str name CLEANUP(str_release) = {0};
		text_add_visible(&name, address, strlen(address), 120);
		str_text_add(&name, " (");
		text_add_visible(&name, status, strlen(status), 40);
		str_char(&name, ')');
		text_add_listed(out, str_text(&name), named++, w->left, NAMED_AT_MOST);
	}
}

static bool refuse(const struct wait *w, struct error *err)
{
	struct str who CLEANUP(str_release) = {0}, time CLEANUP(str_release) = {0};
	bool is_one = w->left == 1;
	const char *plural = is_one ? "" : "s", *verb = is_one ? "is" : "are";

	add_left(w, &who);
	if (is_interrupted(w)) {
		error_set(err, "the waiting was interrupted; %zu secret%s %s not active yet: %s",
			w->left, plural, verb, str_text(&who));
	} else {
		text_add_duration(&time, w->input->timeout_ms);
		error_set(err, "%zu secret%s %s not active after %s: %s", w->left, plural, verb,
			str_text(&time), str_text(&who));
	}
	return error_hint(err,
		"What was planned is done and recorded, and the next plan does nothing of it "
		"again. To go on waiting: cfprov apply -wait, with a longer -wait-timeout.");
}

/* What was seen is recorded in any case, whatever else went wrong. */
static bool run(struct wait *w, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};
	bool is_good = wait_for_all(w, err), is_recorded = record(w, &why);

	if (!is_good)
		return false;
	if (!is_recorded)
		error_move(err, &why);
	return is_recorded && (!w->left || refuse(w, err));
}

bool wait_active(const struct wait_input *input, size_t *ret_left, struct error *err)
{
	struct wait w = {.input = input};

	w.deadline_ms = clock_monotonic_ms() + input->timeout_ms;
	find_secrets(&w);
	bool is_good = !w.left || run(&w, err);
	*ret_left = w.left;
	free(w.secrets);
	arena_release(&w.arena);
	return is_good;
}
