#include "listing.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PER_PAGE = 100, LAST_PAGE = 1000000000 };

static bool parse_number(struct call *call, const char *key, size_t max, size_t *number)
{
	const char *text = target_query(&call->target, key);
	size_t parsed = 0;

	if (!text)
		return true;
	if (!text_to_number(text, max, &parsed)) {
		call_fail(call, &problem_invalid_query, key);
		return false;
	}
	if (parsed)
		*number = parsed;
	return true;
}

static bool parse_direction(struct call *call, bool *ret_descending)
{
	const char *text = target_query(&call->target, "direction");

	*ret_descending = text && strcmp(text, "desc") == 0;
	if (!text || *ret_descending || strcmp(text, "asc") == 0)
		return true;
	call_fail(call, &problem_invalid_query, "direction");
	return false;
}

bool listing_parse(struct listing *listing, struct call *call, const struct listing_order *orders)
{
	const char *order = target_query(&call->target, "order");

	*listing = (struct listing){
		.page = 1,
		.per_page = choice_number(&call->sim->options->choices, CHOICE_PER_PAGE),
		.order = order ? NULL : orders->name,
	};
	for (size_t i = 0; order && orders[i].name; i++)
		if (strcmp(orders[i].name, order) == 0)
			listing->order = orders[i].name;
	if (!listing->order) {
		call_fail(call, &problem_invalid_query, "order");
		return false;
	}
	if (!parse_number(call, "page", LAST_PAGE, &listing->page) ||
		!parse_number(call, "per_page", MOST_PER_PAGE, &listing->per_page) ||
		!parse_direction(call, &listing->descending))
		return false;
	if (listing->per_page > call->sim->options->max_per_page)
		listing->per_page = call->sim->options->max_per_page;
	if (call->request->fault && call->request->fault->page > 0)
		listing->page = (size_t)call->request->fault->page;
	return true;
}

void listing_sort(const struct listing *listing, const struct listing_order *orders,
	struct listing_view *view)
{
	for (size_t i = 1; orders[i].name; i++)
		if (strcmp(orders[i].name, listing->order) == 0 && view->count)
			qsort(view->items, view->count, sizeof(void *), orders[i].compare);
}

static void put_result_info(struct json_writer *w, const struct listing *listing,
	const struct call *call, size_t on_page, const struct listing_view *view)
{
	assert(listing->per_page > 0);
	const struct choices *choices = &call->sim->options->choices;
	const struct fault *fault = call->request->fault;
	int64_t pages = (int64_t)((view->count + listing->per_page - 1) / listing->per_page);
	int64_t total = (int64_t)view->total;

	if (fault && fault->total_count >= 0)
		total = fault->total_count;
	if (fault && fault->total_pages >= 0)
		pages = fault->total_pages;

	json_begin_object(w, "result_info");
	json_put_integer(w, "page", (int64_t)listing->page);
	json_put_integer(w, "per_page", (int64_t)listing->per_page);
	json_put_integer(w, "count", (int64_t)on_page);
	if (choice_is(choices, CHOICE_TOTAL_COUNT, "present"))
		json_put_integer(w, "total_count", total);
	if (choice_is(choices, CHOICE_TOTAL_PAGES, "present"))
		json_put_integer(w, "total_pages", pages);
	json_end(w);
}

void listing_answer(const struct listing *listing, struct call *call,
	const struct listing_view *view,
	void (*put)(struct json_writer *writer, const struct call *call, const void *object))
{
	size_t first = (listing->page - 1) * listing->per_page, on_page = 0;
	struct json_writer w = envelope_begin(call->answer, 200);

	json_begin_array(&w, "result");
	for (; on_page < listing->per_page && first + on_page < view->count; on_page++) {
		size_t at = first + on_page;
		put(&w, call, view->items[listing->descending ? view->count - 1 - at : at]);
	}
	json_end(&w);
	put_result_info(&w, listing, call, on_page, view);
	envelope_end(&w);
}
