/*
 * cfprov import-env: entries of a manifest for what a .env, .dev.vars or JSON file holds. Writes
 * names to stdout, never a value, and nothing over a file. Where there is no manifest yet, it is a
 * whole one; else it is stores for a further -f.
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

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct import_env {
	struct cli cli; /* with the manifests only that are there */
	struct arena arena;
	struct envfile envfile;
	struct envfile_target target;
	const char *beside; /* the manifest that the file is named from */
};

static void release(struct import_env *env)
{
	free((void *)env->cli.manifests.items);
	envfile_release(&env->envfile);
	arena_release(&env->arena);
}

/* ---- the address ---- */

static bool refuse_address(const char *address, const char *why)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, address, strlen(address), 120);
	error_set(
		&err, "`%s` is no address of a store%s%s", str_text(&shown), *why ? ": " : "", why);
	error_hint(&err, "-store takes STORE, for all accounts of the manifest, or ALIAS/STORE.");
	term_error(&err);
	return false;
}

static bool read_address(struct import_env *env)
{
	const char *address = env->cli.store, *slash = address ? strchr(address, '/') : NULL;
	struct error err CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0};

	if (!address) {
		error_set(&err, "which store are the secrets for?");
		error_hint(&err, "Say it with -store=STORE or -store=ALIAS/STORE.");
		term_error(&err);
		return false;
	}
	env->target.store = slash ? slash + 1 : address;
	if (slash)
		env->target.alias = arena_bytes(&env->arena, address, (size_t)(slash - address));
	if (shape_text_is_right(&schema_store_name, env->target.store, true, &why) &&
		(!slash || shape_text_is_right(&schema_alias, env->target.alias, true, &why)))
		return true;
	return refuse_address(address, str_text(&why));
}

/* ---- the manifest ---- */

/* What the shell has just made to take our output is none yet. */
static bool is_there(const char *path)
{
	struct stat status;

	return strcmp(path, "-") == 0 ||
	       (stat(path, &status) == 0 && !(S_ISREG(status.st_mode) && !status.st_size));
}

/* Which of the manifests are there; the others are where the output goes. */
static void find_manifests(struct import_env *env, const struct cli *cli)
{
	static const char *const defaults[] = {MANIFEST_DEFAULT_PATH};
	struct cli_texts *there = &env->cli.manifests;
	const char *const *paths = cli->manifests.count ? cli->manifests.items : defaults;
	size_t count = cli->manifests.count ? cli->manifests.count : 1;

	env->cli = *cli;
	*there = (struct cli_texts){0};
	for (size_t i = 0; i < count; i++) {
		if (!is_there(paths[i])) {
			env->beside = env->beside ? env->beside : paths[i];
			continue;
		}
		there->items =
			mem_room((void *)there->items, there->count, &there->room, sizeof(char *));
		there->items[there->count++] = paths[i];
	}
	env->target.is_whole = !there->count;
	if (!env->beside)
		env->beside = paths[0];
}

static void leave_out_declared(struct import_env *env, const struct object *secret)
{
	struct str why CLEANUP(str_release) = {0};

	str_format(&why, "it is declared already (%s:%zu)", secret->place.file, secret->place.line);
	for (size_t i = 0; i < env->envfile.count; i++) {
		struct envfile_entry *entry = &env->envfile.entries[i];
		if (!entry->is_left_out && strcmp(entry->name, secret->secret) == 0)
			envfile_leave_out(&env->envfile, entry, str_text(&why));
	}
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

/* A store is declared in one place, and a secret is, too. */
static void heed_declared(struct import_env *env, const struct model *desired)
{
	const struct envfile_target *target = &env->target;
	const struct object *store = NULL;

	for (size_t i = 0; i < desired->object_count; i++) {
		const struct object *object = &desired->objects[i];
		if (strcmp(object->store, target->store) != 0 ||
			(target->alias && strcmp(object->account, target->alias) != 0))
			continue;
		if (object->secret)
			leave_out_declared(env, object);
		else
			store = object;
	}
	if (!store || !envfile_left(&env->envfile))
		return;
	struct error_list *warnings = &env->envfile.warnings;
	struct error *warning = error_list_add(warnings);
	error_set(warning, "%s is declared here already, and a store can be declared once",
		target->store);
	if (target->alias && is_shared(desired, store))
		error_hint(warning,
			"It is there in other accounts, too: give it an entry of its own for %s, "
			"and "
			"put the lines below `secrets:` there.",
			target->alias);
	else
		error_hint(warning, "Put the lines below `secrets:` there.");
	error_at(warning, store->place.file, store->place.line, store->place.column);
}

/* Reads the manifest, if there is one, and holds the address against it. */
static bool heed_manifest(struct import_env *env)
{
	struct session session CLEANUP(session_release);
	struct error err CLEANUP(error_release) = {0};
	const char *alias = env->target.alias;

	session_init(&session, &env->cli, NULL);
	if (env->target.is_whole)
		return true;
	if (!session_load_manifest(&session))
		return false;
	if (alias && !model_account(&session.desired, alias)) {
		struct str known CLEANUP(str_release) = {0};
		model_add_aliases(&known, &session.desired);
		error_set(&err, "the manifest has no account `%s`", alias);
		error_hint(&err, "It has %s.", str_text(&known));
		term_error(&err);
		return false;
	}
	heed_declared(env, &session.desired);
	return true;
}

static bool find_account(struct import_env *env)
{
	const char *id = getenv("CLOUDFLARE_ACCOUNT_ID");
	struct str why CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!env->target.is_whole || !id || !*id)
		return true;
	env->target.account_id = id;
	if (shape_text_is_right(&schema_account_id, id, true, &why))
		return true;
	error_set(&err, "CLOUDFLARE_ACCOUNT_ID can't be the id of an account: %s", str_text(&why));
	term_error(&err);
	return false;
}

/* ---- the file ---- */

/* Lends the folder of a path, without links, with a slash at its end. */
static const char *folder_of(struct import_env *env, const char *path)
{
	char *folder AUTO_FREE = fs_neighbour(path, ".");
	char *real AUTO_FREE = fs_real_path(folder);

	return arena_format(&env->arena, "%s%s", real, real[strlen(real) - 1] == '/' ? "" : "/");
}

/* Names a file from the manifest's folder; what is absolute stays so. */
static void name_file(struct import_env *env, const char *file)
{
	const char *beside = fs_is_folder(env->beside)
				     ? arena_format(&env->arena, "%s/", env->beside)
				     : env->beside;
	const char *from = folder_of(env, beside), *to = folder_of(env, file);
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	struct str path CLEANUP(str_release) = {0};
	size_t same = 0;

	if (*file == '/') {
		env->target.path = file;
		return;
	}
	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	for (const char *rest = strchr(from + same, '/'); rest; rest = strchr(rest + 1, '/'))
		str_text_add(&path, "../");
	str_format(&path, "%s%s", to + same, name);
	env->target.path = arena_text(&env->arena, str_text(&path));
}

static bool refuse_file(const char *file, const char *why)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, file, strlen(file), 120);
	error_set(&err, "a manifest can't name the file `%s`: %s", str_text(&shown), why);
	term_error(&err);
	return false;
}

static bool read_file(struct import_env *env, const char *file)
{
	struct secret bytes CLEANUP(secret_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str why CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (strcmp(file, "-") == 0)
		return refuse_file(file, "the values are read from it again at each plan");
	name_file(env, file);
	if (!text_is_utf8(env->target.path, strlen(env->target.path), NULL) ||
		!shape_text_is_right(&schema_comment, env->target.path, false, &why))
		return refuse_file(file, why.length ? str_text(&why) : "it is not UTF-8");
	if (strstr(env->target.path, "${"))
		return refuse_file(file, "a dollar and a brace would look like a variable");
	const struct input_patience patience = {SOURCE_TIMEOUT_MS, &interrupt_count};
	if (!input_file(file, SOURCE_SIZE_LIMIT, &patience, &bytes, &err)) {
		term_error(&err);
		return false;
	}
	bool is_good = envfile_parse(&env->envfile, file, &bytes, &errors);
	error_list_cut(&errors);
	term_errors(&errors);
	return is_good;
}

static bool write_entries(struct import_env *env)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	term_warnings(&env->envfile.warnings);
	if (!envfile_left(&env->envfile)) {
		error_set(&err, "nothing is left to be written");
		term_error(&err);
		return false;
	}
	envfile_write(&env->envfile, &env->target, &text);
	term_out_str(&text);
	return true;
}

int import_env_run(const struct cli *cli)
{
	struct import_env env CLEANUP(release) = {0};

	find_manifests(&env, cli);
	return read_address(&env) && find_account(&env) && read_file(&env, cli->arguments[0]) &&
			       heed_manifest(&env) && write_entries(&env)
		       ? EXIT_DONE
		       : EXIT_ERROR;
}
