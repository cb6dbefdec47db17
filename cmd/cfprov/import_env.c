/*
 * cfprov import-env: entries of a manifest for the names in a .env, .dev.vars or JSON file. Prints
 * no value and overwrites no file. Without a manifest it prints a whole one, else `stores` for
 * another -f.
 */
#include "adapter/fs.h"
#include "adapter/input.h"
#include "interrupt.h"
#include "manifest/envfile.h"
#include "manifest/shape.h"
#include "session.h"
#include "source/source.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

struct import_env {
	struct session *session; /* its sources are only the manifests that exist */
	struct envfile envfile;
	struct envfile_target target;
	const char *beside; /* the manifest from whose folder the file is named */
};

static void release(struct import_env *env)
{
	envfile_release(&env->envfile);
}

/* ---- the target ---- */

/* The store that -store names, and the account of a whole manifest. */
static bool read_target(struct import_env *env)
{
	struct envfile_target *target = &env->target;
	const char *address = env->session->cli->store;
	const char *slash = address ? strchr(address, '/') : NULL;
	const char *id = cli_env("CLOUDFLARE_ACCOUNT_ID");
	struct str why CLEANUP(str_release) = {0};

	if (!address)
		return term_fail(
			"Pass -store=STORE or -store=ALIAS/STORE: the store for the secrets.",
			"missing option -store");
	target->store = slash ? slash + 1 : address;
	if (slash)
		target->alias =
			arena_bytes(&env->session->arena, address, (size_t)(slash - address));
	if (!shape_text_is_right(&schema_store_name, target->store, true, &why) ||
		(slash && !shape_text_is_right(&schema_alias, target->alias, true, &why))) {
		char *shown AUTO_FREE = text_visible(address, 120);
		return term_fail(
			"-store takes STORE, for every account in the manifest, or ALIAS/STORE.",
			"invalid address of a store `%s`%s%s", shown, why.length ? ": " : "",
			str_text(&why));
	}
	if (target->is_whole)
		target->account_id = id;
	return !target->account_id || shape_text_is_right(&schema_account_id, id, true, &why) ||
	       term_fail(
		       NULL, "CLOUDFLARE_ACCOUNT_ID is not a valid account id: %s", str_text(&why));
}

/* ---- the manifest ---- */

/* Reads the manifest, if there is one, and compares the address with it. */
static bool heed_manifest(struct import_env *env)
{
	const struct model *desired = &env->session->desired;
	struct str known CLEANUP(str_release) = {0}, hint CLEANUP(str_release) = {0};
	const char *alias = env->target.alias;

	if (env->target.is_whole)
		return true;
	if (!session_load_manifest(env->session))
		return false;
	if (alias && !model_account(desired, alias)) {
		model_add_aliases(&known, desired);
		str_format(&hint, "Accounts in the manifest: %s.", str_text(&known));
		return term_fail(str_text(&hint), "the manifest has no account `%s`", alias);
	}
	envfile_heed_declared(&env->envfile, &env->target, desired);
	return true;
}

/* ---- the file ---- */

static bool read_file(struct import_env *env, const char *file)
{
	const struct input_patience patience = {SOURCE_TIMEOUT_MS, &interrupt_count};
	struct secret bytes CLEANUP(secret_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str why CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	char *path AUTO_FREE = fs_path_from(env->beside, file);

	if (strcmp(file, "-") == 0)
		str_text_add(&why, "cfprov reads the values again at each plan");
	else if (!text_is_utf8(path, strlen(path), NULL))
		str_text_add(&why, "it is not UTF-8");
	else if (shape_text_is_right(&schema_comment, path, false, &why) && strstr(path, "${"))
		str_text_add(&why, "`${` would look like a variable");
	if (why.length) {
		char *shown AUTO_FREE = text_visible(file, 120);
		return term_fail(
			NULL, "a manifest can't refer to the file `%s`: %s", shown, str_text(&why));
	}
	env->target.path = arena_text(&env->session->arena, path);
	if ((session_policy(env->session) && !fs_check_in_place(file, &err)) ||
		!input_file(file, SOURCE_SIZE_LIMIT, &patience, &bytes, &err))
		return term_error(&err);
	bool is_good = envfile_parse(&env->envfile, file, &bytes, &errors);
	error_list_cut(&errors);
	term_errors(&errors);
	return is_good;
}

bool import_env_run(struct session *session)
{
	struct import_env env CLEANUP(release) = {.session = session};
	struct str text CLEANUP(str_release) = {0};

	if (!session_find_manifests(session, &env.beside))
		return false;
	env.target.is_whole = !session->source.path_count;
	if (!session_check_new_file(session) || !read_target(&env) ||
		!read_file(&env, session->cli->arguments[0]) || !heed_manifest(&env))
		return false;
	term_warnings(&env.envfile.warnings);
	if (env.envfile.left_out == env.envfile.count)
		return term_fail(NULL, "nothing to write: every name in %s was skipped",
			session->cli->arguments[0]);
	envfile_write(&env.envfile, &env.target, &text);
	return session_write_new_file(session, &text);
}
