#include "cloudflare/live.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/text.h"
#include "cloudflare/confirm.h"
#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>

/* Accounts that fail for the same reason share one error, which names the first of them. */
struct failure {
	const struct account *first;
	size_t accounts;
	struct error err;
};

/* Lists that are read side by side: the accounts' stores, or the secrets in some stores. */
struct batch {
	const struct live_input *input;
	struct model *live;
	struct table *stores; /* by id; NULL: the lists are of stores */
	struct live_listing *listings;
	size_t count;
	struct failure *failures; /* one for each account, at most */
	size_t failure_count;
	struct table *by_reason, *failed; /* failures by message; aliases of failed accounts */
};

/* ---- failures ---- */

/* Takes the error. The first one of each account counts. */
static void add_failure(struct batch *batch, const struct account *account, struct error *err)
{
	struct failure *failure = table_get(batch->by_reason, err->message);

	if (table_put(&batch->failed, account->alias, batch)) {
		error_release(err);
	} else if (failure) {
		failure->accounts++;
		error_release(err);
	} else {
		failure = &batch->failures[batch->failure_count++];
		failure->first = account;
		failure->accounts = 1;
		error_move(&failure->err, err);
		table_put(&batch->by_reason, failure->err.message, failure);
	}
}

static void drop_failed_accounts(struct batch *batch)
{
	struct model *live = batch->live;
	size_t kept = 0;

	for (size_t i = 0; i < live->account_count; i++)
		if (!table_get(batch->failed, live->accounts[i].alias))
			live->accounts[kept++] = live->accounts[i];
	live->account_count = kept;
}

static void report_failures(struct batch *batch, struct error_list *errors)
{
	for (size_t i = 0; i < batch->failure_count; i++) {
		struct failure *failure = &batch->failures[i];
		struct str first CLEANUP(str_release) = {0}, who CLEANUP(str_release) = {0};
		str_format(&first, "account `%s`", failure->first->alias);
		text_add_listed(&who, str_text(&first), 0, failure->accounts, 1);
		error_prefix(&failure->err, "%s: can't list %s", str_text(&who),
			batch->stores ? "secrets" : "stores");
		error_move(error_list_add(errors), &failure->err);
	}
}

/* ---- lists ---- */

static void take(void *unused, struct client_answer *answer)
{
	(void)unused;
	live_listing_take(answer->tag, answer);
}

/* Starts all lists, and takes answers until they are done. False: interrupted. */
static bool read_all(struct batch *batch, struct error *err)
{
	for (size_t i = 0; i < batch->count; i++)
		live_listing_start(&batch->listings[i], batch->input->client, &batch->listings[i]);
	return wait_for_answers(batch->input, take, NULL, err);
}

static void fail_shared(struct live_listing *listing)
{
	if (!listing->err.message)
		error_set(&listing->err,
			"Cloudflare's lists have the same id for secrets in two stores");
}

/* True if two lists have an id in common. If they are read for the last time, they fail. */
static bool find_shared(struct batch *batch, bool is_last)
{
	struct table *lists = NULL;
	bool has_any = false;

	for (size_t i = 0; i < batch->count; i++) {
		struct live_listing *listing = &batch->listings[i];
		const struct object *objects = batch->live->objects + listing->first;
		for (size_t k = 0; k < listing->added; k++) {
			struct live_listing *other = table_put(&lists, objects[k].id, listing);
			has_any |= other != NULL;
			if (other && is_last) {
				fail_shared(listing);
				fail_shared(other);
			}
		}
	}
	table_free(&lists);
	return has_any;
}

/* Requests by id what the lists lack. False: interrupted. */
static bool confirm_missing(struct batch *batch, struct error *err)
{
	struct confirm confirm CLEANUP(confirm_release);

	model_sort(batch->live);
	confirm_init(&confirm, batch->input, batch->stores, batch->live);
	bool is_whole = confirm_run(&confirm, err);
	for (size_t i = 0; i < confirm.look_count; i++)
		if (confirm.looks[i].err.message)
			add_failure(batch, confirm.looks[i].get.account->account,
				&confirm.looks[i].err);
	if (confirm.look_count)
		model_sort(batch->live);
	return is_whole;
}

static bool read_lists(struct batch *batch, struct error *err)
{
	struct client *client = batch->input->client;
	int64_t *requests AUTO_FREE = mem_alloc(client_lane_count(client) * sizeof(*requests));
	size_t before = batch->live->object_count;

	for (size_t i = 0; i < batch->count; i++)
		requests[batch->listings[i].account->lane]++;
	client_emit_long_run(client, requests, "Reading");
	if (!read_all(batch, err))
		return false;
	if (batch->stores && find_shared(batch, false)) { /* read all of them once more */
		batch->live->object_count = before;
		if (!wait_until(batch->input, clock_monotonic_ms() + PATIENCE_PAUSE_MS, err) ||
			!read_all(batch, err))
			return false;
		(void)find_shared(batch, true);
	}
	for (size_t i = 0; i < batch->count; i++) {
		struct live_listing *listing = &batch->listings[i];
		const struct account *account = listing->account->account;
		if (listing->err.message)
			add_failure(batch, account, &listing->err);
		else if (!batch->stores)
			model_add_account(batch->live, account->alias, account->id);
	}
	drop_failed_accounts(batch);
	return confirm_missing(batch, err);
}

/* Drops the secrets that the model has in these stores. */
static void drop_inside(struct model *live, const struct table *stores)
{
	struct object store = {0}; /* the last one that is read again */
	size_t kept = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		struct object *object = &live->objects[i];
		if (object->kind == OBJECT_STORE && table_get(stores, object->id))
			store = *object;
		bool is_inside = object->kind == OBJECT_SECRET && store.id &&
				 strcmp(object->store, store.store) == 0 &&
				 strcmp(object->account, store.account) == 0;
		if (!is_inside)
			live->objects[kept++] = *object;
	}
	live->object_count = kept;
}

/* The stores of the accounts, or the secrets in these stores. */
static bool run(const struct live_input *input, const struct live_stores *stores_or_null,
	struct model *live, struct error_list *errors)
{
	size_t count = stores_or_null ? stores_or_null->count : input->count;
	struct live_listing *listings AUTO_FREE = mem_alloc(count * sizeof(*listings));
	struct object *stores AUTO_FREE = mem_alloc(count * sizeof(*stores));
	struct failure *failures AUTO_FREE = mem_alloc(input->count * sizeof(*failures));
	struct batch batch = {.input = input,
		.live = live,
		.listings = listings,
		.count = count,
		.failures = failures};
	size_t before = errors->count;
	struct error err = {0};

	for (size_t i = 0; i < count; i++) {
		listings[i].model = live;
		if (!stores_or_null) {
			listings[i].account = &input->accounts[i];
			continue;
		}
		stores[i] =
			*stores_or_null->items[i]; /* live->objects moves as secrets are added */
		table_put(&batch.stores, stores[i].id, &stores[i]);
		listings[i].account =
			live_find_account(input->accounts, input->count, stores[i].account);
		listings[i].store = &stores[i];
	}
	if (stores_or_null)
		drop_inside(live, batch.stores);
	if (!read_lists(&batch, &err))
		error_move(error_list_add(errors), &err);
	drop_failed_accounts(&batch);
	table_free(&batch.by_reason); /* its keys are the messages */
	report_failures(&batch, errors);
	for (size_t i = 0; i < count; i++)
		live_listing_release(&listings[i]);
	table_free(&batch.failed);
	table_free(&batch.stores);
	return errors->count == before;
}

bool live_read(const struct live_input *input, struct model *ret_live, struct error_list *errors)
{
	*ret_live = (struct model){0};
	return run(input, NULL, ret_live, errors);
}

bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors)
{
	return run(input, stores, live, errors);
}

/* ---- what is unresolved ---- */

static bool is_awaited(const struct object *object, const struct model *live)
{
	return object_is_unresolved(object) && model_account(live, object->account) &&
	       !model_find(live, object);
}

/* Lists the accounts of awaited stores, and adds those that have appeared. */
static bool look_for_stores(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors)
{
	struct live_account *accounts AUTO_FREE = mem_alloc(input->count * sizeof(*accounts));
	struct live_input again = *input;
	struct model found CLEANUP(model_release) = {0};

	again.accounts = accounts;
	again.count = 0;
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		if (object->kind != OBJECT_STORE || !is_awaited(object, live))
			continue; /* its account may not be in this run */
		const struct live_account *account =
			live_find_account(input->accounts, input->count, object->account);
		if (!again.count || accounts[again.count - 1].account != account->account)
			accounts[again.count++] = *account;
	}
	if (!again.count)
		return true;
	if (!live_read(&again, &found, errors))
		return false;
	size_t kept = 0; /* `live` has to stay sorted for is_awaited */
	for (size_t i = 0; i < found.object_count; i++) {
		const struct object *known = model_find(recorded, &found.objects[i]);
		if (known && is_awaited(known, live))
			found.objects[kept++] = found.objects[i];
	}
	for (size_t i = 0; i < kept; i++)
		model_add_copy(live, &found.objects[i]);
	model_sort(live);
	return true;
}

bool live_read_unresolved(const struct live_input *input, const struct model *recorded,
	struct model *live, struct error_list *errors)
{
	if (!look_for_stores(input, recorded, live, errors))
		return false;
	const struct object **stores AUTO_FREE =
		mem_alloc(recorded->object_count * sizeof(*stores));
	struct live_stores wanted = {.items = stores};
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		const struct object *store =
			model_object(live, object->account, object->store, NULL);
		if (object->kind == OBJECT_SECRET && is_awaited(object, live) && store &&
			(!wanted.count || stores[wanted.count - 1] != store))
			stores[wanted.count++] = store;
	}
	return !wanted.count || live_read_inside(input, &wanted, live, errors);
}
