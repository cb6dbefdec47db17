#include "cloudflare/listing.h"

#include "adapter/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A server that claims more items than this gets memory for those that it sends. */
enum { BELIEVED_TOTAL = 10000 };

/* ---- requests ---- */

static void send_page(struct live_listing *listing)
{
	struct str path CLEANUP(str_release) = {0};
	size_t page = ++listing->reading.pages_sent;

	cf_add_list_path(&path, listing->account->account->id,
		listing->store ? listing->store->id : NULL, page);
	client_send(listing->client, &(struct client_call){.lane = listing->account->lane,
					     .safety = RETRY_SAFE,
					     .is_later = page == 1 && listing->readings > 1,
					     .method = "GET",
					     .path = str_text(&path),
					     .tag = listing->tag});
}

static void release_reading(struct live_reading *reading)
{
	table_free(&reading->ids);
	model_release(&reading->found);
}

static void start_reading(struct live_listing *listing)
{
	release_reading(&listing->reading);
	listing->reading = (struct live_reading){.total = -1, .pages = -1};
	listing->readings++;
	send_page(listing);
}

void live_listing_start(struct live_listing *listing, struct client *client, void *tag)
{
	error_release(&listing->err);
	listing->client = client;
	listing->tag = tag;
	listing->readings = listing->added = 0;
	listing->is_done = false;
	start_reading(listing);
}

/* ---- pages ---- */

/* FNV-1a of id and name, each with its NUL. */
static uint64_t digest_of(const char *id, const char *name)
{
	const char *const texts[] = {id, name};
	uint64_t digest = 14695981039346656037u;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t at = 0; at <= strlen(texts[i]); at++)
			digest = (digest ^ (unsigned char)texts[i][at]) * 1099511628211u;
	return digest;
}

static bool add_object(struct live_listing *listing, const struct json *json, size_t *fresh)
{
	const struct cf_place place = {listing->account->account, listing->store};
	struct live_reading *reading = &listing->reading;
	struct model *model = &reading->found;
	struct object found;

	if (!cf_object_decode(json, &place, &model->arena, &found, &listing->err))
		return false;
	const struct object *kept = model_add_copy(model, &found);
	const char *name = kept->secret ? kept->secret : kept->store;
	const char *other = table_put(&reading->ids, kept->id, (void *)(uintptr_t)name);
	reading->items++;
	if (other) {
		reading->is_contradictory |= strcmp(other, name) != 0;
	} else {
		reading->digest += digest_of(kept->id, name);
		(*fresh)++;
	}
	if (other || cf_is_deleted(&found))
		model->object_count--;
	return true;
}

/* How many items any page but the last has. */
static size_t full_page(const struct live_reading *reading, const struct cf_answer *answer)
{
	if (answer->per_page > 0 && answer->per_page < CF_PAGE_SIZE)
		return (size_t)answer->per_page;
	if (answer->per_page || reading->total >= 0 || reading->pages >= 0)
		return CF_PAGE_SIZE;
	return reading->first;
}

/* How many items and pages there are, as the server says. */
static void take_totals(struct live_reading *reading, const struct cf_answer *answer)
{
	if (reading->total < answer->total_count)
		reading->total = answer->total_count;
	if (reading->total > 0 && reading->total <= BELIEVED_TOTAL)
		model_reserve(&reading->found, (size_t)reading->total);
	if (reading->pages < answer->total_pages)
		reading->pages = answer->total_pages;
}

static bool take_page(struct live_listing *listing, const struct cf_answer *answer)
{
	struct live_reading *reading = &listing->reading;
	size_t items = 0, fresh = 0;

	if (!json_is_array(answer->result))
		return error_set(&listing->err, "Cloudflare's response is not a list");
	for (const struct json *it = json_first(answer->result); it; it = json_next(it), items++)
		if (!add_object(listing, it, &fresh))
			return false;
	if (answer->total_pages > LIVE_PAGE_LIMIT)
		return error_set(&listing->err, "Cloudflare's list claims to have %lld pages",
			(long long)answer->total_pages);
	take_totals(reading, answer);
	if (reading->pages_read == 1)
		reading->first = items;
	bool knows_pages = reading->total >= 0 || reading->pages >= 0 || answer->per_page;
	if (!knows_pages && !fresh && items < CF_PAGE_SIZE) {
		reading->items -= items; /* the server has one page, and sends it for any number */
		items = 0;
	}
	reading->last = items;
	reading->repeats |= items && !fresh;
	reading->short_pages += !items || items < full_page(reading, answer);
	return true;
}

/* ---- readings ---- */

/* All requested pages have arrived: may there be another one? */
static bool wants_page(const struct live_reading *reading)
{
	bool knows_both = reading->total >= 0 && reading->pages >= 0;

	if (!reading->last || reading->repeats)
		return false;
	return (int64_t)table_count(reading->ids) < reading->total ||
	       (!knows_both && !reading->short_pages);
}

static bool is_doubtful(const struct live_reading *reading)
{
	size_t found = table_count(reading->ids);

	if (reading->total >= 0 && found == reading->items)
		return (int64_t)found < reading->total;
	return found < reading->items || reading->short_pages > 1;
}

/* False: the list must be read again. True: the reading counts, or listing->err is set. */
static bool is_settled(struct live_listing *listing)
{
	const struct live_reading *reading = &listing->reading;
	const char *kind = listing->store ? "secrets" : "stores";
	struct error *err = &listing->err;
	bool is_same = listing->readings > 1 && listing->last_digest == reading->digest &&
		       listing->last_count == table_count(reading->ids);

	if (err->message || reading->is_gone || !is_doubtful(reading))
		return true;
	if (reading->is_contradictory && listing->readings > 1) {
		error_set(err, "Cloudflare's list has the same id for two %s", kind);
	} else if (reading->repeats && is_same) {
		error_set(err, "Cloudflare's list repeats itself");
	} else if (!is_same && listing->readings == LISTING_READINGS) {
		error_set(err, "Cloudflare's list of %s changed each of the %d times it was read",
			kind, LISTING_READINGS);
		error_hint(err, "Run cfprov again when no one is changing them.");
	}
	return is_same || err->message;
}

/* All requested pages have arrived. */
static void conclude(struct live_listing *listing)
{
	struct live_reading *reading = &listing->reading;

	if (!listing->err.message && !reading->is_gone && wants_page(reading)) {
		if (reading->pages_sent < LIVE_PAGE_LIMIT) {
			send_page(listing);
			return;
		}
		error_set(&listing->err, "Cloudflare's list never ends");
	}
	if (!is_settled(listing)) {
		listing->last_digest = reading->digest;
		listing->last_count = table_count(reading->ids);
		start_reading(listing);
		return;
	}
	listing->first = listing->model->object_count;
	listing->added = listing->err.message ? 0 : reading->found.object_count;
	if (listing->added)
		model_take_objects(listing->model, &reading->found);
	release_reading(reading);
	listing->is_done = true;
}

void live_listing_take(struct live_listing *listing, const struct client_answer *answer)
{
	struct live_reading *reading = &listing->reading;

	reading->pages_read++;
	if (listing->err.message) {
		/* the other pages no longer matter */
	} else if (listing->store && answer->cf.is_absent) {
		reading->is_gone = true;
	} else if (answer->outcome != CLIENT_DONE) {
		error_copy(&listing->err, &answer->err);
	} else if (take_page(listing, &answer->cf)) {
		while (reading->pages > (int64_t)reading->pages_sent)
			send_page(listing);
	}
	if (reading->pages_read == reading->pages_sent)
		conclude(listing);
}

void live_listing_release(struct live_listing *listing)
{
	release_reading(&listing->reading);
	error_release(&listing->err);
}

/* ---- accounts ---- */

static int compare_alias(const void *alias, const void *account)
{
	return strcmp(alias, ((const struct live_account *)account)->account->alias);
}

const struct live_account *live_find_account(
	const struct live_account *accounts, size_t count, const char *alias)
{
	const struct live_account *found =
		count ? bsearch(alias, accounts, count, sizeof(*accounts), compare_alias) : NULL;

	assert(found);
	return found;
}

/* ---- one object ---- */

void live_get_send(const struct live_get *get, struct client *client, void *tag)
{
	const struct cf_id id = get->store ? (struct cf_id){get->store->id, get->id}
					   : (struct cf_id){get->id, NULL};
	struct str path CLEANUP(str_release) = {0};

	cf_add_path(&path, get->account->account->id, &id);
	client_send(client, &(struct client_call){.lane = get->account->lane,
				    .safety = RETRY_SAFE,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = tag});
}

bool live_get_take(const struct live_get *get, const struct client_answer *answer,
	struct arena *arena, struct object *ret_object, struct error *err)
{
	const struct cf_place place = {get->account->account, get->store};
	struct object found;

	if (answer->outcome != CLIENT_DONE && !answer->cf.is_absent)
		return error_copy(err, &answer->err);
	if (answer->outcome == CLIENT_DONE) {
		if (!cf_object_decode(answer->cf.result, &place, arena, &found, err))
			return false;
		if (strcmp(found.id, get->id) != 0)
			return error_set(err, "Cloudflare was asked for the %s %s, but returned %s",
				get->store ? "secret" : "store", get->id, found.id);
	}
	*ret_object = answer->outcome == CLIENT_DONE && !cf_is_deleted(&found) ? found
									       : (struct object){0};
	return true;
}
