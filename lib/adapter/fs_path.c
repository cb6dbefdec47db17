#include "adapter/fs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The length of the path without its last component, with the slash. */
static size_t without_last(const char *path, size_t length)
{
	while (length && path[length - 1] == '/')
		length--;
	while (length && path[length - 1] != '/')
		length--;
	return length;
}

char *fs_full_path(const char *path)
{
	char *real AUTO_FREE = fs_real_path(path);
	char known[PATH_MAX], folder[PATH_MAX + 1];
	struct str full = {0};
	size_t length = strlen(real);
	bool is_known = realpath(real, known) != NULL;

	if (is_known)
		return mem_copy_text(known);
	if (length > PATH_MAX) /* no path is that long */
		length = PATH_MAX;
	while (!is_known && length) {
		/* The kernel may reach what can't be resolved, for example a path that is too long.
		 */
		if (errno != ENOENT && errno != ENOTDIR)
			return mem_copy_text("");
		length = without_last(real, length);
		memcpy(folder, length || *real == '/' ? real : ".", length ? length : 1);
		folder[length ? length : 1] = '\0';
		is_known = realpath(folder, known) != NULL;
	}
	bool ends_in_slash = is_known && known[strlen(known) - 1] == '/';
	str_format(&full, "%s%s%s", is_known ? known : "", ends_in_slash ? "" : "/", real + length);
	return str_steal(&full);
}
