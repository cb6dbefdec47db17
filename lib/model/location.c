#include "model/location.h"

#include "base/text.h"

void location_add_name(const struct location *location, struct str *out)
{
	struct str name CLEANUP(str_release) = {0};

	switch (location->kind) {
	case LOCATION_S3:
		str_format(&name, "s3://%s", location->bucket);
		if (location->prefix && *location->prefix)
			str_format(&name, "/%s", location->prefix);
		break;
	case LOCATION_HTTP:
		str_text_add(&name, location->address);
		break;
	case LOCATION_LOCAL:
	case LOCATION_KINDS:
	default:
		str_text_add(&name, location->path);
		break;
	}
	text_add_visible(out, str_text(&name), name.length, 0);
}
