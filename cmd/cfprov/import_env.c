/*
 * cfprov import-env: entries of a manifest for the names in a .env, .dev.vars or JSON file. Prints
 * no value and overwrites no file. Without a manifest it prints a whole one, else stores for a
 * further -f.
 */
#include "adapter/fs.h"
#include "adapter/input.h"
#include "commands.h"
#include "interrupt.h"
#include "manifest/envfile.h"
#include "manifest/shape.h"
#include "session.h"
#include "source/source.h"
#include "term.h"

#include "base/text.h"

#include <string.h>
#include <sys/stat.h>

struct import_env {
	struct session session; /* its sources are only the manifests that exist */
	struct envfile envfile;
	struct envfile_target target;
	const char *beside; /* the manifest from whose folder the file is named */
};

static void release(struct import_env *env)
{
	envfile_release(&env->envfile);
	session_release(&env->session);
}

/* ---- the address ---- */

static bool read_address(struct import_env *env)
{
	const char *address = env->session.cli->store,
		   *slash = address ? strchr(address, '/') : NULL;
	struct str why CLEANUP(str_release) = {0};

	if (!address)
		return term_fail("Say it with -store=STORE or -store=ALIAS/STORE.",
			"which store are the secrets for?");
	env->target.store = slash ? slash + 1 : address;
	if (slash)
		env->target.alias =
			arena_bytes(&env->session.arena, address, (size_t)(slash - address));
	if (shape_text_is_right(&schema_store_name, env->target.store, true, &why) &&
		(!slash || shape_text_is_right(&schema_alias, env->target.alias, true, &why)))
		return true;
	char *shown AUTO_FREE = text_visible(address, 120);
	return term_fail("-store takes STORE, for all accounts of the manifest, or ALIAS/STORE.",
		"`%s` is no address of a store%s%s", shown, why.length ? ": " : "", str_text(&why));
}

/* ---- the manifest ---- */

/* An empty file is what the shell has just made to take our output. */
static bool exists(const char *path)
{
	struct stat status;

	return strcmp(path, "-") == 0 ||
	       (stat(path, &status) == 0 && !(S_ISREG(status.st_mode) && !status.st_size));
}

/* The manifests that do not exist yet are where the output goes. */
static void find_manifests(struct import_env *env)
{
	static const char *const defaults[] = {MANIFEST_DEFAULT_PATH};
	const struct cli_texts *given = &env->session.cli->manifests;
	const char *const *paths = given->count ? given->items : defaults;
	size_t count = given->count ? given->count : 1, existing = 0;
	const char **found = arena_alloc(&env->session.arena, count * sizeof(*found));

	for (size_t i = 0; i < count; i++)
		if (exists(paths[i]))
			found[existing++] = paths[i];
		else if (!env->beside)
			env->beside = paths[i];
	if (!env->beside)
		env->beside = paths[0];
	env->session.source.paths = found;
	env->session.source.path_count = existing;
	env->target.is_whole = !existing;
}

/* Is a store declared for other accounts in the same place? */
static bool is_shared(const struct model *desired, const struct object *store)
{
	for (size_t i = 0; i < desired->object_count; i++) {
		const struct object *other = &desired->objects[i];
		if (other != store && !other->secret && strcmp(other->store, store->store) == 0 &&
			other->place.line == store->place.line &&
			strcmp(other->place.file, store->place.file) == 0)
			return true;
	}
	return false;
}

/* A store is declared in one place, and so is a secret. */
static void heed_declared(struct import_env *env, const struct model *desired)
{
	const struct envfile_target *target = &env->target;
	const struct object *store = NULL;
	struct str why CLEANUP(str_release) = {0};

	for (size_t i = 0; i < desired->object_count; i++) {
		const struct object *object = &desired->objects[i];
		if (strcmp(object->store, target->store) != 0 ||
			(target->alias && strcmp(object->account, target->alias) != 0))
			continue;
		if (!object->secret)
			store = object;
		str_clear(&why);
		str_format(&why, "it is declared already (%s:%zu)", object->place.file,
			object->place.line);
		for (size_t k = 0; k < env->envfile.count && object->secret; k++) {
			struct envfile_entry *entry = &env->envfile.entries[k];
			if (!entry->is_left_out && strcmp(entry->name, object->secret) == 0)
				envfile_leave_out(&env->envfile, entry, str_text(&why));
		}
	}
	if (!store || env->envfile.left_out == env->envfile.count)
		return;
	struct error *warning = error_list_add(&env->envfile.warnings);
	error_set(warning, "%s is declared here already, and a store can be declared once",
		target->store);
	if (target->alias && is_shared(desired, store))
		error_hint(warning,
			"It is there in other accounts, too: give it an entry of its own for %s, "
			"and put the lines below `secrets:` there.",
			target->alias);
	else
		error_hint(warning, "Put the lines below `secrets:` there.");
	error_at(warning, store->place.file, store->place.line, store->place.column);
}

/* Reads the manifest, if there is one, and compares the address with it. */
static bool heed_manifest(struct import_env *env)
{
	const struct model *desired = &env->session.desired;
	struct str known CLEANUP(str_release) = {0}, hint CLEANUP(str_release) = {0};
	const char *alias = env->target.alias;

	if (env->target.is_whole)
		return true;
	if (!session_load_manifest(&env->session))
		return false;
	if (alias && !model_account(desired, alias)) {
		model_add_aliases(&known, desired);
		str_format(&hint, "It has %s.", str_text(&known));
		return term_fail(str_text(&hint), "the manifest has no account `%s`", alias);
	}
	heed_declared(env, desired);
	return true;
}

/* A whole manifest names the account. */
static bool find_account(struct import_env *env)
{
	const char *id = cli_env("CLOUDFLARE_ACCOUNT_ID");
	struct str why CLEANUP(str_release) = {0};

	if (!env->target.is_whole || !id)
		return true;
	env->target.account_id = id;
	return shape_text_is_right(&schema_account_id, id, true, &why) ||
	       term_fail(NULL, "CLOUDFLARE_ACCOUNT_ID can't be the id of an account: %s",
		       str_text(&why));
}

/* ---- the file ---- */

/* Lends the folder of a path, without links, with a slash at its end. */
static const char *folder_of(struct import_env *env, const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");
	char *real AUTO_FREE = fs_real_path(folder);

	return arena_format(
		&env->session.arena, "%s%s", real, real[strlen(real) - 1] == '/' ? "" : "/");
}

/* Lends the path of a file from the manifest's folder; an absolute one stays as it is. */
static const char *path_of(struct import_env *env, const char *file)
{
	const char *beside = fs_is_folder(env->beside)
				     ? arena_format(&env->session.arena, "%s/", env->beside)
				     : env->beside;
	const char *from = folder_of(env, beside), *to = folder_of(env, file);
	const char *slash = strrchr(file, '/');
	struct str path CLEANUP(str_release) = {0};
	size_t same = 0;

	if (*file == '/')
		return file;
	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	for (const char *rest = strchr(from + same, '/'); rest; rest = strchr(rest + 1, '/'))
		str_text_add(&path, "../");
	str_format(&path, "%s%s", to + same, slash ? slash + 1 : file);
	return arena_text(&env->session.arena, str_text(&path));
}

/* False: adds to *why why the manifest can't name the file. */
static bool can_be_named(const char *path, struct str *why)
{
	if (!text_is_utf8(path, strlen(path), NULL))
		str_text_add(why, "it is not UTF-8");
	else if (shape_text_is_right(&schema_comment, path, false, why) && strstr(path, "${"))
		str_text_add(why, "a dollar and a brace would look like a variable");
	return !why->length;
}

static bool read_file(struct import_env *env, const char *file)
{
	const struct input_patience patience = {SOURCE_TIMEOUT_MS, &interrupt_count};
	struct secret bytes CLEANUP(secret_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str why CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (strcmp(file, "-") == 0)
		str_text_add(&why, "the values are read from it again at each plan");
	else
		env->target.path = path_of(env, file);
	if (why.length || !can_be_named(env->target.path, &why)) {
		char *shown AUTO_FREE = text_visible(file, 120);
		return term_fail(
			NULL, "a manifest can't name the file `%s`: %s", shown, str_text(&why));
	}
	if (!input_file(file, SOURCE_SIZE_LIMIT, &patience, &bytes, &err))
		return term_error(&err);
	bool is_good = envfile_parse(&env->envfile, file, &bytes, &errors);
	error_list_cut(&errors);
	term_errors(&errors);
	return is_good;
}

int import_env_run(const struct cli *cli)
{
	struct import_env env CLEANUP(release) = {0};
	struct str text CLEANUP(str_release) = {0};

	session_init(&env.session, cli, NULL);
	find_manifests(&env);
	if (!read_address(&env) || !find_account(&env) || !read_file(&env, cli->arguments[0]) ||
		!heed_manifest(&env))
		return EXIT_ERROR;
	term_warnings(&env.envfile.warnings);
	if (env.envfile.left_out == env.envfile.count) {
		term_fail(NULL, "nothing is left to be written");
		return EXIT_ERROR;
	}
	envfile_write(&env.envfile, &env.target, &text);
	term_out_str(&text);
	return EXIT_DONE;
}
