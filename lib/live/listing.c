#include "live/listing.h"

#include "adapter/table.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- asking ---- */

static void send_page(struct live_listing *listing, bool is_later, struct client *client, void *tag)
{
	struct str path CLEANUP(str_release) = {0};
	size_t page = ++listing->reading.pages_sent;

	cf_add_list_path(&path, listing->account->account->id,
		listing->store ? listing->store->id : NULL, page);
	client_send(client, &(struct client_call){.lane = listing->account->lane,
				    .safety = RETRY_SAFE,
				    .is_later = is_later,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = tag});
}

static void release_reading(struct live_reading *reading)
{
	table_free(&reading->ids);
	free(reading->objects);
	reading->objects = NULL;
}

static void start_reading(struct live_listing *listing, struct client *client, void *tag)
{
	release_reading(&listing->reading);
	listing->reading = (struct live_reading){.total = -1, .pages = -1};
	listing->is_done = false;
	send_page(listing, listing->readings++ > 0, client, tag);
}

void live_listing_start(struct live_listing *listing, const struct live_account *account,
	struct model *model, struct client *client, void *tag)
{
	*listing = (struct live_listing){.account = account, .model = model};
	start_reading(listing, client, tag);
}

void live_listing_start_inside(
	struct live_listing *listing, const struct object *store, struct client *client, void *tag)
{
	listing->store = store;
	start_reading(listing, client, tag);
}

void live_listing_start_again(struct live_listing *listing, struct client *client, void *tag)
{
	error_release(&listing->err);
	listing->readings = 1;
	listing->last_count = SIZE_MAX; /* nothing to be the same as */
	start_reading(listing, client, tag);
}

/* ---- an object ---- */

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

/* Ids are hexadecimal digits, in either case. */
static bool is_other(const char *told_or_null, const char *asked)
{
	return told_or_null && strcasecmp(told_or_null, asked) != 0;
}

bool live_check_place(const struct cf_object *found, const struct account *account,
	const struct object *store, struct error *err)
{
	struct str told CLEANUP(str_release) = {0};
	bool is_other_account = is_other(found->account_id, account->id);
	const char *place = is_other_account ? found->account_id : found->store_id;

	if (!is_other_account && (!store || !is_other(found->store_id, store->id)))
		return true;
	text_add_visible(&told, place, strlen(place), 60);
	error_set(err, "Cloudflare's answer has the %s %s, which is in the %s %s, not in %s",
		store ? "secret" : "store", found->id, is_other_account ? "account" : "store",
		str_text(&told), is_other_account ? account->id : store->id);
	return error_hint(err, "Something between cfprov and Cloudflare may mix up answers: check "
			       "CLOUDFLARE_BASE_URL and the proxy.");
}

/* FNV-1a, of the id and then the name. */
static uint64_t digest_of(const struct cf_object *found)
{
	uint64_t digest = 14695981039346656037u;

	for (const char *it = found->id; *it; it++)
		digest = (digest ^ (unsigned char)*it) * 1099511628211u;
	digest *= 1099511628211u;
	for (const char *it = found->name; *it; it++)
		digest = (digest ^ (unsigned char)*it) * 1099511628211u;
	return digest;
}

/* ---- a page ---- */

static bool add_object(struct live_listing *listing, const struct json *json, size_t *fresh)
{
	const struct object *store = listing->store;
	struct live_reading *reading = &listing->reading;
	struct arena *arena = &listing->model->arena;
	struct cf_object found;

	if (!cf_object_decode(json, store ? "secret" : "store", &found, &listing->err) ||
		!live_check_place(&found, listing->account->account, store, &listing->err))
		return false;
	char *name = arena_text(arena, found.name), *id = arena_text(arena, found.id);
	const char *other = table_put(&reading->ids, id, name);
	reading->seen++;
	if (other) {
		reading->is_contradictory |= strcmp(other, name) != 0;
		return true;
	}
	(*fresh)++;
	reading->digest += digest_of(&found);
	if (found.is_deleted)
		return true;
	reading->objects = mem_room(
		reading->objects, reading->count, &reading->room, sizeof(*reading->objects));
	struct object *object = &reading->objects[reading->count++];
	*object = (struct object){
		.kind = store ? OBJECT_SECRET : OBJECT_STORE,
		.account = listing->account->account->alias,
		.store = store ? store->store : name,
		.secret = store ? name : NULL,
	};
	live_fill(arena, &found, object);
	return true;
}

/* How many items a page has that is not the last. */
static size_t full_page(const struct live_reading *reading, const struct cf_answer *answer)
{
	if (answer->per_page > 0 && answer->per_page < CF_PAGE_SIZE)
		return (size_t)answer->per_page;
	if (answer->per_page || reading->total >= 0 || reading->pages >= 0)
		return CF_PAGE_SIZE;
	return reading->first;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool take_page(struct live_listing *listing, const struct cf_answer *answer)
{
	struct live_reading *reading = &listing->reading;
	const struct json *result = answer->result;
	size_t items = 0, fresh = 0;

	if (!json_is_array(result))
		return error_set(&listing->err, "Cloudflare's answer is no list");
	for (const struct json *it = json_first(result); it; it = json_next(it), items++)
		if (!add_object(listing, it, &fresh))
			return false;
	if (answer->total_pages > LIVE_PAGE_LIMIT)
		return error_set(&listing->err, "Cloudflare's list claims to have %lld pages",
			(long long)answer->total_pages);
	reading->total = larger(reading->total, answer->total_count);
	reading->pages = larger(reading->pages, answer->total_pages);
	if (reading->pages_read == 1)
		reading->first = items;
	bool is_bare = reading->total < 0 && reading->pages < 0 && !answer->per_page;
	if (is_bare && !fresh && items < CF_PAGE_SIZE) {
		reading->seen -= items; /* the one page of a server that knows no pages */
		items = 0;
	}
	reading->latest = items;
	reading->repeats |= items && !fresh;
	reading->short_pages += !items || items < full_page(reading, answer);
	return true;
}

/* ---- a reading ---- */

static size_t count_ids(const struct live_reading *reading)
{
	return table_count(reading->ids);
}

/* All pages that were asked for are here: may there be another one? */
static bool wants_page(const struct live_reading *reading)
{
	int64_t found = (int64_t)count_ids(reading);

	if (!reading->latest || reading->repeats)
		return false;
	if (found < reading->total)
		return true;
	bool knows_both = reading->total >= 0 && reading->pages >= 0;
	return !knows_both && !reading->short_pages;
}

static bool is_doubtful(const struct live_reading *reading)
{
	size_t found = count_ids(reading);

	if (reading->total >= 0 && found == reading->seen)
		return (int64_t)found < reading->total;
	return found < reading->seen || reading->short_pages > 1;
}

/* Is it seen once more? */
static bool is_confirmed(const struct live_listing *listing)
{
	const struct live_reading *reading = &listing->reading;

	return listing->readings > 1 && listing->last_digest == reading->digest &&
	       listing->last_count == count_ids(reading);
}

static const char *kind_of(const struct live_listing *listing)
{
	return listing->store ? "secrets" : "stores";
}

/* False: it is to be read again. True: it counts, or the error says why it never will. */
static bool is_settled(struct live_listing *listing)
{
	const struct live_reading *reading = &listing->reading;
	struct error *err = &listing->err;
	bool is_again = is_confirmed(listing);

	if (reading->is_gone || !is_doubtful(reading))
		return true;
	if (reading->is_contradictory && listing->readings > 1) {
		error_set(err, "Cloudflare's list has one id for two %s", kind_of(listing));
	} else if (reading->repeats && is_again) {
		error_set(err, "Cloudflare's list repeats itself");
	} else if (!is_again && listing->readings == LISTING_READINGS) {
		error_set(err, "Cloudflare's list of %s was different each of the %d times",
			kind_of(listing), LISTING_READINGS);
		error_hint(err, "Run cfprov again when nobody is changing them.");
	}
	return is_again || err->message;
}

/* What it brought goes to the model, where other lists may have theirs. */
static void finish(struct live_listing *listing)
{
	struct live_reading *reading = &listing->reading;

	listing->first = listing->model->object_count;
	listing->added = listing->err.message ? 0 : reading->count;
	for (size_t i = 0; i < listing->added; i++) {
		const struct object *from = &reading->objects[i];
		struct object *to =
			model_add_object(listing->model, from->account, from->store, from->secret);
		const char *account = to->account, *store = to->store, *secret = to->secret;
		*to = *from; /* the other texts are in the model's arena */
		to->account = account;
		to->store = store;
		to->secret = secret;
	}
	release_reading(reading);
	listing->is_done = true;
}

/* All pages that were asked for are here. */
static void conclude(struct live_listing *listing, struct client *client, void *tag)
{
	struct live_reading *reading = &listing->reading;

	if (!listing->err.message && !reading->is_gone && wants_page(reading)) {
		if (reading->pages_sent < LIVE_PAGE_LIMIT) {
			send_page(listing, false, client, tag);
			return;
		}
		error_set(&listing->err, "Cloudflare's list has no end");
	}
	if (listing->err.message || is_settled(listing)) {
		finish(listing);
		return;
	}
	listing->last_digest = reading->digest;
	listing->last_count = count_ids(reading);
	start_reading(listing, client, tag);
}

void live_listing_take(struct live_listing *listing, const struct client_answer *answer,
	struct client *client, void *tag)
{
	struct live_reading *reading = &listing->reading;

	reading->pages_read++;
	if (listing->err.message) {
		/* the rest does not matter any more */
	} else if (listing->store && answer->cf.is_absent) {
		reading->is_gone = true;
	} else if (answer->outcome != CLIENT_DONE) {
		error_copy(&listing->err, &answer->err);
	} else if (take_page(listing, &answer->cf)) {
		while (reading->pages > (int64_t)reading->pages_sent)
			send_page(listing, false, client, tag);
	}
	if (reading->pages_read == reading->pages_sent)
		conclude(listing, client, tag);
}

void live_listing_release(struct live_listing *listing)
{
	release_reading(&listing->reading);
	error_release(&listing->err);
}

/* ---- accounts ---- */

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
