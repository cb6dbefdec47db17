#include "live/live.h"

#include "adapter/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void send_page(struct live_listing *listing, size_t page, struct client *client, void *tag)
{
	struct str path CLEANUP(str_release) = {0};

	cf_add_list_path(&path, listing->account->account->id,
		listing->store ? listing->store->id : NULL, page);
	client_send(client, &(struct client_call){.lane = listing->account->lane,
				    .safety = RETRY_SAFE,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = tag});
	listing->pages_sent++;
}

void live_listing_start(struct live_listing *listing, const struct live_account *account,
	struct model *model, struct client *client, void *tag)
{
	*listing = (struct live_listing){.account = account, .model = model, .total = -1};
	send_page(listing, 1, client, tag);
}

/* `account` and `model` are set. */
void live_listing_start_inside(
	struct live_listing *listing, const struct object *store, struct client *client, void *tag)
{
	listing->store = store;
	listing->total = -1;
	send_page(listing, 1, client, tag);
}

/* What one page brought. */
struct page {
	size_t items, fresh; /* fresh: not seen on another page */
};

static const char *keep(struct arena *arena, const char *text)
{
	return text ? arena_text(arena, text) : NULL;
}

/* What is no text, or could not be told from two scopes, is no scope. */
static const char *keep_scopes(struct arena *arena, const struct json *list)
{
	const char **items AUTO_FREE = mem_alloc(json_count(list) * sizeof(*items));
	size_t count = 0;

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *scope = json_text(it);
		if (scope && *scope && !strchr(scope, ','))
			items[count++] = scope;
	}
	return model_scopes(arena, items, count);
}

void live_fill(struct arena *arena, const struct cf_object *found, struct object *object)
{
	object->id = keep(arena, found->id);
	object->created = keep(arena, found->created);
	object->modified = keep(arena, found->modified);
	if (object->kind != OBJECT_SECRET)
		return;
	object->scopes = keep_scopes(arena, found->scopes);
	object->comment = found->comment && *found->comment ? keep(arena, found->comment) : NULL;
	object->status = keep(arena, found->status);
}

static bool add_object(
	struct live_listing *listing, const struct json *json, struct page *page, struct error *err)
{
	const struct object *store = listing->store;
	const char *alias = listing->account->account->alias;
	struct model *model = listing->model;
	struct cf_object found;

	if (!cf_object_decode(json, store ? "secret" : "store", &found, err))
		return false;
	page->items++;
	if (table_put(&listing->ids, arena_text(&model->arena, found.id), listing))
		return true; /* it moved to another page while we read */
	page->fresh++;
	listing->items++;
	if (found.is_deleted)
		return true;
	struct object *object = store ? model_add_object(model, alias, store->store, found.name)
				      : model_add_object(model, alias, found.name, NULL);
	live_fill(&model->arena, &found, object);
	return true;
}

static bool add_page(struct live_listing *listing, const struct json *result, struct page *page,
	struct error *err)
{
	if (!json_is_array(result))
		return error_set(err, "Cloudflare's answer is no list");
	for (const struct json *it = json_first(result); it; it = json_next(it))
		if (!add_object(listing, it, page, err))
			return false;
	return true;
}

/*
 * How many pages to have asked for after this one. With a page count it is that: all others are
 * sent for at once. Without one, as in older answers, a page that is not full is the last; a full
 * one that brings nothing new would go on for ever.
 */
static bool count_pages(struct live_listing *listing, int64_t total_pages, const struct page *page,
	size_t *ret_pages)
{
	if (total_pages > LIVE_PAGE_LIMIT)
		return error_set(&listing->err, "Cloudflare's list claims to have %lld pages",
			(long long)total_pages);
	*ret_pages = total_pages >= 0             ? (size_t)total_pages
		     : page->items < CF_PAGE_SIZE ? 0
						  : listing->pages_sent + 1;
	if (total_pages < 0 && *ret_pages && (!page->fresh || *ret_pages > LIVE_PAGE_LIMIT))
		return error_set(&listing->err, "Cloudflare's list repeats itself");
	return true;
}

/* What a short list hides would be planned, and made, a second time. */
static void check_whole(struct live_listing *listing)
{
	if (listing->err.message || listing->total <= (int64_t)listing->items)
		return;
	error_set(&listing->err, "Cloudflare's list has %zu %ss and says that there are %lld",
		listing->items, listing->store ? "secret" : "store", (long long)listing->total);
	error_hint(&listing->err, "Try again: perhaps it was changed while it was read.");
}

static void note_total(struct live_listing *listing, int64_t total)
{
	if (total >= 0 && (listing->total < 0 || total < listing->total))
		listing->total = total;
}

void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag)
{
	struct page page = {0};
	size_t pages = 0;

	listing->pages_read++;
	if (listing->err.message) {
		/* the rest does not matter any more */
	} else if (listing->store && answer->cf.is_absent) {
		listing->total = -1; /* it is gone meanwhile, with all that was in it */
	} else if (answer->outcome != CLIENT_DONE) {
		error_set(&listing->err, "%s", answer->err.message);
		if (answer->err.hint)
			error_hint(&listing->err, "%s", answer->err.hint);
	} else if (add_page(listing, answer->cf.result, &page, &listing->err) &&
		   count_pages(listing, answer->cf.total_pages, &page, &pages)) {
		note_total(listing, answer->cf.total_count);
		while (listing->pages_sent < pages)
			send_page(listing, listing->pages_sent + 1, client, tag);
	}
	listing->is_done = listing->pages_read == listing->pages_sent;
	if (listing->is_done)
		check_whole(listing);
}

void live_listing_release(struct live_listing *listing)
{
	table_free(&listing->ids);
	error_release(&listing->err);
}

/* ---- all accounts ---- */

/* Accounts that fail for the very same reason share one error, which names the first. */
struct failure {
	const struct account *first;
	bool is_inside; /* of stores */
	struct error err;
	size_t accounts;
};

static void tell(struct failure *failure, struct error_list *errors)
{
	struct str who CLEANUP(str_release) = {0};

	str_format(&who, "the account `%s`", failure->first->alias);
	if (failure->accounts > 1)
		str_format(&who, " and %zu more", failure->accounts - 1);
	error_prefix(&failure->err, "can't %s the stores of %s",
		failure->is_inside ? "look into" : "read", str_text(&who));
	error_move(error_list_add(errors), &failure->err);
}

static bool collect(
	struct live_listing *listings, size_t count, struct model *live, struct error_list *errors)
{
	struct failure *failures = mem_alloc(count * sizeof(*failures));
	struct table *by_reason = NULL;
	size_t failure_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct account *account = listings[i].account->account;
		if (!listings[i].err.message) {
			if (!listings[i].store)
				model_add_account(live, account->alias, account->id);
			continue;
		}
		struct failure *failure = table_get(by_reason, listings[i].err.message);
		if (!failure) {
			failure = &failures[failure_count++];
			failure->first = account;
			failure->is_inside = listings[i].store;
			error_move(&failure->err, &listings[i].err);
			table_put(&by_reason, failure->err.message, failure);
		}
		failure->accounts++;
	}
	table_free(&by_reason);
	for (size_t i = 0; i < failure_count; i++)
		tell(&failures[i], errors);
	free(failures);
	return failure_count == 0;
}

static bool is_interrupted(const struct live_input *input)
{
	return input->interrupted && *input->interrupted;
}

/* Takes answers until every list is read. */
static bool read_all(const struct live_input *input, struct error_list *errors)
{
	while (client_busy(input->client)) {
		if (is_interrupted(input))
			return error_set_code(error_list_add(errors), ERROR_INTERRUPTED,
				"interrupted; nothing was done");
		struct client_answer *answer = client_next(input->client, 1000);
		if (!answer)
			continue;
		live_listing_take(answer->tag, answer, input->client, answer->tag);
		client_answer_free(answer);
	}
	return true;
}

bool live_read(const struct live_input *input, struct model *ret_live, struct error_list *errors)
{
	struct live_listing *listings = mem_alloc(input->count * sizeof(*listings));
	struct model live = {0};

	for (size_t i = 0; i < input->count; i++)
		live_listing_start(
			&listings[i], &input->accounts[i], &live, input->client, &listings[i]);
	bool is_good = read_all(input, errors) && collect(listings, input->count, &live, errors);
	for (size_t i = 0; i < input->count; i++)
		live_listing_release(&listings[i]);
	free(listings);
	model_sort(&live);
	*ret_live = live;
	return is_good;
}

static int compare_aliases(const void *a, const void *b)
{
	const struct live_account *x = a, *y = b;

	return strcmp(x->account->alias, y->account->alias);
}

const struct live_account *live_find_account(
	const struct live_account *accounts, size_t count, const char *alias)
{
	struct account account = {.alias = alias};
	struct live_account wanted = {.account = &account};
	const struct live_account *found =
		count ? bsearch(&wanted, accounts, count, sizeof(wanted), compare_aliases) : NULL;

	assert(found);
	return found;
}

/* True if the account was there. */
static bool drop_account(struct model *live, const char *alias)
{
	size_t kept = 0, before = live->account_count;

	for (size_t i = 0; i < before; i++)
		if (strcmp(live->accounts[i].alias, alias) != 0)
			live->accounts[kept++] = live->accounts[i];
	live->account_count = kept;
	return kept < before;
}

/* Takes out the accounts that could not be looked into; the first error of each is enough. */
static void drop_failed(struct live_listing *listings, size_t count, struct model *live)
{
	for (size_t i = 0; i < count; i++)
		if (listings[i].err.message &&
			!drop_account(live, listings[i].account->account->alias))
			error_release(&listings[i].err);
}

/* What the model had inside these stores gives way to what is read. */
static void drop_inside(struct model *live, const struct live_stores *stores)
{
	struct table *ids = NULL;
	struct object store = {0}; /* the last one that was read */
	size_t kept = 0;

	for (size_t i = 0; i < stores->count; i++)
		table_put(&ids, stores->items[i]->id, live);
	for (size_t i = 0; i < live->object_count; i++) {
		struct object *object = &live->objects[i];
		if (object->kind == OBJECT_STORE && table_get(ids, object->id))
			store = *object;
		bool is_inside = object->kind == OBJECT_SECRET && store.id &&
				 strcmp(object->store, store.store) == 0 &&
				 strcmp(object->account, store.account) == 0;
		if (!is_inside)
			live->objects[kept++] = *object;
	}
	live->object_count = kept;
	table_free(&ids);
}

bool live_read_inside(const struct live_input *input, const struct live_stores *stores,
	struct model *live, struct error_list *errors)
{
	struct live_listing *listings = mem_alloc(stores->count * sizeof(*listings));
	struct object *copies = mem_alloc(stores->count * sizeof(*copies));

	for (size_t i = 0; i < stores->count; i++)
		copies[i] = *stores->items[i]; /* the live row moves while we add to it */
	drop_inside(live, stores);
	for (size_t i = 0; i < stores->count; i++) {
		listings[i].account =
			live_find_account(input->accounts, input->count, copies[i].account);
		listings[i].model = live;
		live_listing_start_inside(&listings[i], &copies[i], input->client, &listings[i]);
	}
	bool is_good = read_all(input, errors);
	drop_failed(listings, stores->count, live);
	is_good = is_good && collect(listings, stores->count, live, errors);
	for (size_t i = 0; i < stores->count; i++)
		live_listing_release(&listings[i]);
	free(listings);
	free(copies);
	model_sort(live);
	return is_good;
}
