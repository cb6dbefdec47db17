#include "live/live.h"

#include "adapter/table.h"
#include "base/text.h"
#include "live/confirm.h"
#include "live/wait.h"

#include <stdlib.h>
#include <string.h>

/* ---- all accounts ---- */

/* Accounts that fail for the very same reason share one error, which names the first. */
struct failure {
	const struct account *first;
	bool is_inside; /* of stores */
	struct error err;
	size_t accounts;
};

struct failures {
	struct failure **items;
	size_t count, room;
	struct table *by_reason, *aliases; /* of the accounts that failed */
};

/* Takes the error; the first one of each account is enough. */
static void add_failure(
	struct failures *failures, const struct account *account, bool is_inside, struct error *err)
{
	if (table_put(&failures->aliases, account->alias, failures)) {
		error_release(err);
		return;
	}
	struct failure *failure = table_get(failures->by_reason, err->message);
	if (failure) {
		error_release(err);
	} else {
		failure = mem_alloc(sizeof(*failure));
		failure->first = account;
		failure->is_inside = is_inside;
		error_move(&failure->err, err);
		table_put(&failures->by_reason, failure->err.message, failure);
		failures->items = mem_room(
			(void *)failures->items, failures->count, &failures->room, sizeof(failure));
		failures->items[failures->count++] = failure;
	}
	failure->accounts++;
}

/* The accounts that failed are no longer in the model. */
static void drop_failed(const struct failures *failures, struct model *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->account_count; i++)
		if (!table_get(failures->aliases, live->accounts[i].alias))
			live->accounts[kept++] = live->accounts[i];
	live->account_count = kept;
}

static void tell(struct failure *failure, struct error_list *errors)
{
	struct str first CLEANUP(str_release) = {0}, who CLEANUP(str_release) = {0};

	str_format(&first, "the account `%s`", failure->first->alias);
	text_add_listed(&who, str_text(&first), 0, failure->accounts, 1);
	error_prefix(&failure->err, "can't %s the stores of %s",
		failure->is_inside ? "look into" : "read", str_text(&who));
	error_move(error_list_add(errors), &failure->err);
}

/* Tells and releases them. False: there are some. */
static bool end_failures(struct failures *failures, struct error_list *errors)
{
	bool is_good = failures->count == 0;

	table_free(&failures->by_reason); /* its keys are the messages */
	table_free(&failures->aliases);
	for (size_t i = 0; i < failures->count; i++) {
		tell(failures->items[i], errors);
		free(failures->items[i]);
	}
	free((void *)failures->items);
	*failures = (struct failures){0};
	return is_good;
}

static void collect(struct live_listing *listings, size_t count, struct failures *failures)
{
	for (size_t i = 0; i < count; i++)
		if (listings[i].err.message)
			add_failure(failures, listings[i].account->account, listings[i].store,
				&listings[i].err);
}

static void take(void *client, struct client_answer *answer)
{
	live_listing_take(answer->tag, answer, client, answer->tag);
}

/* Says how long it takes where the lists need more requests than a budget has. */
static void foretell(
	const struct live_input *input, const struct live_listing *listings, size_t count)
{
	size_t lanes = client_lane_count(input->client);
	int64_t *requests AUTO_FREE = mem_alloc(lanes * sizeof(*requests));

	for (size_t i = 0; i < count; i++)
		requests[listings[i].account->lane]++;
	client_foretell(input->client, requests, "Reading");
}

/* Takes answers until every list is read. */
static bool read_all(const struct live_input *input, struct error_list *errors)
{
	struct error err = {0};

	if (wait_for_answers(input, take, input->client, &err))
		return true;
	error_move(error_list_add(errors), &err);
	return false;
}

/*
 * Looks by id for what the lists lack: stores, or the secrets in these stores (by their ids).
 * False: interrupted.
 */
static bool confirm(const struct live_input *input, struct table *stores, struct model *live,
	struct failures *failures, struct error_list *errors)
{
	struct confirm confirm CLEANUP(confirm_release);
	struct error err = {0};

	model_sort(live);
	confirm_init(&confirm, input, stores, live);
	bool is_whole = confirm_run(&confirm, &err);
	for (size_t i = 0; i < confirm.look_count; i++)
		if (confirm.looks[i].err.message)
			add_failure(failures, confirm.looks[i].account->account, stores,
				&confirm.looks[i].err);
	if (!is_whole)
		error_move(error_list_add(errors), &err);
	if (confirm.look_count)
		model_sort(live);
	return is_whole;
}

bool live_read(const struct live_input *input, struct model *ret_live, struct error_list *errors)
{
	struct live_listing *listings = mem_alloc(input->count * sizeof(*listings));
	struct failures failures = {0};
	struct model live = {0};

	for (size_t i = 0; i < input->count; i++)
		live_listing_start(
			&listings[i], &input->accounts[i], &live, input->client, &listings[i]);
	foretell(input, listings, input->count);
	bool is_good = read_all(input, errors);
	for (size_t i = 0; i < input->count && is_good; i++)
		if (!listings[i].err.message)
			model_add_account(&live, input->accounts[i].account->alias,
				input->accounts[i].account->id);
	if (is_good)
		collect(listings, input->count, &failures);
	is_good = is_good && confirm(input, NULL, &live, &failures, errors);
	for (size_t i = 0; i < input->count; i++)
		live_listing_release(&listings[i]);
	free(listings);
	drop_failed(&failures, &live);
	is_good &= end_failures(&failures, errors);
	*ret_live = live;
	return is_good;
}

/* What the model had inside these stores gives way to what is read. */
static void drop_inside(struct model *live, const struct table *stores)
{
	struct object store = {0}; /* the last one that was read */
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

/* ---- one secret in two stores ---- */

struct row {
	const char *id;
	size_t listing;
};

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

/* Finds the lists that show what another one shows, too; false: there are none. */
static bool find_shared(const struct model *live, const struct live_listing *listings, size_t count,
	bool *ret_shared)
{
	struct row *rows AUTO_FREE = mem_alloc(live->object_count * sizeof(*rows));
	size_t row_count = 0, shared = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < listings[i].added; j++)
			rows[row_count++] =
				(struct row){live->objects[listings[i].first + j].id, i};
	qsort(rows, row_count, sizeof(*rows), compare_rows);
	for (size_t i = 1; i < row_count; i++) {
		if (strcmp(rows[i - 1].id, rows[i].id) != 0)
			continue;
		ret_shared[rows[i - 1].listing] = ret_shared[rows[i].listing] = true;
		shared++;
	}
	return shared > 0;
}

/* What these lists have added counts no longer; it leaves the model when all others are read. */
static void void_added(
	struct model *live, const struct live_listing *listings, const bool *shared, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; shared[i] && j < listings[i].added; j++)
			live->objects[listings[i].first + j].id = NULL;
}

static void drop_void(struct model *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->object_count; i++)
		if (live->objects[i].id)
			live->objects[kept++] = live->objects[i];
	live->object_count = kept;
}

/* Lists that share a secret are read once more; then it is an error. False: interrupted. */
static bool settle_shared(const struct live_input *input, struct live_listing *listings,
	size_t count, struct model *live, struct error_list *errors)
{
	bool *shared AUTO_FREE = mem_alloc(count * sizeof(*shared));
	bool *still AUTO_FREE = mem_alloc(count * sizeof(*still));

	if (!find_shared(live, listings, count, shared))
		return true;
	void_added(live, listings, shared, count);
	for (size_t i = 0; i < count; i++)
		if (shared[i])
			live_listing_start_again(&listings[i], input->client, &listings[i]);
	bool is_whole = read_all(input, errors);
	(void)find_shared(live, listings, count, still);
	void_added(live, listings, still, count);
	for (size_t i = 0; i < count; i++)
		if (still[i])
			error_set(&listings[i].err,
				"Cloudflare's lists have one id for secrets in two stores");
	drop_void(live);
	return is_whole;
}

/* ---- inside stores ---- */

bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors)
{
	struct live_listing *listings = mem_alloc(stores->count * sizeof(*listings));
	struct object *copies = mem_alloc(stores->count * sizeof(*copies));
	struct failures failures = {0};
	struct table *ids = NULL;

	for (size_t i = 0; i < stores->count; i++) {
		copies[i] = *stores->items[i]; /* the live row moves while we add to it */
		table_put(&ids, copies[i].id, &copies[i]);
	}
	drop_inside(live, ids);
	for (size_t i = 0; i < stores->count; i++) {
		listings[i].account =
			live_find_account(input->accounts, input->count, copies[i].account);
		listings[i].model = live;
		live_listing_start_inside(&listings[i], &copies[i], input->client, &listings[i]);
	}
	foretell(input, listings, stores->count);
	bool is_good = read_all(input, errors) &&
		       settle_shared(input, listings, stores->count, live, errors);
	collect(listings, stores->count, &failures);
	drop_failed(&failures, live);
	is_good = is_good && confirm(input, ids, live, &failures, errors);
	drop_failed(&failures, live);
	is_good &= end_failures(&failures, errors);
	for (size_t i = 0; i < stores->count; i++)
		live_listing_release(&listings[i]);
	free(listings);
	free(copies);
	table_free(&ids);
	model_sort(live);
	return is_good;
}
