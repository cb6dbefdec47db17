/*
 * The runner for Cloudflare: an action becomes requests, and their answers an outcome.
 *
 *     create   POST ──done──► done
 *               │ └─refused─► failed
 *               └─unknown──► look (one list for all that wait) ─┬─ there ──► done
 *                   ▲          ▲                                ├─ twice ──► unknown
 *                   │          └───── patience is not over ◄────┼─ not there
 *                   └──── POST again, once ◄── patience is over ┴─ accepted ─► unknown
 *     secrets  the same with one POST for all new ones of a store; what is not there after the
 *              API refused it is sent one by one, so that the error names its secret. A name that
 *              exists already: it, and what is found after it in the batch, is not ours, unless
 *              a POST of ours went unanswered before
 *     update   PATCH with what differs; its answer lost: unknown. A comment that is still there
 *              though it was to be cleared: PATCH in the other way, once
 *     rename   duplicate (as create), PATCH if the value differs, DELETE the old one. When the
 *              end of it fails, the new one is recorded, and the next plan deletes the old
 *     destroy  DELETE ──done, or gone already──► done; its answer lost: asked for by id until it
 *              is gone or the patience is over; what goes with its store needs no request,
 *              but before all of a store is deleted at once, a list tells that nothing came in
 *     replace  DELETE, then as create; a create that fails leaves nothing: DROP
 *     adopt    no request, or as update; forget: no request
 */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include "engine/executor.h"
#include "engine/values.h"
#include "live/live.h"

enum {
	RUNNER_UNSEEN_LIMIT = 2, /* creates whose outcome nobody saw: the second is the last */
	RUNNER_SENDS_LIMIT = 3,  /* with those that the API refused for its own trouble */
};

struct runner_options {
	struct client *client;               /* keeps */
	const struct live_account *accounts; /* keeps; sorted by alias, every one of the plan */
	size_t count;
	const struct plan *plan;  /* keeps; its actions are those that come */
	const struct model *live; /* keeps; for the ids of stores */
	struct values *values;    /* keeps */
	int64_t patience_ms;      /* see live/patience */
	bool force; /* destroy stores with what is unmanaged in them, as the plan names it */
};

/* Gives a runner (runner_free). */
struct runner *runner_new(const struct runner_options *options) MUST_CHECK;
void runner_free(struct runner *runner);

#endif
