#include "apply/quota.h"

#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>

/* What the plan needs in one account, and the account's quota. */
struct ask {
	int64_t creations, renames, deletions;
	bool has_answer;
	struct cf_quota quota;
	struct error err;
};

/*
 * A replaced secret needs no further place: the old one is destroyed first. Unmanaged secrets in a
 * store that is destroyed or replaced have no rows; they are destroyed with the store.
 */
static void add_need(struct ask *ask, const struct row *row)
{
	if (row_object(row)->kind == OBJECT_STORE) {
		if (row_destroys(row))
			ask->deletions += (int64_t)row->unmanaged_count;
		return;
	}
	ask->creations += row->action == ACTION_CREATE;
	ask->renames += row->action == ACTION_CREATE && row->copies;
	ask->deletions += row->action == ACTION_DESTROY && !row->renamed_to;
}

static void take(void *unused, struct client_answer *answer)
{
	struct ask *ask = answer->tag;

	(void)unused;
	if (answer->outcome == CLIENT_DONE)
		ask->has_answer = cf_quota_decode(answer->cf.result, &ask->quota, &ask->err);
	else
		error_move(&ask->err, &answer->err);
}

static void check(
	struct ask *ask, const char *alias, struct error_list *unread, struct error_list *errors)
{
	int64_t total = ask->quota.used + ask->creations - ask->deletions;

	if (ask->err.message) {
		error_prefix(&ask->err, "account `%s`: its secret quota is unknown", alias);
		error_move(error_list_add(unread), &ask->err);
	}
	if (!ask->has_answer || total <= ask->quota.secrets)
		return;
	struct error *err = error_list_add(errors);
	error_set(err, "account `%s`: the plan needs %lld secrets, but the quota is %lld%s", alias,
		(long long)total, (long long)ask->quota.secrets,
		total - ask->renames <= ask->quota.secrets
			? " (a rename temporarily needs one more)"
			: "");
	error_hint(err,
		"The account has %lld now. Remove secrets from the manifest or from Cloudflare, or "
		"ask Cloudflare for a higher quota.",
		(long long)ask->quota.used);
}

bool quota_check(const struct live_input *input, const struct plan *plan, struct error_list *unread,
	struct error_list *errors)
{
	struct ask *asks AUTO_FREE = mem_alloc(input->count * sizeof(*asks));
	size_t before = errors->count;
	struct error err = {0};

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (row->action == ACTION_NONE || row->action == ACTION_FORGET)
			continue; /* its account may be unknown */
		const struct live_account *account =
			live_find_account(input->accounts, input->count, row_object(row)->account);
		add_need(&asks[account - input->accounts], row);
	}
	for (size_t i = 0; i < input->count; i++) {
		struct str path CLEANUP(str_release) = {0};
		if (!asks[i].creations)
			continue;
		cf_add_quota_path(&path, input->accounts[i].account->id);
		client_send(input->client, &(struct client_call){.lane = input->accounts[i].lane,
						   .safety = RETRY_SAFE,
						   .is_probe = true,
						   .method = "GET",
						   .path = str_text(&path),
						   .tag = &asks[i]});
	}
	if (!wait_for_answers(input, take, NULL, &err))
		error_move(error_list_add(errors), &err);
	for (size_t i = 0; i < input->count; i++) {
		check(&asks[i], input->accounts[i].account->alias, unread, errors);
		error_release(&asks[i].err);
	}
	return errors->count == before;
}
