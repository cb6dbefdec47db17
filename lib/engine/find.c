#include "engine/deed.h"

static void start(struct cf_runner *r, struct lookup *lookup)
{
	struct client *client = r->options.client;

	lookup->served = lookup->waiting;
	lookup->waiting = NULL;
	lookup->is_under_way = true;
	if (!lookup->store.id) {
		live_listing_start(
			&lookup->listing, lookup->site->account, &lookup->model, client, lookup);
		return;
	}
	lookup->listing =
		(struct live_listing){.account = lookup->site->account, .model = &lookup->model};
	live_listing_start_inside(&lookup->listing, &lookup->store, client, lookup);
}

static void join(struct cf_runner *r, struct lookup *lookup, struct deed *deed)
{
	deed->next = lookup->waiting;
	lookup->waiting = deed;
	if (!lookup->is_under_way)
		start(r, lookup);
}

void lookup_stores(struct cf_runner *r, struct deed *deed)
{
	join(r, &deed->site->stores, deed);
}

void lookup_secrets(struct cf_runner *r, struct deed *deed, const char *store_id)
{
	const struct object *about = action_object(deed->jobs[0].action);
	struct lookup *lookup = table_get(deed->site->inside, store_id);

	if (!lookup) {
		lookup = arena_alloc(&r->arena, sizeof(*lookup));
		*lookup = (struct lookup){
			.tag = TAG_LOOKUP, .site = deed->site, .earlier = r->lookups};
		lookup->store = (struct object){.account = about->account,
			.store = about->store,
			.id = arena_text(&r->arena, store_id)};
		r->lookups = lookup;
		table_put(&deed->site->inside, lookup->store.id, lookup);
	}
	join(r, lookup, deed);
}

const struct object *lookup_find(
	const struct lookup *lookup, const struct object *object, bool *ret_is_double)
{
	const struct model *model = &lookup->model;
	const struct object *found =
		model_object(model, object->account, object->store, object->secret);

	*ret_is_double = found && found + 1 < model->objects + model->object_count &&
			 object_compare(found, found + 1) == 0;
	return found;
}

void lookup_take(struct cf_runner *r, struct lookup *lookup, const struct client_answer *answer)
{
	live_listing_take(&lookup->listing, answer, r->options.client, lookup);
	if (!lookup->listing.is_done)
		return;
	model_sort(&lookup->model);
	struct deed *next;
	for (struct deed *deed = lookup->served; deed; deed = next) {
		next = deed->next;
		if (action_object(deed->jobs[0].action)->kind == OBJECT_SECRET)
			secrets_found(r, lookup, deed);
		else
			stores_found(r, lookup, deed);
	}
	lookup->served = NULL;
	lookup->is_under_way = false;
	live_listing_release(&lookup->listing);
	model_release(&lookup->model);
	if (lookup->waiting)
		start(r, lookup);
}

static void release(struct lookup *lookup)
{
	if (lookup->is_under_way)
		live_listing_release(&lookup->listing);
	model_release(&lookup->model);
}

void lookup_release(struct cf_runner *r)
{
	for (size_t i = 0; i < r->options.count; i++)
		release(&r->sites[i].stores);
	for (struct lookup *it = r->lookups; it; it = it->earlier)
		release(it);
}
