/*
 * The runner for Cloudflare: a row becomes requests, and their answers an outcome.
 *
 *     create   POST ──done──► done
 *               │ └─refused─► failed
 *               └─unknown──► look (one list for all that wait) ─┬─ there ──► done
 *                   ▲          ▲                                ├─ twice ──► unknown
 *                   │          └───── patience is not over ◄────┼─ not there
 *                   └──── POST again, once ◄── patience is over ┴─ accepted ─► unknown
 *     secrets  as create, with one POST for all new secrets of a store. If the API refuses it, the
 *              secrets that are still absent are sent one by one, so that an error names its
 *              secret. If a name exists already, nothing that is found is ours, unless an earlier
 *              POST of ours may have been carried out
 *     rename   duplicate (as create), then PATCH if the value differs. If that fails, the
 *              duplicate is recorded. The old name has a row of its own, which destroys it
 *     update   PATCH the fields that differ; if its answer is lost: unknown. If a cleared comment
 *              remains, it is cleared in another way, once
 *     destroy  DELETE ──done, or gone already──► done. If its answer is lost, the object is
 *              requested by id until it is gone or the patience is over. Secrets that are destroyed
 *              with their store need no request; before the store's DELETE, a list has to show that
 *              nothing was added
 *     replace  DELETE, then as create; if that fails, nothing is left: DROP
 *     adopt    no request, or as update; forget: no request
 */
#ifndef APPLY_RUNNER_H
#define APPLY_RUNNER_H

#include "apply/executor.h"
#include "apply/values.h"
#include "cloudflare/live.h"

struct runner_options {
	struct client *client;               /* keeps */
	const struct live_account *accounts; /* keeps; sorted by alias, every one of the plan */
	size_t count;
	const struct plan *plan;  /* keeps; has all rows that are started */
	const struct model *live; /* keeps; for the ids of stores */
	struct values *values;    /* keeps */
	int64_t patience_ms;      /* see cloudflare/patience */
	bool force; /* destroy stores with the unmanaged secrets that the plan names */
};

/* Gives a runner (runner_free). */
struct runner *runner_new(const struct runner_options *options) MUST_CHECK;
void runner_free(struct runner *runner);

#endif
