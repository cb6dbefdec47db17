#include "base/value.h"

#include "base/text.h"

#include <string.h>

bool value_check(const char *bytes, size_t length, struct error *err)
{
	size_t bad;

	if (!length) {
		error_set(err, "the value is empty");
		return error_hint(err, "Cloudflare does not store empty values. Check its source.");
	}
	if (length > VALUE_LENGTH_LIMIT)
		return error_set(err, "the value has %zu bytes, but Cloudflare allows at most %d",
			length, VALUE_LENGTH_LIMIT);
	if (!text_check_encoding(bytes, length, "the value", err))
		return false;
	if (memchr(bytes, '\0', length))
		error_set(err, "the value contains a NUL byte");
	else if (!text_is_utf8(bytes, length, &bad))
		error_set(err, "the value is not UTF-8 (at byte %zu)", bad + 1);
	else
		return true;
	return error_hint(err, "A value must be text. Encode binary data, for example as base64.");
}
