/*
 * The runner for Cloudflare: an action becomes requests, and their answers an outcome.
 *
 *     create   POST ──done──► done
 *               │ └─refused─► failed
 *               └─unknown──► look (list the account, once for all that wait) ─┬─ there ──► done
 *                   ▲                                                         ├─ twice ──► unknown
 *                   └──────────── POST again, at most RUNNER_ATTEMPTS ◄───────┴─ not there
 *     destroy  DELETE ──done, or gone already──► done
 *     replace  DELETE, then as create; a create that fails leaves nothing: DROP
 *     adopt, forget    no request: done at once
 */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include "engine/executor.h"
#include "live/live.h"

enum { RUNNER_ATTEMPTS = 3 };

struct runner_options {
	struct client *client;               /* keeps */
	const struct live_account *accounts; /* keeps; sorted by alias, every one of the plan */
	size_t count;
	bool force; /* destroy stores together with the strangers that the plan names */
};

/* Gives a runner (runner_free). */
struct runner *runner_new(const struct runner_options *options) MUST_CHECK;
void runner_free(struct runner *runner);

#endif
