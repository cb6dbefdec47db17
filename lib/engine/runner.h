/*
 * The runner for Cloudflare: an action becomes requests, and their answers an outcome.
 *
 *     create   POST ──done──► done
 *               │ └─refused─► failed
 *               └─unknown──► look (list the account, once for all that wait) ─┬─ there ──► done
 *                   ▲                                                         ├─ twice ──► unknown
 *                   └──────────── POST again, at most RUNNER_ATTEMPTS ◄───────┴─ not there
 *     adopt    no request: done at once
 */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include "engine/executor.h"
#include "live/live.h"

enum { RUNNER_ATTEMPTS = 3 };

/*
 * Gives a runner (runner_free). Keeps the client and the accounts, which are sorted by alias and
 * hold every account of the plan.
 */
struct runner *runner_new(
	struct client *client, const struct live_account *accounts, size_t count) MUST_CHECK;
void runner_free(struct runner *runner);

#endif
