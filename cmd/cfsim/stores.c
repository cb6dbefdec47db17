/* The operations on stores, and the quota. */
#include "history.h"
#include "listing.h"

#include <stdlib.h>
#include <string.h>

static void put_store(struct json_writer *w, const struct call *call, const void *object)
{
	const struct world_store *store = object;
	enum date_form form = call_dates(call);

	json_put_text(w, "id", store->id);
	json_put_text(w, "name", store->name);
	dates_put(w, "created", store->created, form);
	dates_put(w, "modified", store->modified, form);
	json_put_text(w, "account_id", call->account->id);
}

static void put_store_item(struct json_writer *w, const struct call *call, const void *object)
{
	json_begin_object(w, NULL);
	put_store(w, call, object);
	json_end(w);
}

static void answer_store(struct call *call, const struct world_store *store)
{
	struct json_writer w = envelope_begin(call->answer, 200);

	json_begin_object(&w, "result");
	put_store(&w, call, store);
	json_end(&w);
	envelope_end(&w);
}

void stores_quota(struct call *call)
{
	size_t quota = call->sim->options->max_secrets;
	struct json_writer w = envelope_begin(call->answer, 200);

	json_begin_object(&w, "result");
	json_begin_object(&w, "secrets");
	json_put_integer(&w, "quota", quota ? (int64_t)quota : INT32_MAX);
	json_put_integer(&w, "usage", (int64_t)call->account->secret_count);
	json_end(&w);
	json_end(&w);
	envelope_end(&w);
}

/* ---- the list ---- */

static const struct world_store *store_at(const void *pointer)
{
	return *(const struct world_store *const *)pointer;
}

/* Equal ones keep the order in which they were made. */
static int then_by_age(int order, const struct world_store *a, const struct world_store *b)
{
	return order ? order : (a->serial > b->serial) - (a->serial < b->serial);
}

static int by_name(const void *a, const void *b)
{
	const struct world_store *x = store_at(a), *y = store_at(b);

	return then_by_age(strcmp(x->name, y->name), x, y);
}

static int by_modified(const void *a, const void *b)
{
	const struct world_store *x = store_at(a), *y = store_at(b);

	return then_by_age(strcmp(x->modified, y->modified), x, y);
}

static int by_created(const void *a, const void *b)
{
	const struct world_store *x = store_at(a), *y = store_at(b);

	return then_by_age(strcmp(x->created, y->created), x, y);
}

static const struct listing_order orders[] = {
	{"", NULL}, /* as they were made */
	{"created", by_created},
	{"name", by_name},
	{"modified", by_modified},
	{NULL, NULL},
};

/*
 * Sorts once for many pages. A list that lags or has another order than that of creation is kept
 * until the world changes or something of the past begins to show; nothing else changes it.
 */
static void sort_once(struct call *call, const struct listing *listing)
{
	struct world_account *account = call->account;
	struct world *world = &call->sim->world;

	if (account->sorted && account->sorted_revision == world->revision &&
		clock_monotonic_ms() < account->sorted_until_ms &&
		strcmp(account->sorted_by, listing->order) == 0)
		return;
	struct history_list list = history_stores(account);
	mem_free(account->sorted);
	account->sorted = list.items;
	account->sorted_count = list.count;
	account->sorted_by = listing->order;
	account->sorted_revision = world->revision;
	account->sorted_until_ms = list.until_ms;
	listing_sort(
		listing, orders, &(struct listing_view){.items = list.items, .count = list.count});
}

void stores_list(struct call *call)
{
	const struct world_account *account = call->account;
	struct listing listing;
	struct listing_view view = {
		.items = (void **)account->stores,
		.count = account->store_count,
	};

	if (!listing_parse(&listing, call, orders))
		return;
	if (*listing.order || history_lags(account)) {
		sort_once(call, &listing);
		view.items = account->sorted;
		view.count = account->sorted_count;
		call->sim->stats.lists_lagged += account->sorted_until_ms != INT64_MAX;
	}
	view.total = view.count;
	listing_answer(&listing, call, &view, put_store_item);
}

/* ---- one store ---- */

static const struct problem *check_new_store(const struct call *call, const char *name)
{
	const struct options *options = call->sim->options;

	if (!*name)
		return &problem_store_name_empty;
	if (options->max_stores && call->account->store_count >= options->max_stores)
		return &problem_stores_exceeded;
	return NULL;
}

void stores_create(struct call *call)
{
	const struct json *body = request_json(call->request);
	const struct json *member = json_get(body, "name");
	const char *name = member && !json_is_null(member) ? json_text(member) : "";

	if (!json_is_object(body) || !name) {
		call_fail(call, &problem_invalid_body, NULL);
		return;
	}
	const struct problem *problem = check_new_store(call, name);
	if (problem) {
		call_fail(call, problem, NULL);
		return;
	}
	if (choice_is(&call->sim->options->choices, CHOICE_STORE_NAMES, "unique") &&
		world_store_named(call->account, name)) {
		call_fail(call, &problem_store_name_exists, name);
		return;
	}
	struct world_store *store = world_add_store(&call->sim->world, call->account, NULL, name);
	audit_store(call, AUDIT_CREATE, store);
	answer_store(call, store);
}

void stores_get(struct call *call)
{
	answer_store(call, call->store);
}

void stores_delete(struct call *call)
{
	const struct choices *choices = &call->sim->options->choices;
	const char *force = target_query(&call->target, "force");

	if (call->store->secret_count && !(force && strcmp(force, "true") == 0)) {
		unsigned code = choice_number(choices, CHOICE_STORE_NOT_EMPTY_CODE);
		call_fail_as(call, &problem_store_not_empty, 0, code);
		return;
	}
	audit_store(call, AUDIT_DELETE, call->store);
	world_remove_store(&call->sim->world, call->account, call->store);
	envelope_null(call->answer, 200);
}
