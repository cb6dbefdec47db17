#include "state/seen.h"

#include "adapter/fs.h"
#include "base/text.h"

#include <stdint.h>

enum { FILE_LIMIT = 64 };

char *seen_path(const char *lineage)
{
	struct str name CLEANUP(str_release) = {0};

	str_format(&name, "serials/%s", lineage);
	return fs_user_path(str_text(&name));
}

int64_t seen_serial(const char *lineage)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	char *path AUTO_FREE = seen_path(lineage);
	size_t serial;

	if (!path || !fs_read_ours(path, FILE_LIMIT, &bytes, &ignored) || !bytes.length ||
		bytes.bytes[bytes.length - 1] != '\n')
		return 0;
	bytes.bytes[bytes.length - 1] = '\0';
	return text_to_number(bytes.bytes, SIZE_MAX / 2, &serial) ? (int64_t)serial : 0;
}

bool seen_lower(const char *lineage, int64_t serial)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	char *path AUTO_FREE = seen_path(lineage);

	str_format(&bytes, "%lld\n", (long long)serial);
	return path && fs_make_folders(path, &ignored) && fs_write(path, &bytes, &ignored);
}

bool seen_remember(const char *lineage, int64_t serial)
{
	int64_t known = seen_serial(lineage);

	return known && serial <= known ? true : seen_lower(lineage, serial);
}
