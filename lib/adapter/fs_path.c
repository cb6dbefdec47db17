#define _GNU_SOURCE /* O_PATH */
#include "adapter/fs.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int fs_open_without_links(const char *path, int flags)
{
	int folder CLEANUP(fs_close) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *parts AUTO_FREE = mem_copy_text(path), *part = parts + strspn(parts, "/");

	for (char *slash; folder >= 0 && (slash = strchr(part, '/'));
		part = slash + strspn(slash, "/")) {
		*slash = '\0';
		int next = openat(folder, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		*slash = '/';
		fs_close(&folder);
		folder = next;
		errno = why;
	}
	return folder < 0 ? -1 : openat(folder, part, flags | O_NOFOLLOW);
}

int fs_hold_folder(const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");

	return open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool fs_check_folder(int folder, const char *path, struct error *err)
{
	char *now AUTO_FREE = fs_neighbour(path, ".");
	struct stat held, found;

	/* Of a folder that is gone, whoever writes there says more. */
	if (fstat(folder, &held) != 0 || stat(now, &found) != 0 ||
		(held.st_dev == found.st_dev && held.st_ino == found.st_ino))
		return true;
	error_set(err, "the directory of %s was replaced while cfprov was running", path);
	return error_hint(err, "Nothing was written there. If there is a journal, it is in the "
			       "directory that was there before.");
}

/* ---- by the text ---- */

/* Adds the components of a path to one that is absolute. */
static void add_components(struct str *out, const char *path)
{
	for (size_t length; *path; path += length) {
		length = strcspn(path, "/");
		if (length == 2 && memcmp(path, "..", 2) == 0) {
			const char *slash = strrchr(str_text(out), '/');
			out->length = slash ? (size_t)(slash - out->bytes) : 0;
			out->bytes[out->length] = '\0';
		} else if (length && (length != 1 || *path != '.')) {
			str_format(out, "/%.*s", (int)length, path);
		}
		length += path[length] == '/';
	}
}

char *fs_plain_path(const char *folder, const char *path)
{
	struct str full = {0};

	str_text_add(&full, "");
	if (*path != '/')
		add_components(&full, folder);
	add_components(&full, path);
	if (!full.length)
		str_char(&full, '/');
	return str_steal(&full);
}

/* ---- where links lead ---- */

/* With links resolved, ".." is left only behind what does not exist. */
static bool has_parents(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/.."))) {
		at += strlen("/..");
		if (!*at || *at == '/')
			return true;
	}
	return false;
}

bool fs_leads_beneath(const char *root, const char *path)
{
	char *real AUTO_FREE = fs_full_path(path);
	size_t length = strlen(root);

	while (length && root[length - 1] == '/')
		length--;
	return *real == '/' && !has_parents(real) && strncmp(real, root, length) == 0 &&
	       (!real[length] || real[length] == '/');
}

bool fs_may_exist(const char *folder, const char *path)
{
	int fd CLEANUP(fs_close) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

/* Gives (mem_free) the folder of a path, without links, with a slash at its end. */
static char *real_folder(const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");
	char *real AUTO_FREE = fs_real_path(folder);
	struct str text = {0};

	str_format(&text, "%s%s", real, real[strlen(real) - 1] == '/' ? "" : "/");
	return str_steal(&text);
}

char *fs_path_from(const char *other, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct str beside CLEANUP(str_release) = {0}, path = {0};
	size_t same = 0;

	if (*file == '/')
		return mem_copy_text(file);
	str_format(&beside, "%s%s", other, fs_is_folder(other) ? "/" : "");
	char *from AUTO_FREE = real_folder(str_text(&beside)), *to AUTO_FREE = real_folder(file);
	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	for (const char *rest = strchr(from + same, '/'); rest; rest = strchr(rest + 1, '/'))
		str_text_add(&path, "../");
	str_format(&path, "%s%s", to + same, slash ? slash + 1 : file);
	return str_steal(&path);
}

/*
 * Gives (mem_free) the deepest folder on the way to the file that exists, without links, with a
 * slash at its end; NULL if the rest of the way leads upwards.
 */
static char *real_way(const char *file)
{
	char *real AUTO_FREE = fs_real_path(file), folder[PATH_MAX];
	struct str way CLEANUP(str_release) = {0};

	str_format(&way, "%s%s", *real == '/' ? "" : "./", real);
	bool is_known = realpath(way.bytes, folder) != NULL;
	do {
		char *slash = strrchr(way.bytes, '/');
		bool is_absent = is_known || errno == ENOENT || errno == ENOTDIR;
		if (!is_absent || strcmp(slash, "/..") == 0)
			return NULL;
		slash[slash == way.bytes] = '\0'; /* the root keeps its slash */
		is_known = realpath(way.bytes, folder) != NULL;
	} while (!is_known);
	str_clear(&way);
	str_format(&way, "%s%s", folder, folder[1] ? "/" : "");
	return str_steal(&way);
}

bool fs_is_beneath(const char *other, const char *file)
{
	struct str beside CLEANUP(str_release) = {0};

	str_format(&beside, "%s%s", other, fs_is_folder(other) ? "/" : "");
	char *top AUTO_FREE = real_folder(str_text(&beside)), *way AUTO_FREE = real_way(file);
	return way && strncmp(way, top, strlen(top)) == 0;
}

/* A descriptor that was passed on, as the shell's <(...) is. */
static bool is_descriptor(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return text_is_made_of(path + strlen(folders[i]), "0123456789");
	return strcmp(path, "/dev/stdin") == 0;
}

bool fs_check_in_place(const char *path, struct error *err)
{
	char *here AUTO_FREE = fs_full_path(".");
	char *plain AUTO_FREE = fs_plain_path(here, path);
	char *folder AUTO_FREE = fs_neighbour(plain, ".");

	folder[strlen(folder) - 1] = '\0'; /* the dot */
	if (is_descriptor(path) || fs_leads_beneath(here, path) || fs_leads_beneath(folder, path))
		return true;
	char *real AUTO_FREE = fs_full_path(path), *shown AUTO_FREE = text_visible(real, 0);
	char *name AUTO_FREE = text_visible(path, 0);
	error_set(err, "%s resolves to %s through a symbolic link", name,
		*real ? shown : "an unknown place");
	return error_hint(err, "With a policy, a link must stay in its directory. Pass the path of "
			       "the file itself.");
}

bool fs_make_folders(const char *path, struct error *err)
{
	char *folder AUTO_FREE = fs_neighbour(path, "");

	if (fs_is_folder(folder))
		return true;
	for (char *slash = strchr(folder + (*folder == '/'), '/'); slash;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) == 0) {
			if (!fs_sync_name(folder, err))
				return false;
		} else if (errno != EEXIST) {
			return error_set_errno(err, errno, "can't create the directory %s", folder);
		}
		*slash = '/';
	}
	return true;
}

char *fs_user_path(const char *name)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct str path CLEANUP(str_release) = {0};

	if (xdg && *xdg == '/')
		str_format(&path, "%s/cfprov/%s", xdg, name);
	else if (home && *home)
		str_format(&path, "%s/.local/state/cfprov/%s", home, name);
	return path.length ? str_steal(&path) : NULL;
}
