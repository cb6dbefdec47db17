/*
 * The runner for Cloudflare: a row becomes requests, and their answers an outcome.
 *
 *     create   POST ──done──► done
 *               │ └─refused─► failed
 *               └─unknown──► look (one list for all that wait) ─┬─ there ──► done
 *                   ▲          ▲                                ├─ twice ──► unknown
 *                   │          └───── patience is not over ◄────┼─ not there
 *                   └──── POST again, once ◄── patience is over ┴─ accepted ─► unknown
 *     secrets  the same with one POST for all new secrets of a store. If the API refused it, what
 *              is absent is sent one by one, so that the error names its secret. If a name was
 *              taken, nothing that is found is ours, unless a POST of ours went unanswered before
 *     rename   duplicate (as create), then PATCH if the value differs. If that fails, the
 *              duplicate is recorded. The old name is destroyed by its own row
 *     update   PATCH with what differs; its answer lost: unknown. A comment that is still there
 *              though it was cleared: PATCH in the other way, once
 *     destroy  DELETE ──done, or gone already──► done; its answer lost: asked for by id until it
 *              is gone or the patience is over. What is destroyed with its store needs no request,
 *              but before the store's DELETE a list shows that nothing was added
 *     replace  DELETE, then as create; if that fails, nothing is left: DROP
 *     adopt    no request, or as update; forget: no request
 */
#ifndef APPLY_RUNNER_H
#define APPLY_RUNNER_H

#include "apply/executor.h"
#include "apply/values.h"
#include "cloudflare/live.h"

enum {
	RUNNER_UNSEEN_LIMIT = 2, /* creates of unknown outcome: the second is the last */
};

struct runner_options {
	struct client *client;               /* keeps */
	const struct live_account *accounts; /* keeps; sorted by alias, every one of the plan */
	size_t count;
	const struct plan *plan;  /* keeps; of its rows */
	const struct model *live; /* keeps; for the ids of stores */
	struct values *values;    /* keeps */
	int64_t patience_ms;      /* see cloudflare/patience */
	bool force; /* destroy stores with what is unmanaged in them, as the plan names it */
};

/* Gives a runner (runner_free). */
struct runner *runner_new(const struct runner_options *options) MUST_CHECK;
void runner_free(struct runner *runner);

#endif
