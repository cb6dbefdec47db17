/* The two routes that tell whether a token is alive. They say nothing of what it may do. */
#include "call.h"

#include "adapter/crypt.h"

#include <string.h>

/* A token's id always comes out the same: two checksums make its 32 digits. */
static void put_token_id(struct json_writer *writer, const char *token)
{
	char first[CRYPT_CHECKSUM_SIZE], second[CRYPT_CHECKSUM_SIZE];
	struct str id CLEANUP(str_release) = {0};

	crypt_checksum(token, strlen(token), first);
	crypt_checksum(first, strlen(first), second);
	str_format(&id, "%s%s", first, second);
	json_put_text(writer, "id", str_text(&id));
}

static void verify(struct call *call, bool account_owned)
{
	const struct credential *credential = call->credential;

	if (!credential->token || credential->is_account_owned != account_owned) {
		call_fail(call, &problem_invalid_token, NULL);
		return;
	}
	struct json_writer w = envelope_begin(call->answer, 200);
	json_begin_object(&w, "result");
	put_token_id(&w, credential->token);
	json_put_text(&w, "status", "active");
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
