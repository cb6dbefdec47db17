/* A state in a local file. Links are followed; errors show the path as the user wrote it. */
#include "adapter/fs.h"
#include "state/backend.h"

#include <string.h>
#include <unistd.h>

struct local {
	struct backend backend; /* its name is the path of what is replaced */
	int folder;             /* where that is: whoever can may replace it by a link */
	bool keeps_backup;
};

static struct local *local_of(struct backend *backend)
{
	return (struct local *)backend;
}

static bool open_local(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	struct local *local = mem_alloc(sizeof(*local));
	const char *path = options->location->path, *backup = options->backup;
	char first;

	(void)err;
	path = local->backend.name =
		readlink(path, &first, 1) < 0 ? mem_copy_text(path) : fs_real_path(path);
	local->backend.journal_path = fs_sibling(path, "", ".journal");
	local->backend.lock_path = fs_sibling(path, ".", ".lock");
	if (!backup)
		local->backend.backup_path = fs_sibling(path, "", ".backup");
	else if (strcmp(backup, BACKEND_NO_BACKUP) != 0)
		local->backend.backup_path = mem_copy_text(backup);
	local->folder = fs_hold_folder(path);
	*ret_backend = &local->backend;
	return true;
}

static void close_local(struct backend *backend)
{
	fs_close(&local_of(backend)->folder);
	mem_free(local_of(backend));
}

/* A file mounted alone can't be replaced, and the journal beside it would not outlive a container.
 */
static bool check(struct backend *backend, struct error *err)
{
	if (!fs_check_target(backend->name, err)) {
		if (err->hint)
			error_hint(err,
				"%s The journal and the lock are files beside it. To use another "
				"path, pass -state.",
				err->hint);
		return error_prefix(err, "the state can't be written");
	}
	return !backend->backup_path || fs_check_target(backend->backup_path, err) ||
	       error_prefix(err, "the backup of the state could not be written");
}

static bool read_local(
	struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};

	ret_snapshot->exists =
		fs_read_ours(backend->name, BACKEND_SIZE_LIMIT, &ret_snapshot->bytes, &why);
	if (ret_snapshot->exists || why.code == ERROR_ABSENT)
		return true;
	error_move(err, &why);
	return false;
}

/* -backup may name another one than that of earlier runs. */
static char *read_backup(struct backend *backend, size_t index, struct str *ret_bytes)
{
	char *beside AUTO_FREE = fs_sibling(backend->name, "", ".backup");
	const char *named = backend->backup_path;
	const char *paths[] = {named, named && strcmp(named, beside) == 0 ? NULL : beside};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error ignored CLEANUP(error_release) = {0};
		struct str bytes CLEANUP(str_release) = {0};
		if (!paths[i] || !fs_read_ours(paths[i], BACKEND_SIZE_LIMIT, &bytes, &ignored) ||
			index-- > 0)
			continue;
		str_add(ret_bytes, bytes.bytes, bytes.length);
		return mem_copy_text(paths[i]);
	}
	return NULL;
}

static bool append(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	const char *backup = local_of(backend)->keeps_backup ? NULL : backend->backup_path;

	(void)serial;
	if (!fs_check_folder(local_of(backend)->folder, backend->name, err))
		return false;
	return fs_replace(backend->name, backup, bytes, err);
}

static void keep_backup(struct backend *backend)
{
	local_of(backend)->keeps_backup = true;
}

static void tidy(const struct backend *backend)
{
	fs_tidy(backend->name);
	if (backend->backup_path)
		fs_tidy(backend->backup_path);
}

const struct backend_kind backend_local = {
	.name = "local",
	.open = open_local,
	.close = close_local,
	.check = check,
	.read = read_local,
	.read_backup = read_backup,
	.append = append,
	.keep_backup = keep_backup,
	.tidy = tidy,
};
