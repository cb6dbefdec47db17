#include "state/backend.h"

#include "adapter/crypt.h"
#include "adapter/fs.h"

static const struct backend_kind *const kinds[LOCATION_KINDS] = {
	[LOCATION_LOCAL] = &backend_local,
	[LOCATION_HTTP] = &backend_http,
	[LOCATION_S3] = &backend_s3,
};

/* The files of a remote state: in the user's state folder, with a name that no other place has. */
static bool find_files(struct backend *backend, const struct location *location, struct error *err)
{
	const char *endpoint = location->endpoint ? location->endpoint : "";
	bool is_http = location->kind == LOCATION_HTTP; /* whose name has no query */
	struct str place CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	char hash[CRYPT_CHECKSUM_SIZE];

	str_format(&place, "%s %s", endpoint, is_http ? location->address : backend->name);
	crypt_checksum(str_text(&place), place.length, hash);
	str_format(&name, "%s.journal", hash);
	backend->journal_path = fs_user_path(str_text(&name));
	if (!backend->journal_path) {
		error_set(err, "there is no folder for the journal of %s: HOME is not set",
			backend->name);
		return error_hint(err, "Set HOME or XDG_STATE_HOME to a folder that is kept until "
				       "the next run: what an interrupted run did is found there.");
	}
	backend->lock_path = fs_sibling(backend->journal_path, ".", ".lock");
	return true;
}

bool backend_open(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	const struct location *location = options->location;
	const struct backend_kind *kind = options->kind ? options->kind : kinds[location->kind];
	struct backend *backend = NULL;
	struct str name CLEANUP(str_release) = {0};

	if (!kind)
		return error_set(err, "this kind of backend is not supported");
	if (!kind->open(options, &backend, err))
		return false;
	backend->kind = kind;
	if (!backend->name) {
		location_add_name(location, &name);
		backend->name = str_steal(&name);
	}
	if (!backend->journal_path && !find_files(backend, location, err)) {
		backend_free(backend);
		return false;
	}
	*ret_backend = backend;
	return true;
}

void backend_free(struct backend *backend)
{
	if (!backend)
		return;
	mem_free(backend->name);
	mem_free(backend->journal_path);
	mem_free(backend->lock_path);
	mem_free(backend->backup_path);
	backend->kind->close(backend);
}

/* Always false. */
static bool lacks(const struct backend *backend, const char *what, struct error *err)
{
	error_set(err, "the backend `%s` has no %s", backend->kind->name, what);
	return error_hint(err,
		"That needs an object store (`backend: s3`), such as Cloudflare R2. `cfprov state "
		"migrate` moves the state there.");
}

bool backend_is_log(const struct backend *backend)
{
	return backend->kind->history != NULL;
}

bool backend_has_lock(const struct backend *backend)
{
	return backend->kind->lock != NULL;
}

bool backend_check(struct backend *backend, struct error *err)
{
	return !backend->kind->check || backend->kind->check(backend, err);
}

bool backend_read(struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err)
{
	return backend->kind->read(backend, ret_snapshot, err);
}

char *backend_read_backup(struct backend *backend, size_t index, struct str *ret_bytes)
{
	return backend->kind->read_backup ? backend->kind->read_backup(backend, index, ret_bytes)
					  : NULL;
}

bool backend_lock(struct backend *backend, const struct backend_lock *lock, const char **ret_id,
	struct str *ret_info, struct error *err)
{
	if (backend->kind->lock)
		return backend->kind->lock(backend, lock, ret_id, ret_info, err);
	*ret_id = NULL;
	return true;
}

bool backend_find_holder(struct backend *backend, struct str *ret_info, struct error *err)
{
	return !backend->kind->find_holder || backend->kind->find_holder(backend, ret_info, err);
}

bool backend_announce(struct backend *backend, const struct str *intents, struct error *err)
{
	return !backend->kind->announce || backend->kind->announce(backend, intents, err);
}

bool backend_shares_intents(const struct backend *backend)
{
	return backend->kind->left != NULL;
}

bool backend_left(struct backend *backend, struct backend_intents *ret_left, struct error *err)
{
	return !backend->kind->left || backend->kind->left(backend, ret_left, err);
}

bool backend_still_ours(struct backend *backend, struct error *err)
{
	return !backend->kind->still_ours || backend->kind->still_ours(backend, err);
}

bool backend_append(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	return backend->kind->append(backend, serial, bytes, err);
}

void backend_tidy(const struct backend *backend)
{
	if (backend->kind->tidy)
		backend->kind->tidy(backend);
}

void backend_keep_backup(struct backend *backend)
{
	if (backend->kind->keep_backup)
		backend->kind->keep_backup(backend);
}

bool backend_release(struct backend *backend, struct error *err)
{
	return !backend->kind->release || backend->kind->release(backend, err);
}

bool backend_force_unlock(
	struct backend *backend, const char *id, struct str *ret_info, struct error *err)
{
	if (backend->kind->force_unlock)
		return backend->kind->force_unlock(backend, id, ret_info, err);
	error_set(err, "the lock of %s can't be broken: it ends with its process", backend->name);
	return error_hint(err, "Wait until that process ends, or end it.");
}

bool backend_history(
	struct backend *backend, struct backend_versions *ret_versions, struct error *err)
{
	return backend->kind->history ? backend->kind->history(backend, ret_versions, err)
				      : lacks(backend, "history", err);
}

bool backend_read_old(
	struct backend *backend, int64_t serial, struct str *ret_bytes, struct error *err)
{
	return backend->kind->read_old ? backend->kind->read_old(backend, serial, ret_bytes, err)
				       : lacks(backend, "history", err);
}

bool backend_forget(struct backend *backend, int64_t keep, size_t *ret_removed, struct error *err)
{
	return backend->kind->forget ? backend->kind->forget(backend, keep, ret_removed, err)
				     : lacks(backend, "history", err);
}

bool backend_repair(struct backend *backend, int64_t serial, int64_t *ret_serial, struct error *err)
{
	return backend->kind->repair ? backend->kind->repair(backend, serial, ret_serial, err)
				     : lacks(backend, "log", err);
}

void backend_credentials_release(struct backend_credentials *credentials)
{
	secret_release(&credentials->user);
	for (size_t i = 0; i < LOCATION_SECRETS; i++)
		secret_release(&credentials->items[i]);
}

void backend_snapshot_release(struct backend_snapshot *snapshot)
{
	str_release(&snapshot->bytes);
	*snapshot = (struct backend_snapshot){0};
}

void backend_versions_release(struct backend_versions *versions)
{
	arena_release(&versions->arena);
	*versions = (struct backend_versions){0};
}

void backend_intents_release(struct backend_intents *intents)
{
	arena_release(&intents->arena);
	*intents = (struct backend_intents){0};
}
