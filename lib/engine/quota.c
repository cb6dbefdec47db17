#include "engine/quota.h"

#include "live/wait.h"

#include <stdlib.h>
#include <string.h>

/* One account's need and answer. */
struct ask {
	const struct live_account *account;
	int64_t creations, deletions;
	bool renames;
	bool has_answer;
	struct cf_quota quota;
	struct error err;
};

/*
 * A replaced secret needs no place: the old one is deleted first. What is unmanaged in a store that
 * is destroyed or replaced has no action of its own and is deleted with the store.
 */
static void add_need(struct ask *ask, const struct action *action)
{
	enum action_kind kind = action_kind(action);

	if (action_object(action)->kind == OBJECT_STORE) {
		if (action_destroys(action))
			ask->deletions += (int64_t)action->stranger_count;
		return;
	}
	ask->creations += kind == ACTION_CREATE;
	ask->deletions += kind == ACTION_DESTROY;
	ask->renames |= kind == ACTION_RENAME;
}

/* Renames come one by one, before what is created: then the place that they need is free. */
static bool is_for_a_while(const struct ask *ask)
{
	return ask->renames && !ask->creations;
}

/* Walks two sorted rows, the accounts and the actions. Gives how many accounts have to be asked. */
static size_t find_asks(const struct live_input *input, const struct plan *plan, struct ask *asks)
{
	size_t found = 0, at = 0;

	for (size_t i = 0; i < input->count; i++) {
		const char *alias = input->accounts[i].account->alias;
		struct ask *ask = &asks[found];
		*ask = (struct ask){.account = &input->accounts[i]};
		for (; at < plan->action_count; at++) {
			const struct action *action = &plan->actions[at];
			int order = strcmp(action_object(action)->account, alias);
			if (order > 0)
				break;
			if (order == 0)
				add_need(ask, action);
		}
		found += ask->creations || ask->renames;
	}
	return found;
}

static void send(struct client *client, struct ask *ask)
{
	struct str path CLEANUP(str_release) = {0};

	cf_add_quota_path(&path, ask->account->account->id);
	client_send(client, &(struct client_call){.lane = ask->account->lane,
				    .safety = RETRY_SAFE,
				    .is_probe = true,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = ask});
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

static void judge(const struct ask *ask, struct error_list *errors)
{
	int64_t needed = ask->creations + is_for_a_while(ask) - ask->deletions;
	int64_t total = ask->quota.used + needed;

	if (!ask->has_answer || total <= ask->quota.secrets)
		return;
	struct error *err = error_list_add(errors);
	error_set(err, "the plan would need %lld of %lld secrets in the account `%s`%s",
		(long long)total, (long long)ask->quota.secrets, ask->account->account->alias,
		is_for_a_while(ask) ? ": a rename needs one more for a while" : "");
	error_hint(err,
		"It holds %lld now. Take some out of the manifest, delete some in Cloudflare, or "
		"ask Cloudflare for more.",
		(long long)ask->quota.used);
}

static void say_unread(struct ask *ask, struct error_list *unread)
{
	if (!ask->err.message)
		return;
	error_prefix(&ask->err, "how many secrets the account `%s` may hold is not known",
		ask->account->account->alias);
	error_move(error_list_add(unread), &ask->err);
}

bool quota_check(const struct live_input *input, const struct plan *plan, struct error_list *unread,
	struct error_list *errors)
{
	struct ask *asks AUTO_FREE = mem_alloc((input->count + 1) * sizeof(*asks));
	size_t before = errors->count, count = find_asks(input, plan, asks);
	struct error err = {0};

	for (size_t i = 0; i < count; i++)
		send(input->client, &asks[i]);
	if (!wait_for_answers(input, take, NULL, &err))
		error_move(error_list_add(errors), &err);
	for (size_t i = 0; i < count; i++) {
		judge(&asks[i], errors);
		say_unread(&asks[i], unread);
		error_release(&asks[i].err);
	}
	return errors->count == before;
}
