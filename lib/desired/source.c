#include "desired/source.h"

#include <stdlib.h>
#include <string.h>

static bool read_variable(const char *name, struct secret *ret_secret, struct error *err)
{
	const char *value = getenv(name);

	if (!value)
		return error_set(err, "the environment variable %s is not set", name);
	secret_copy(ret_secret, value, strlen(value));
	return true;
}

static bool source_read(
	const struct value_source *source, struct secret *ret_secret, struct error *err)
{
	if (read_variable(source->name, ret_secret, err))
		return true;
	if (source->place.file)
		error_at(err, source->place.file, source->place.line, source->place.column);
	return false;
}

static bool read_checked(const char *name, struct secret *ret_secret, struct error *err)
{
	struct secret secret CLEANUP(secret_release) = {0};

	if (!read_variable(name, &secret, err) || !credentials_check(&secret, name, err))
		return false;
	*ret_secret = secret;
	secret = (struct secret){0};
	return true;
}

bool source_credentials(
	const struct account *account, struct credentials *ret_credentials, struct error *err)
{
	struct credentials credentials = {0};

	if (account->token.kind != VALUE_NONE) {
		if (!source_read(&account->token, &credentials.token, err) ||
			!credentials_check(&credentials.token, account->token.name, err)) {
			credentials_release(&credentials);
			return error_prefix(
				err, "no credentials for the account `%s`", account->alias);
		}
	} else if (getenv("CLOUDFLARE_API_TOKEN")) {
		if (!read_checked("CLOUDFLARE_API_TOKEN", &credentials.token, err))
			return false;
	} else if (getenv("CLOUDFLARE_API_KEY") || getenv("CLOUDFLARE_EMAIL")) {
		if (!read_checked("CLOUDFLARE_EMAIL", &credentials.email, err) ||
			!read_checked("CLOUDFLARE_API_KEY", &credentials.key, err)) {
			credentials_release(&credentials);
			return false;
		}
	} else {
		error_set(err, "no credentials for the account `%s`", account->alias);
		return error_hint(err,
			"Set CLOUDFLARE_API_TOKEN to a token with the permission Secrets Store "
			"Edit (or CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY).");
	}
	*ret_credentials = credentials;
	return true;
}
