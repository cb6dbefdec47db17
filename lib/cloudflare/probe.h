/*
 * What can be learned of accounts without changing anything: is the token valid, may it read and
 * write Secrets Store, the quota, the rate budget. Whether it may write follows from how Cloudflare
 * refuses to change a secret that can't exist. All accounts are asked side by side; each gets its
 * facts, also when others, or some of its own, fail. `doctor` says what the facts mean.
 *
 *     probes[i] = (struct probe){.account = …, .has_lane = true, .lane = …};
 *     probe_run(&input, probes, count)
 *     … probe_release(&probes[i])
 */
#ifndef CLOUDFLARE_PROBE_H
#define CLOUDFLARE_PROBE_H

#include "cloudflare/live.h"

enum probe_writing { WRITING_UNKNOWN, WRITING_FORBIDDEN, WRITING_ALLOWED };

struct probe {
	/* given */
	const struct account *account; /* keeps */
	bool has_lane;                 /* false: no credentials, nothing is asked */
	size_t lane;
	struct error credentials_err; /* why there are none */

	/* The first with the same credentials, which has what is learned of these; NULL: itself */
	struct probe *shares;

	/* learned; an error without a message: it worked */
	bool uses_token; /* else email and key, which nothing verifies */
	struct error token_err, list_err, quota_err;
	char *token_status, *token_expires; /* NULL: not said */
	int64_t asked_at;                   /* seconds since 1970 */
	bool is_account_token;              /* the account's own, not a user's */
	enum probe_writing writing;
	bool is_not_the_api; /* the list was answered by a firewall, a proxy or another page */
	size_t store_count;
	char *only_store; /* if there is just one; else NULL */
	struct cf_quota quota;
	int64_t rate_remaining, rate_reset_ms; /* -1: not said */
};

/* Needs no more of the input than client and interrupted. False: interrupted. */
bool probe_run(const struct live_input *input, struct probe *probes, size_t count,
	struct error *err) MUST_CHECK;

void probe_release(struct probe *probe);

#endif
