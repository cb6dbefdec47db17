/*
 * Lists in pages: what the query asks for, in what order, and the result_info about it.
 *
 * Numbers and rules from Cloudflare's API reference: page from 0 (taken as 1), per_page up to
 * 100, direction, order. The order of creation, which is the default, costs nothing; others have
 * to be sorted.
 */
#ifndef CFSIM_LISTING_H
#define CFSIM_LISTING_H

#include "call.h"

struct listing {
	size_t page, per_page;
	const char *order; /* one of the names given */
	bool descending;
};

/* Compares two objects for one order; both point to pointers, as qsort has it. */
struct listing_order {
	const char *name; /* NULL: the end of the table */
	int (*compare)(const void *a, const void *b);
};

/*
 * Reads the query. `orders` ends with a row without a name; its first row is the default and the
 * order in which the objects stand. False: the query was wrong and the call has its answer.
 */
bool listing_parse(
	struct listing *listing, struct call *call, const struct listing_order *orders) MUST_CHECK;

/*
 * What was found, as pointers to objects. listing_sort brings it in the order asked for.
 */
struct listing_view {
	void **items;
	size_t count; /* that match the query */
	size_t total; /* that there are */
};

void listing_sort(const struct listing *listing, const struct listing_order *orders,
	struct listing_view *view);

/* Writes the whole answer; `put` writes one object. */
void listing_answer(const struct listing *listing, struct call *call,
	const struct listing_view *view,
	void (*put)(struct json_writer *writer, const struct call *call, const void *object));

#endif
