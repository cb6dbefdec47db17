#include "engine/checkup.h"

#include "base/clock.h"
#include "engine/belongs.h"
#include "live/wait.h"

#include <stdlib.h>

enum question { ASK_USER_TOKEN, ASK_ACCOUNT_TOKEN, ASK_QUOTA, ASK_WRITING, ASK_LIST, QUESTIONS };

/* One question of one account; its calls bear it as their tag. */
struct asking {
	enum question question;
	struct patient *patient;
};

struct patient {
	struct checkup *checkup;
	struct live_account live;
	struct live_listing listing;
	struct asking askings[QUESTIONS];
};

static void ask(struct client *client, struct patient *patient, enum question question)
{
	struct str path CLEANUP(str_release) = {0};
	const struct checkup *checkup = patient->checkup;
	const char *id = checkup->account->id;

	if (question == ASK_QUOTA)
		cf_add_quota_path(&path, id);
	else
		cf_add_verify_path(&path, question == ASK_ACCOUNT_TOKEN ? id : NULL);
	client_send(client, &(struct client_call){.lane = checkup->lane,
				    .safety = RETRY_SAFE,
				    .is_probe = question != ASK_QUOTA,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = &patient->askings[question]});
}

/* Who may not write is told so, it seems, before anybody looks for the secret, which nobody has. */
static void ask_writing(struct client *client, struct patient *patient)
{
	static const char nobody[] = "00000000000000000000000000000000";
	struct str path CLEANUP(str_release) = {0};

	cf_add_secret_path(
		&path, patient->checkup->account->id, &(struct cf_secret_id){nobody, nobody});
	client_send(client, &(struct client_call){.lane = patient->checkup->lane,
				    .safety = RETRY_SAFE,
				    .is_probe = true,
				    .method = "PATCH",
				    .path = str_text(&path),
				    .body = "{}",
				    .tag = &patient->askings[ASK_WRITING]});
}

static void admit(struct patient *patient, struct checkup *checkup, struct client *client,
	struct model *found)
{
	*patient = (struct patient){.checkup = checkup, .live = {checkup->account, checkup->lane}};
	checkup->rate_remaining = -1;
	checkup->asked_at = clock_unix_seconds();
	if (!checkup->has_lane)
		return;
	for (size_t i = 0; i < QUESTIONS; i++)
		patient->askings[i] = (struct asking){(enum question)i, patient};
	checkup->uses_token = client_has_token(client, checkup->lane);
	if (checkup->uses_token && !checkup->shares)
		ask(client, patient, ASK_USER_TOKEN);
	live_listing_start(
		&patient->listing, &patient->live, found, client, &patient->askings[ASK_LIST]);
	ask(client, patient, ASK_QUOTA);
	ask_writing(client, patient);
}

/* A user's endpoint does not know an account's own token, so that a refusal asks the other. */
static void take_token(struct patient *patient, struct client_answer *answer,
	const struct asking *asking, struct client *client)
{
	struct checkup *checkup = patient->checkup;
	struct cf_token token;

	if (answer->outcome != CLIENT_DONE) {
		bool may_be_other = asking->question == ASK_USER_TOKEN && answer->cf.json &&
				    answer->cf.verdict != CF_BROKEN;
		if (may_be_other)
			ask(client, patient, ASK_ACCOUNT_TOKEN);
		else
			error_move(&checkup->token_err, &answer->err);
		return;
	}
	if (!cf_token_decode(answer->cf.result, &token, &checkup->token_err))
		return;
	checkup->is_account_token = asking->question == ASK_ACCOUNT_TOKEN;
	checkup->token_status = mem_copy_text(token.status);
	if (token.expires_on)
		checkup->token_expires = mem_copy_text(token.expires_on);
}

static void take_quota(struct checkup *checkup, struct client_answer *answer)
{
	if (answer->outcome != CLIENT_DONE)
		error_move(&checkup->quota_err, &answer->err);
	else
		(void)!cf_quota_decode(answer->cf.result, &checkup->quota, &checkup->quota_err);
}

/* A page that is not the API's says nothing of what the token may do. */
static void take_writing(struct checkup *checkup, const struct client_answer *answer)
{
	if (answer->cf.verdict == CF_BROKEN)
		return;
	if (answer->status == 401 || answer->status == 403)
		checkup->writing = WRITING_FORBIDDEN;
	else if (answer->cf.is_absent)
		checkup->writing = WRITING_ALLOWED;
}

static void take(void *context, struct client_answer *answer)
{
	struct client *client = context;
	const struct asking *asking = answer->tag;
	struct patient *patient = asking->patient;
	struct checkup *checkup = patient->checkup;
	struct checkup *first = checkup->shares ? checkup->shares : checkup;

	if (answer->rate_remaining >= 0) {
		first->rate_remaining = answer->rate_remaining;
		first->rate_reset_ms = answer->rate_reset_ms;
	}
	checkup->is_not_the_api |=
		asking->question == ASK_LIST && answer->status && answer->cf.verdict == CF_BROKEN;
	if (asking->question == ASK_LIST)
		live_listing_take(&patient->listing, answer, client, answer->tag);
	else if (asking->question == ASK_QUOTA)
		take_quota(checkup, answer);
	else if (asking->question == ASK_WRITING)
		take_writing(checkup, answer);
	else
		take_token(patient, answer, asking, client);
}

static void dismiss(struct patient *patient, const struct model *found)
{
	struct checkup *checkup = patient->checkup;
	size_t unresolved;

	error_move(&checkup->list_err, &patient->listing.err);
	belongs_count(found, checkup->account->alias, &checkup->store_count, &unresolved);
	if (checkup->store_count == 1)
		checkup->only_store =
			mem_copy_text(model_first_in(found, checkup->account->alias)->store);
	live_listing_release(&patient->listing);
}

/* Finds for each, among those before it, the first with its credentials. */
static void share(struct checkup *checkups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i && checkups[i].has_lane && !checkups[i].shares; j++)
			if (checkups[j].has_lane && checkups[j].lane == checkups[i].lane)
				checkups[i].shares = &checkups[j];
}

bool checkup_run(
	const struct live_input *input, struct checkup *checkups, size_t count, struct error *err)
{
	struct model found CLEANUP(model_release) = {0};
	struct patient *patients AUTO_FREE = mem_alloc(count * sizeof(*patients));

	share(checkups, count);
	for (size_t i = 0; i < count; i++)
		admit(&patients[i], &checkups[i], input->client, &found);
	bool is_whole = !input->client || wait_for_answers(input, take, input->client, err);
	model_sort(&found);
	for (size_t i = 0; i < count; i++)
		dismiss(&patients[i], &found);
	return is_whole;
}

void checkup_release(struct checkup *checkup)
{
	error_release(&checkup->credentials_err);
	error_release(&checkup->token_err);
	error_release(&checkup->list_err);
	error_release(&checkup->quota_err);
	free(checkup->token_status);
	free(checkup->token_expires);
	free(checkup->only_store);
	*checkup = (struct checkup){0};
}
