/* The two routes that tell whether a token is alive. They say nothing of what it may do. */
#include "call.h"

static void verify(struct call *call, bool account_owned)
{
	const struct credential *credential = call->credential;

	if (!credential->token || credential->is_account_owned != account_owned) {
		call_fail(call, &problem_invalid_token, NULL);
		return;
	}
	struct json_writer w = envelope_begin(call->answer, 200);
	json_begin_object(&w, "result");
	envelope_put_id(&w, "id", credential->token);
	json_put_text(&w, "status", auth_status(credential));
	if (credential->expires_on)
		json_put_text(&w, "expires_on", credential->expires_on);
	if (credential->not_before)
		json_put_text(&w, "not_before", credential->not_before);
	json_end(&w);
	envelope_end(&w);
}

void verify_user_token(struct call *call)
{
	verify(call, false);
}

void verify_account_token(struct call *call)
{
	verify(call, true);
}
