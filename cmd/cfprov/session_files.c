/* Files that a session writes beside the state: what they may not be, and new ones. */
#include "session.h"

#include "adapter/fs.h"
#include "base/text.h"
#include "term.h"

#include <string.h>
#include <sys/stat.h>

/* True also for a manifest that was not read because -state made that unnecessary. */
static bool is_manifest(const struct session *session, const char *path)
{
	const struct documents *documents = &session->manifest.documents;
	const struct cli_texts *given = &session->cli->manifests;
	bool is_same = !given->count && fs_is_same_file(MANIFEST_DEFAULT_PATH, path);

	for (size_t i = 0; i < documents->count; i++)
		is_same |= fs_is_same_file(documents->items[i].file, path);
	for (size_t i = 0; i < given->count; i++)
		is_same |= fs_is_same_file(given->items[i], path);
	return is_same;
}

/* Lends what cfprov keeps at this path; NULL: nothing. */
static const char *own_file(const struct session *session, const char *path)
{
	static const struct {
		const char *before, *after, *what;
	} siblings[] = {{"", "", "the state"}, {"", ".journal", "the journal of the state"},
		{".", ".lock", "the lock of the state"}};
	const struct backend *backend =
		session->has_ledger ? session->ledger.parts[0].backend : NULL;
	const char *local = session->location.path, *what = NULL;

	if (is_manifest(session, path))
		return "a manifest";
	if (!local && backend && fs_is_same_file(backend->journal_path, path))
		what = siblings[1].what;
	if (!local && backend && fs_is_same_file(backend->lock_path, path))
		what = siblings[2].what;
	char *state AUTO_FREE = local ? fs_real_path(local) : NULL;
	for (size_t i = 0; state && i < ARRAY_SIZE(siblings); i++) {
		char *own AUTO_FREE = fs_sibling(state, siblings[i].before, siblings[i].after);
		if (fs_is_same_file(own, path))
			what = siblings[i].what;
	}
	return what;
}

bool session_check_target(struct session *session, const char *option, const char *path)
{
	const char *what = own_file(session, path);
	struct error err CLEANUP(error_release) = {0};

	if (!what && fs_check_target(path, &err))
		return true;
	if (what)
		error_set(&err, "%s is %s", path, what);
	error_prefix(&err, "%s can't be %s", option, path);
	error_hint(&err, "Choose another file. No changes were made.");
	return term_error(&err);
}

/* ---- a new file ---- */

static bool is_new_file(const struct cli *cli)
{
	return cli->out && strcmp(cli->out, "-") != 0;
}

bool session_check_new_file(const struct session *session)
{
	const struct cli *cli = session->cli;
	struct error err CLEANUP(error_release) = {0};

	if (!is_new_file(cli) || fs_check_new(cli->out, &err))
		return true;
	error_hint(&err, "Remove it first, or choose another path with -out.");
	return term_error(&err);
}

bool session_write_new_file(const struct session *session, const struct str *text)
{
	const struct cli *cli = session->cli;
	struct error err CLEANUP(error_release) = {0};

	if (!is_new_file(cli)) {
		term_out_str(text);
		return true;
	}
	if (!fs_create(cli->out, text, &err))
		return term_error(&err);
	char *shown AUTO_FREE = text_visible(cli->out, 0);
	term_print("Wrote %s.", shown);
	return true;
}

bool session_find_manifests(struct session *session, const char **ret_beside)
{
	static const char *const defaults[] = {MANIFEST_DEFAULT_PATH};
	const struct cli_texts *given = &session->cli->manifests;
	const char *const *paths = given->count ? given->items : defaults;
	size_t count = given->count ? given->count : 1, existing = 0;
	const char **found = arena_alloc(&session->arena, count * sizeof(*found));
	const char *beside = NULL;
	struct error err CLEANUP(error_release) = {0};
	struct stat status;

	if (!session_check_emptied(session, paths, count, &err))
		return term_error(&err);
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i], "-") == 0 ||
			(stat(paths[i], &status) == 0 &&
				(!S_ISREG(status.st_mode) || status.st_size)))
			found[existing++] = paths[i];
		else if (!beside)
			beside = paths[i];
	*ret_beside = is_new_file(session->cli) ? session->cli->out : beside ? beside : paths[0];
	session->source.paths = found;
	session->source.path_count = existing;
	return true;
}
