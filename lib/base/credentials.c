#include "base/credentials.h"

#include <stdlib.h>
#include <string.h>

static const char *kind_of_byte(unsigned char byte)
{
	if (byte == '\n' || byte == '\r')
		return "a line break";
	if (byte == ' ' || byte == '\t')
		return "a space";
	if (byte == '"' || byte == '\'' || byte == '`')
		return "a quote";
	return byte < 0x20 || byte == 0x7f ? "a control character"
					   : "a character that is not ASCII";
}

bool credentials_check(const struct secret *secret, const char *what, struct error *err)
{
	if (!secret->length) {
		error_set(err, "%s is empty", what);
		return error_hint(err, "Set it to a Cloudflare API token.");
	}
	if (secret->length > CREDENTIALS_LENGTH_LIMIT) {
		error_set(err, "%s is too long for a token: %zu bytes", what, secret->length);
		return error_hint(err, "Tokens have 40 to 60 characters.");
	}
	for (size_t i = 0; i < secret->length; i++) {
		unsigned char byte = (unsigned char)secret->bytes[i];
		bool is_quote = (!i || i + 1 == secret->length) && strchr("\"'`", byte);
		if (byte > 0x20 && byte < 0x7f && !is_quote)
			continue;
		error_set(err, "%s has %s at position %zu", what, kind_of_byte(byte), i + 1);
		return error_hint(err, "Copy it again, without quotes, spaces or line breaks.");
	}
	return true;
}

static bool begins_with(const struct secret *secret, const char *prefix)
{
	size_t length = strlen(prefix);

	return secret->length >= length && memcmp(secret->bytes, prefix, length) == 0;
}

bool credentials_check_token(const struct secret *secret, const char *what, struct error *err)
{
	if (!credentials_check(secret, what, err))
		return false;
	if (!begins_with(secret, "cfk_"))
		return true;
	error_set(err, "%s is a global API key, not a token", what);
	return error_hint(err, "Create an API token with the permission Account, Secrets Store, "
			       "Edit. Or set CLOUDFLARE_API_KEY to the key and CLOUDFLARE_EMAIL to "
			       "the user's email, without any token.");
}

bool credentials_check_key(const struct secret *secret, const char *what, struct error *err)
{
	if (!credentials_check(secret, what, err))
		return false;
	if (!begins_with(secret, "cfut_") && !begins_with(secret, "cfat_"))
		return true;
	error_set(err, "%s is an API token, not a global key", what);
	return error_hint(err, "Set CLOUDFLARE_API_TOKEN to it; a token needs no email.");
}

void credentials_release(struct credentials *credentials)
{
	secret_release(&credentials->token);
	secret_release(&credentials->email);
	secret_release(&credentials->key);
	mem_free(credentials->origin);
}
