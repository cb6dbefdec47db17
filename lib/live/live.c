#include "live/live.h"

#include "adapter/table.h"

#include <stdlib.h>

static void send_page(struct live_listing *listing, size_t page, struct client *client, void *tag)
{
	struct str path CLEANUP(str_release) = {0};

	cf_add_list_path(&path, listing->account->account->id, page);
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
	*listing = (struct live_listing){.account = account, .model = model};
	send_page(listing, 1, client, tag);
}

static bool add_store(struct live_listing *listing, const struct json *json, struct error *err)
{
	struct cf_store store;
	struct model *model = listing->model;

	if (!cf_store_decode(json, &store, err))
		return false;
	const char *id = arena_text(&model->arena, store.id);
	if (table_put(&listing->ids, id, listing))
		return true; /* it moved to another page while we read */
	struct object *object =
		model_add_object(model, listing->account->account->alias, store.name, NULL);
	object->id = id;
	object->created = store.created ? arena_text(&model->arena, store.created) : NULL;
	object->modified = store.modified ? arena_text(&model->arena, store.modified) : NULL;
	listing->stores++;
	return true;
}

static bool add_page(struct live_listing *listing, const struct json *result, size_t *ret_items,
	struct error *err)
{
	size_t items = 0;

	if (!json_is_array(result))
		return error_set(err, "Cloudflare's answer is no list of stores");
	for (const struct json *it = json_first(result); it; it = json_next(it), items++)
		if (!add_store(listing, it, err))
			return false;
	*ret_items = items;
	return true;
}

/*
 * With a page count all others are sent for at once. Without one, as in older answers, a page that
 * is not full is the last; a full one that brings nothing new would go on for ever.
 */
static bool send_rest(struct live_listing *listing, const struct client_answer *answer,
	size_t items, bool is_new, struct client *client, void *tag)
{
	int64_t pages = answer->cf.total_pages;

	if (pages > LIVE_PAGE_LIMIT)
		return error_set(&listing->err, "Cloudflare's list claims to have %lld pages",
			(long long)pages);
	if (pages >= 0) {
		while (listing->pages_sent < (size_t)pages)
			send_page(listing, listing->pages_sent + 1, client, tag);
		return true;
	}
	if (items < CF_PAGE_SIZE)
		return true;
	if (!is_new || listing->pages_sent >= LIVE_PAGE_LIMIT)
		return error_set(&listing->err, "Cloudflare's list of stores repeats itself");
	send_page(listing, listing->pages_sent + 1, client, tag);
	return true;
}

void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag)
{
	size_t items = 0, before = listing->stores;

	listing->pages_read++;
	if (!listing->err.message) {
		if (answer->outcome != CLIENT_DONE) {
			error_set(&listing->err, "%s", answer->err.message);
			if (answer->err.hint)
				error_hint(&listing->err, "%s", answer->err.hint);
		} else if (add_page(listing, answer->cf.result, &items, &listing->err)) {
			(void)send_rest(
				listing, answer, items, listing->stores > before, client, tag);
		}
	}
	listing->is_done = listing->pages_read == listing->pages_sent;
}

void live_listing_release(struct live_listing *listing)
{
	table_free(&listing->ids);
	error_release(&listing->err);
}

static bool collect(
	struct live_listing *listings, size_t count, struct model *live, struct error_list *errors)
{
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		const struct account *account = listings[i].account->account;
		if (listings[i].err.message) {
			error_prefix(&listings[i].err, "can't read the stores of the account `%s`",
				account->alias);
			error_move(error_list_add(errors), &listings[i].err);
			is_good = false;
		} else {
			model_add_account(live, account->alias, account->id);
		}
		live_listing_release(&listings[i]);
	}
	return is_good;
}

bool live_read(struct client *client, const struct live_account *accounts, size_t count,
	const volatile sig_atomic_t *interrupted, struct model *ret_live, struct error_list *errors)
{
	struct live_listing *listings = mem_alloc(count * sizeof(*listings));
	struct model live = {0};
	struct client_answer *answer;

	for (size_t i = 0; i < count; i++)
		live_listing_start(&listings[i], &accounts[i], &live, client, &listings[i]);
	while (client_busy(client) && !(interrupted && *interrupted)) {
		answer = client_next(client, 1000);
		if (!answer)
			continue;
		live_listing_take(answer->tag, answer, client, answer->tag);
		client_answer_free(answer);
	}
	bool is_good = collect(listings, count, &live, errors);
	if (client_busy(client))
		is_good = error_set_code(error_list_add(errors), ERROR_INTERRUPTED, "interrupted");
	free(listings);
	if (is_good) {
		model_sort(&live);
		*ret_live = live;
	} else {
		model_release(&live);
	}
	return is_good;
}
