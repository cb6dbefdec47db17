/*
 * Finds out whether a request whose answer was lost has been carried out. One list serves all ops
 * that wait for it; an object with an id is requested by that id. Looks are spread over the
 * patience.
 *
 *     find_* ──due──► list or GET ──► op->found ──► an outcome
 *       ▲                                  └──not there, and not late──┐
 *       └───────────────────────── find_again ◄────────────────────────┘
 */
#include "apply/op.h"
#include "apply/runner.h"
#include "base/clock.h"
#include "cloudflare/patience.h"

#include <string.h>

/* ---- looks that are due ---- */

static void set_due(struct cf_runner *r, struct look *look, const struct op *op)
{
	int64_t due_ms = op->ended_ms + patience_next_look_ms(op->patience_ms, op->looked_ms);

	if (due_ms < look->due_ms)
		look->due_ms = due_ms;
	if (due_ms < r->next_due_ms)
		r->next_due_ms = due_ms;
}

static void start(struct cf_runner *r, struct look *look)
{
	int64_t now_ms = clock_monotonic_ms();

	look->served = look->waiting;
	look->waiting = NULL;
	look->due_ms = INT64_MAX;
	look->is_in_progress = true;
	for (struct op *op = look->served; op; op = op->next)
		op->looked_ms = now_ms - op->ended_ms;
	if (look->get.id) {
		live_get_send(&look->get, r->options->client, look);
		return;
	}
	look->listing = (struct live_listing){
		.account = look->get.account, .store = look->get.store, .model = &look->model};
	live_listing_start(&look->listing, r->options->client, look);
}

int64_t find_due(struct cf_runner *r, int64_t timeout_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	if (r->next_due_ms <= now_ms) {
		r->next_due_ms = INT64_MAX;
		for (struct look *it = r->looks; it; it = it->earlier) {
			if (it->is_in_progress)
				continue;
			if (it->due_ms <= now_ms)
				start(r, it);
			else if (it->due_ms < r->next_due_ms)
				r->next_due_ms = it->due_ms;
		}
	}
	return r->next_due_ms - now_ms < timeout_ms ? r->next_due_ms - now_ms : timeout_ms;
}

/* ---- ops that look ---- */

static void end_looking(struct cf_runner *r, struct op *op)
{
	op->is_looking = false;
	r->runner.paused -= op->patience_ms > 0;
}

/* If anything was sent, the journal has its intent: the next run finds out. */
static void give_up(struct cf_runner *r, struct op *op)
{
	struct error err = {0};

	if (op->answered) {
		op_end_unknown(r, op, "interrupted before Cloudflare confirmed it");
		return;
	}
	error_set(&err, "interrupted before it was sent");
	op_end_failed(r, op, &err);
}

void find_after(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	op->ended_ms = clock_monotonic_ms();
	op->looked_ms = -1;
	op->unseen += answer->may_come_late;
	op->may_exist |= answer->outcome == CLIENT_UNKNOWN;
	op->throttled = answer->throttled;
	op->was_accepted |= answer->cf.was_accepted;
	op->patience_ms = answer->may_come_late || op->was_accepted ? r->options->patience_ms : 0;
	if (answer->err.message) {
		error_release(&op->seen);
		error_move(&op->seen, &answer->err);
	}
}

static void join(struct cf_runner *r, struct look *look, struct op *op, op_found *found)
{
	op->found = found;
	op->look = look;
	op->is_looking = true;
	r->runner.paused += op->patience_ms > 0;
	if (r->is_stopping) {
		end_looking(r, op);
		give_up(r, op);
		return;
	}
	op->next = look->waiting;
	look->waiting = op;
	if (!look->is_in_progress)
		set_due(r, look, op);
}

void find_again(struct cf_runner *r, struct op *op)
{
	join(r, op->look, op, op->found);
}

/* Lends a look at the list of a store, whose id is kept; NULL: at the list of stores. */
static struct look *look_new(struct cf_runner *r, const struct op *op, const char *store_id)
{
	const struct object *about = row_object(op->rows[0]);
	struct look *look = arena_alloc(&r->arena, sizeof(*look));

	*look = (struct look){.tag = TAG_LOOK,
		.get = {.account = op->account->account, .store = store_id ? &look->store : NULL},
		.store = {.account = about->account, .store = about->store, .id = store_id},
		.due_ms = INT64_MAX,
		.earlier = r->looks};
	r->looks = look;
	return look;
}

void find_by_id(struct cf_runner *r, struct op *op, const struct cf_id *id, op_found *found)
{
	struct look *look = look_new(r, op, id->secret ? id->store : NULL);

	look->get.id = id->secret ? id->secret : id->store;
	join(r, look, op, found);
}

void find_in_list(struct cf_runner *r, struct op *op, const char *store_id, op_found *found)
{
	const char *key = store_id ? store_id : "";
	struct look *look = table_get(op->account->lists, key);

	if (!look) {
		look = look_new(r, op, store_id);
		table_put(&op->account->lists, key, look);
	}
	join(r, look, op, found);
}

const struct object *find_new(struct cf_runner *r, const struct model *names,
	const struct object *object, bool *ret_is_double)
{
	const struct objects all = model_doubles(names, object);
	const struct object *found = NULL;

	*ret_is_double = false;
	for (size_t i = 0; i < all.count; i++) {
		if (!op_is_new(r, all.items[i].id))
			continue;
		*ret_is_double |= found != NULL;
		found = found ? found : &all.items[i];
	}
	return found;
}

/* ---- their results ---- */

void find_take(struct cf_runner *r, struct look *look, struct client_answer *answer)
{
	struct finding finding = {0};
	struct error err CLEANUP(error_release) = {0};
	struct object is_now;
	struct op *next;

	if (!look->get.id) {
		live_listing_take(&look->listing, answer);
		if (!look->listing.is_done)
			return;
		model_sort(&look->model);
		finding.names = &look->model;
		finding.err = look->listing.err.message ? &look->listing.err : NULL;
	} else if (!live_get_take(&look->get, answer, &r->arena, &is_now, &err)) {
		finding.err = &err;
	} else if (is_now.id) {
		object_keep(&r->arena, &is_now);
		finding.object = &is_now;
	}
	for (struct op *op = look->served; op; op = next) {
		next = op->next;
		finding.is_late = op->looked_ms >= op->patience_ms;
		end_looking(r, op);
		if (r->is_stopping && !op->answered)
			give_up(r, op);
		else
			op->found(r, op, &finding);
		op_settle(r, op);
	}
	look->served = NULL;
	look->is_in_progress = false;
	live_listing_release(&look->listing);
	model_release(&look->model);
	for (struct op *op = look->waiting; op; op = op->next)
		set_due(r, look, op);
}

/* ---- the end ---- */

void find_stop(struct cf_runner *r)
{
	struct op *next;

	r->is_stopping = true;
	for (struct look *it = r->looks; it; it = it->earlier) {
		for (struct op *op = it->waiting; op; op = next) {
			next = op->next;
			end_looking(r, op);
			give_up(r, op);
			op_settle(r, op);
		}
		it->waiting = NULL;
		it->due_ms = INT64_MAX;
	}
}

void find_release(struct cf_runner *r)
{
	for (struct look *it = r->looks; it; it = it->earlier) {
		live_listing_release(&it->listing);
		model_release(&it->model);
	}
}
