#include "cloudflare/probe.h"

#include "base/clock.h"
#include "cloudflare/wait.h"

#include <stdlib.h>

enum question { ASK_USER_TOKEN, ASK_ACCOUNT_TOKEN, ASK_QUOTA, ASK_WRITING, ASK_LIST, QUESTIONS };

/* A question about an account: the tag of its calls. */
struct asked {
	enum question question;
	struct target *target;
};

struct target {
	struct probe *probe;
	struct live_account live;
	struct live_listing listing;
	struct asked asked[QUESTIONS];
};

static void ask(struct client *client, struct target *target, enum question question)
{
	/* A secret that can't exist: a token that may not write is refused, it seems, before
	 * anybody looks for it. */
	static const char absent_id[] = "00000000000000000000000000000000";
	struct str path CLEANUP(str_release) = {0};
	const char *id = target->probe->account->id;

	if (question == ASK_QUOTA)
		cf_add_quota_path(&path, id);
	else if (question == ASK_WRITING)
		cf_add_path(&path, id, &(struct cf_id){absent_id, absent_id});
	else if (question == ASK_ACCOUNT_TOKEN)
		str_format(&path, "/accounts/%s/tokens/verify", id);
	else
		str_text_add(&path, "/user/tokens/verify");
	client_send(client, &(struct client_call){.lane = target->live.lane,
				    .safety = RETRY_SAFE,
				    .is_probe = question != ASK_QUOTA,
				    .method = question == ASK_WRITING ? "PATCH" : "GET",
				    .path = str_text(&path),
				    .body = question == ASK_WRITING ? mem_copy_text("{}") : NULL,
				    .tag = &target->asked[question]});
}

static void start(
	struct target *target, struct probe *probe, struct client *client, struct model *found)
{
	*target = (struct target){.probe = probe,
		.live = {probe->account, probe->lane},
		.listing = {.account = &target->live, .model = found}};
	probe->rate_remaining = -1;
	probe->asked_at = clock_unix_seconds();
	if (!probe->has_lane)
		return;
	for (size_t i = 0; i < QUESTIONS; i++)
		target->asked[i] = (struct asked){(enum question)i, target};
	probe->uses_token = client_has_token(client, probe->lane);
	if (probe->uses_token && !probe->shares)
		ask(client, target, ASK_USER_TOKEN);
	live_listing_start(&target->listing, client, &target->asked[ASK_LIST]);
	ask(client, target, ASK_QUOTA);
	ask(client, target, ASK_WRITING);
}

/* The user's endpoint does not know an account's own token: if it refuses, the other is asked. */
static void take_token(
	const struct asked *asked, struct client_answer *answer, struct client *client)
{
	struct probe *probe = asked->target->probe;
	const char *status = json_get_text(answer->cf.result, "status");
	const char *expires = json_get_text(answer->cf.result, "expires_on");

	if (answer->outcome != CLIENT_DONE) {
		bool may_be_other = asked->question == ASK_USER_TOKEN && answer->cf.json &&
				    answer->cf.verdict != CF_BROKEN;
		if (may_be_other)
			ask(client, asked->target, ASK_ACCOUNT_TOKEN);
		else
			error_move(&probe->token_err, &answer->err);
		return;
	}
	if (!status) {
		error_set(&probe->token_err,
			"Cloudflare's response does not say whether the token is valid");
		return;
	}
	probe->is_account_token = asked->question == ASK_ACCOUNT_TOKEN;
	probe->token_status = mem_copy_text(status);
	probe->token_expires = expires ? mem_copy_text(expires) : NULL;
}

static void take(void *context, struct client_answer *answer)
{
	struct client *client = context;
	const struct asked *asked = answer->tag;
	struct probe *probe = asked->target->probe;
	struct probe *first = probe->shares ? probe->shares : probe;
	bool is_page = answer->status && answer->cf.verdict == CF_BROKEN;

	if (answer->rate_remaining >= 0) {
		first->rate_remaining = answer->rate_remaining;
		first->rate_reset_ms = answer->rate_reset_ms;
	}
	switch (asked->question) {
	case ASK_LIST:
		probe->is_not_the_api |= is_page;
		live_listing_take(&asked->target->listing, answer);
		break;
	case ASK_QUOTA:
		if (answer->outcome != CLIENT_DONE)
			error_move(&probe->quota_err, &answer->err);
		else
			(void)!cf_quota_decode(answer->cf.result, &probe->quota, &probe->quota_err);
		break;
	case ASK_WRITING:
		if (is_page) /* which says nothing about the token */
			break;
		if (answer->status == 401 || answer->status == 403)
			probe->writing = WRITING_FORBIDDEN;
		else if (answer->cf.is_absent)
			probe->writing = WRITING_ALLOWED;
		break;
	case ASK_USER_TOKEN:
	case ASK_ACCOUNT_TOKEN:
		take_token(asked, answer, client);
		break;
	case QUESTIONS:
		break;
	}
}

bool probe_run(
	const struct live_input *input, struct probe *probes, size_t count, struct error *err)
{
	struct model found CLEANUP(model_release) = {0};
	struct target *targets AUTO_FREE = mem_alloc(count * sizeof(*targets));

	for (size_t i = 0; i < count; i++) /* the first with the same credentials */
		for (size_t j = 0; j < i && probes[i].has_lane && !probes[i].shares; j++)
			if (probes[j].has_lane && probes[j].lane == probes[i].lane)
				probes[i].shares = &probes[j];
	for (size_t i = 0; i < count; i++)
		start(&targets[i], &probes[i], input->client, &found);
	bool is_whole = !input->client || wait_for_answers(input, take, input->client, err);
	model_sort(&found);
	for (size_t i = 0; i < count; i++) {
		struct probe *probe = &probes[i];
		const char *alias = probe->account->alias;
		struct objects stores = model_in_account(&found, alias);
		error_move(&probe->list_err, &targets[i].listing.err);
		probe->store_count = stores.count;
		if (stores.count == 1)
			probe->only_store = mem_copy_text(stores.items[0].store);
		live_listing_release(&targets[i].listing);
	}
	return is_whole;
}

void probe_release(struct probe *probe)
{
	error_release(&probe->credentials_err);
	error_release(&probe->token_err);
	error_release(&probe->list_err);
	error_release(&probe->quota_err);
	mem_free(probe->token_status);
	mem_free(probe->token_expires);
	mem_free(probe->only_store);
	*probe = (struct probe){0};
}
