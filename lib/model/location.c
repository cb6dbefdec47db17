#include "model/location.h"

#include "base/text.h"

#include <string.h>

const char *const location_variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "CFPROV_HTTP_USERNAME", "CFPROV_HTTP_PASSWORD", "TF_HTTP_USERNAME",
	"TF_HTTP_PASSWORD", NULL};

struct location location_of_file(const char *path)
{
	return (struct location){.kind = LOCATION_LOCAL, .path = path};
}

bool location_is_file(const struct location *location)
{
	return location->kind == LOCATION_LOCAL;
}

void location_add_name(const struct location *location, struct str *out)
{
	struct str name CLEANUP(str_release) = {0};

	switch (location->kind) {
	case LOCATION_S3:
		str_format(&name, "s3://%s/%s", location->bucket, location->prefix);
		break;
	case LOCATION_HTTP: /* a query may have a password in it */
		str_add(&name, location->address, strcspn(location->address, "?"));
		break;
	case LOCATION_LOCAL:
	case LOCATION_KINDS:
	default:
		str_text_add(&name, location->path);
		break;
	}
	text_add_visible(out, str_text(&name), name.length, 0);
}

void location_add_url(const struct location *location, struct str *out)
{
	if (location->kind == LOCATION_S3 && location->endpoint)
		str_format(out, "%s/%s/%s", location->endpoint, location->bucket, location->prefix);
	else if (location->kind == LOCATION_HTTP && location->address)
		str_text_add(out, location->address);
}

bool location_is_split(const struct location *location)
{
	return (location->prefix && strstr(location->prefix, LOCATION_ACCOUNT_ID)) ||
	       (location->address && strstr(location->address, LOCATION_ACCOUNT_ID));
}

/* Lends the text with the id in the place of each ${ACCOUNT_ID}; it may be NULL. */
static const char *put_id(const char *text, const char *account_id, struct arena *arena)
{
	struct str out CLEANUP(str_release) = {0};
	const char *next;

	if (!text)
		return NULL;
	for (; (next = strstr(text, LOCATION_ACCOUNT_ID));
		text = next + strlen(LOCATION_ACCOUNT_ID)) {
		str_add(&out, text, (size_t)(next - text));
		str_text_add(&out, account_id);
	}
	str_text_add(&out, text);
	return arena_text(arena, str_text(&out));
}

struct location location_of_account(
	const struct location *location, const char *account_id, struct arena *arena)
{
	struct location its = *location;

	its.prefix = put_id(location->prefix, account_id, arena);
	its.address = put_id(location->address, account_id, arena);
	its.lock_address = put_id(location->lock_address, account_id, arena);
	its.unlock_address = put_id(location->unlock_address, account_id, arena);
	return its;
}
