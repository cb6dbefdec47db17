#include "apply/wait_active.h"

#include "base/clock.h"
#include "base/text.h"
#include "cloudflare/wait.h"
#include "plan/record.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_AT_MOST = 10 };

struct wait {
	const struct wait_input *input;
	const struct model *recorded;  /* the state, which each look may replace */
	const struct object **secrets; /* desired, and pending when it began; by address */
	size_t count, left;
	struct model live; /* the last look */
	bool has_looked;
	int64_t deadline_ms;
};

/* ---- one look ---- */

static bool is_interrupted(const struct wait *w)
{
	return w->input->live.interrupted && *w->input->live.interrupted;
}

static bool is_pending(const struct wait *w, const struct object *secret)
{
	const struct object *recorded = model_find(w->recorded, secret);

	return recorded && recorded->id && recorded->status &&
	       strcmp(recorded->status, "active") != 0;
}

static bool learn(struct wait *w, struct error *err)
{
	struct object *now AUTO_FREE = mem_alloc(w->count * sizeof(*now));
	struct change *changes AUTO_FREE = mem_alloc(w->count * sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct object *recorded = model_find(w->recorded, w->secrets[i]);
		const struct object *listed = model_find(&w->live, recorded);
		if (!listed || !record_became_active(recorded, listed, &now[count]))
			continue;
		changes[count] = (struct change){CHANGE_PUT, &now[count]};
		count++;
	}
	ledger_stage(
		w->input->ledger, &(struct state_fold){.changes = changes, .change_count = count});
	bool is_recorded = ledger_commit(w->input->ledger, err);
	w->left = 0;
	for (size_t i = 0; i < w->count; i++)
		w->left += is_pending(w, w->secrets[i]);
	return is_recorded;
}

/* False: a list could not be read, or the state not written. An interrupt is no error. */
static bool look(struct wait *w, struct error *err)
{
	struct live_input input = w->input->live;
	const struct object **stores AUTO_FREE = mem_alloc(w->count * sizeof(*stores));
	struct live_stores wanted = {.items = stores};
	struct model live CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	input.recorded = input.wanted = NULL; /* a later look finds what this one lacks */
	for (size_t i = 0; i < w->count; i++) {
		const struct object *store = model_object(
			w->recorded, w->secrets[i]->account, w->secrets[i]->store, NULL);
		if (is_pending(w, w->secrets[i]) && store && store->id &&
			(!wanted.count || stores[wanted.count - 1] != store))
			stores[wanted.count++] = store;
	}
	if (live_read_inside(&input, &wanted, &live, &errors)) {
		const struct model last = w->live;
		w->live = live;
		live = last;
		w->has_looked = true;
		return learn(w, err);
	}
	if (is_interrupted(w))
		return true;
	error_move(err, &errors.items[0]);
	return error_prefix(err, "%s/%s: can't check whether its secrets are active",
		stores[0]->account, stores[0]->store);
}

/* ---- waiting ---- */

static void emit_waiting(const struct wait *w)
{
	event_emit(w->input->live.sink,
		&(struct event){.type = EVENT_AWAIT,
			.progress = {.done = w->count - w->left, .left = w->left},
			.wait_ms = w->deadline_ms - clock_monotonic_ms()});
}

/* False: see *err. Else see `left`. */
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

static bool refuse(const struct wait *w, struct error *err)
{
	struct str who CLEANUP(str_release) = {0}, time CLEANUP(str_release) = {0};
	const char *plural = w->left == 1 ? "" : "s", *verb = w->left == 1 ? "is" : "are";
	size_t named = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (!is_pending(w, w->secrets[i]))
			continue;
		const struct object *recorded = model_find(w->recorded, w->secrets[i]);
		const struct object *listed = model_find(&w->live, recorded);
		bool is_listed = listed && strcmp(listed->id, recorded->id) == 0;
		const char *status = w->has_looked && !is_listed ? "not listed" : recorded->status;
		char *address AUTO_FREE = object_address(recorded);
		struct str name CLEANUP(str_release) = {0};
		text_add_visible(&name, address, strlen(address), 120);
		str_text_add(&name, " (");
		text_add_visible(&name, status, strlen(status), 40);
		str_char(&name, ')');
		text_add_listed(&who, str_text(&name), named++, w->left, NAMED_AT_MOST);
	}
	if (is_interrupted(w)) {
		error_set(err, "interrupted while waiting: %zu secret%s %s not active yet: %s",
			w->left, plural, verb, str_text(&who));
	} else {
		text_add_duration(&time, w->input->timeout_ms);
		error_set(err, "%zu secret%s %s not active after %s: %s", w->left, plural, verb,
			str_text(&time), str_text(&who));
	}
	return error_hint(err, "All changes were made and are recorded. To continue waiting, run "
			       "`cfprov apply -wait` with a longer -wait-timeout.");
}

bool wait_active(const struct wait_input *input, size_t *ret_left, struct error *err)
{
	const struct plan *plan = input->plan;
	struct wait w = {.input = input, .recorded = &input->ledger->state.model};

	w.deadline_ms = clock_monotonic_ms() + input->timeout_ms;
	w.secrets = mem_alloc(plan->row_count * sizeof(*w.secrets));
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct object *wanted = plan->rows[i].desired;
		if (wanted && wanted->kind == OBJECT_SECRET && is_pending(&w, wanted))
			w.secrets[w.count++] = wanted;
	}
	w.left = w.count;
	bool is_good = !w.left || (wait_for_all(&w, err) && (!w.left || refuse(&w, err)));
	*ret_left = w.left;
	mem_free((void *)w.secrets);
	model_release(&w.live);
	return is_good;
}
