/*
 * The looking: what became of a request that nobody saw the end of. One list serves all that wait
 * for it; what has an id is asked for by it. Looks are spread over the patience.
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

/* Looks whose times are so close start together. */
enum { TOGETHER_MS = 20 };

/* What the server refused for its own trouble is sent again after twice this, then doubled. */
enum { REFUSED_PAUSE_MS = 250 };

/* ---- timers ---- */

static void set_timer(struct cf_runner *r, struct timer *timer, int64_t due_ms)
{
	if (timer->is_set && timer->due_ms <= due_ms)
		return;
	timer->due_ms = due_ms;
	if (!r->timers || due_ms < r->next_due_ms)
		r->next_due_ms = due_ms;
	if (timer->is_set)
		return;
	timer->is_set = true;
	timer->next = r->timers;
	r->timers = timer;
}

int64_t find_due(struct cf_runner *r, int64_t timeout_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	if (r->timers && r->next_due_ms <= now_ms) {
		struct timer *all = r->timers, *next;
		r->timers = NULL;
		for (struct timer *it = all; it; it = next) {
			next = it->next;
			it->is_set = false;
			if (it->due_ms <= now_ms + TOGETHER_MS)
				it->fire(r, it->owner);
			else
				set_timer(r, it, it->due_ms);
		}
	}
	if (!r->timers)
		return timeout_ms;
	int64_t left_ms = r->next_due_ms > now_ms ? r->next_due_ms - now_ms : 0;
	return left_ms < timeout_ms ? left_ms : timeout_ms;
}

static int64_t due_ms(const struct op *op)
{
	return op->ended_ms + patience_next_look_ms(op->patience_ms, op->looked_ms);
}

/* ---- who is looked for ---- */

static void begin(struct cf_runner *r, struct op *op)
{
	if (op->is_looking)
		return;
	op->is_looking = true;
	r->looking += op->patience_ms > 0;
}

/* Nobody waits for it any longer; the journal has it. */
static void give_up(struct cf_runner *r, struct op *op)
{
	op->is_looking = false;
	r->looking -= op->patience_ms > 0;
	op_end_unknown(r, op, "interrupted before Cloudflare confirmed it");
}

static void give_up_waiting(struct cf_runner *r, struct list *list)
{
	struct op *next;

	for (struct op *op = list->waiting; op; op = next) {
		next = op->next;
		give_up(r, op);
	}
	list->waiting = NULL;
}

static void tell(struct cf_runner *r, struct op *op, struct finding *finding)
{
	finding->is_late = op->looked_ms >= op->patience_ms;
	op->is_looking = false;
	r->looking -= op->patience_ms > 0;
	op->found(r, op, finding);
}

void find_after(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	bool is_open = answer->outcome == CLIENT_UNKNOWN && !answer->was_refused;

	op->ended_ms = clock_monotonic_ms();
	op->looked_ms = -1;
	op->unseen += is_open;
	op->throttled = answer->throttled;
	op->was_accepted |= answer->cf.was_accepted;
	op->patience_ms = is_open || op->was_accepted ? r->options->patience_ms : 0;
	if (answer->was_refused && !answer->cf.is_throttled) /* a lane that is throttled waits */
		op->ended_ms += (int64_t)REFUSED_PAUSE_MS << (op->sends < 5 ? op->sends : 5);
	if (answer->err.message) {
		error_release(&op->seen);
		error_move(&op->seen, &answer->err);
	}
}

/* ---- by name ---- */

static void start(struct cf_runner *r, struct list *list)
{
	struct client *client = r->options->client;

	list->served = list->waiting;
	list->waiting = NULL;
	list->is_under_way = true;
	list->started_ms = clock_monotonic_ms();
	for (struct op *op = list->served; op; op = op->next)
		op->looked_ms = list->started_ms - op->ended_ms;
	if (!list->store.id) {
		live_listing_start(
			&list->listing, list->account->account, &list->model, client, list);
		return;
	}
	list->listing =
		(struct live_listing){.account = list->account->account, .model = &list->model};
	live_listing_start_inside(&list->listing, &list->store, client, list);
}

static void on_list_due(struct cf_runner *r, void *owner)
{
	struct list *list = owner;

	if (!list->is_under_way)
		start(r, list);
}

void find_init(struct list *list, struct account_ops *account)
{
	*list = (struct list){.tag = TAG_LIST, .account = account};
	list->timer = (struct timer){.fire = on_list_due, .owner = list};
}

static void join(struct cf_runner *r, struct list *list, struct op *op)
{
	begin(r, op);
	if (r->is_stopping) {
		give_up(r, op);
		return;
	}
	op->next = list->waiting;
	list->waiting = op;
	if (!list->is_under_way)
		set_timer(r, &list->timer, due_ms(op));
}

void find_store(struct cf_runner *r, struct op *op)
{
	op->by_id = (struct cf_secret_id){0};
	join(r, &op->account->stores, op);
}

void find_secrets(struct cf_runner *r, struct op *op, const char *store_id)
{
	const struct object *about = action_object(op->jobs[0].action);
	struct list *list = table_get(op->account->inside, store_id);

	op->by_id = (struct cf_secret_id){0};
	if (!list) {
		list = arena_alloc(&r->arena, sizeof(*list));
		find_init(list, op->account);
		list->earlier = r->lists;
		list->store = (struct object){.account = about->account,
			.store = about->store,
			.id = arena_text(&r->arena, store_id)};
		r->lists = list;
		table_put(&op->account->inside, list->store.id, list);
	}
	join(r, list, op);
}

const struct object *find_new(struct cf_runner *r, const struct model *names,
	const struct object *object, bool *ret_is_double)
{
	const struct object *it =
		model_object(names, object->account, object->store, object->secret);
	const struct object *found = NULL;

	*ret_is_double = false;
	for (; it && it < names->objects + names->object_count && object_compare(it, object) == 0;
		it++) {
		if (!op_is_new(r, it->id))
			continue;
		*ret_is_double |= found != NULL;
		found = found ? found : it;
	}
	return found;
}

void find_take(struct cf_runner *r, struct list *list, const struct client_answer *answer)
{
	struct op *next;

	live_listing_take(&list->listing, answer, r->options->client, list);
	if (!list->listing.is_done)
		return;
	model_sort(&list->model);
	for (struct op *op = list->served; op; op = next) {
		const struct error *err = &list->listing.err;
		next = op->next;
		tell(r, op,
			&(struct finding){.names = &list->model, .err = err->message ? err : NULL});
	}
	list->served = NULL;
	list->is_under_way = false;
	live_listing_release(&list->listing);
	model_release(&list->model);
	if (r->is_stopping)
		give_up_waiting(r, list);
	for (struct op *op = list->waiting; op; op = op->next)
		set_timer(r, &list->timer, due_ms(op));
}

/* ---- by id ---- */

/* False: the answer is not about what was asked for. */
static bool read_by_id(const struct op *op, const struct json *result, struct cf_object *ret_found,
	struct error *err)
{
	const char *secret_id = op->by_id.secret_id;
	const struct object store = {.id = op->by_id.store_id};

	if (!cf_object_decode(result, secret_id ? "secret" : "store", ret_found, err) ||
		!live_check_place(
			ret_found, op->account->account->account, secret_id ? &store : NULL, err))
		return false;
	return strcmp(ret_found->id, secret_id ? secret_id : store.id) == 0 ||
	       error_set(err, "Cloudflare's answer is about another object");
}

static void id_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	struct object is_now = {.kind = op->by_id.secret_id ? OBJECT_SECRET : OBJECT_STORE};
	struct finding finding = {0};
	struct cf_object found;

	if (answer->outcome == CLIENT_DONE &&
		read_by_id(op, answer->cf.result, &found, &answer->err)) {
		live_fill(&r->arena, &found, &is_now);
		finding.object = found.is_deleted ? NULL : &is_now;
	} else if (!answer->cf.is_absent) {
		finding.err = &answer->err;
	}
	tell(r, op, &finding);
}

static void on_id_due(struct cf_runner *r, void *owner)
{
	struct op *op = owner;
	struct str path CLEANUP(str_release) = {0};
	const char *account = op->account->account->account->id;

	op->looked_ms = clock_monotonic_ms() - op->ended_ms;
	cf_add_object_path(&path, account, &op->by_id);
	op_send(r, op, &(struct op_request){RETRY_SAFE, "GET", &path, NULL, id_answered});
}

void find_by_id(struct cf_runner *r, struct op *op, const struct cf_secret_id *id)
{
	op->by_id = (struct cf_secret_id){arena_text(&r->arena, id->store_id),
		id->secret_id ? arena_text(&r->arena, id->secret_id) : NULL};
	begin(r, op);
	if (r->is_stopping) {
		give_up(r, op);
		return;
	}
	op->timer.fire = on_id_due;
	op->timer.owner = op;
	set_timer(r, &op->timer, due_ms(op));
}

/* ---- again, or no longer ---- */

void find_again(struct cf_runner *r, struct op *op)
{
	const struct cf_secret_id id = op->by_id;
	const struct object *about = action_object(op->jobs[0].action);

	if (id.store_id)
		find_by_id(r, op, &id);
	else if (about->kind == OBJECT_STORE)
		find_store(r, op);
	else
		find_secrets(r, op, secrets_store_id(r, op));
}

void find_stop(struct cf_runner *r)
{
	struct timer *next;

	r->is_stopping = true;
	for (struct timer *it = r->timers; it; it = next) {
		next = it->next;
		it->is_set = false;
		if (*(const enum tag_kind *)it->owner == TAG_OP) {
			give_up(r, it->owner);
			continue;
		}
		give_up_waiting(r, it->owner);
	}
	r->timers = NULL;
}

static void release(struct list *list)
{
	if (list->is_under_way)
		live_listing_release(&list->listing);
	model_release(&list->model);
}

void find_release(struct cf_runner *r)
{
	for (size_t i = 0; i < r->options->count; i++)
		release(&r->accounts[i].stores);
	for (struct list *it = r->lists; it; it = it->earlier)
		release(it);
}
