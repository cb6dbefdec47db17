/* Where a session's state is, and opening it. */
#include "session.h"

#include "adapter/crypt.h"
#include "adapter/fs.h"
#include "base/text.h"
#include "interrupt.h"
#include "manifest/pick.h"
#include "source/backend_env.h"
#include "source/permit.h"
#include "term.h"

#include <string.h>

/* ---- where it is ---- */

static void set_path(struct session *session, const char *path)
{
	session->location = location_of_file(arena_text(&session->arena, path));
	session->has_location = true;
}

void session_assume_state(struct session *session)
{
	char *path AUTO_FREE = manifest_beside(&session->source, BACKEND_DEFAULT_NAME);

	if (!session->cli->state && !session->has_location)
		set_path(session, path);
}

/* Beside the manifest. A checkout may hold a link in its place. */
static bool find_default(struct session *session)
{
	const struct manifest_source *source = &session->source;
	const char *manifest = source->path_count ? source->paths[0] : MANIFEST_DEFAULT_PATH;
	struct error err CLEANUP(error_release) = {0};

	session_assume_state(session);
	const char *path = session->location.path;
	if (session->has_policy || fs_is_beneath(documents_base(manifest), path))
		return true;
	char *shown AUTO_FREE = text_visible(path, 0);
	error_set(&err, "the state %s is a link that leads out of the directory of the manifest",
		shown);
	error_hint(&err, "If the state belongs there, pass -state=%s.", shown);
	return term_error(&err);
}

bool session_locate_state(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct location location = {0};

	if (session->has_location)
		return true;
	if (session->cli->state) {
		set_path(session, session->cli->state);
		return true;
	}
	bool is_read = session_open_manifest(session, &errors) &&
		       manifest_location(&session->manifest, &session->located, &location, &errors);
	if (!is_read && !session_has_no_manifest(session, &errors)) {
		error_list_cut(&errors);
		return term_errors(&errors);
	}
	if (location_is_file(&location) && !location.path)
		return find_default(session);
	session->location = location;
	return session->has_location = true;
}

/* The policy counts also for a path that -state or a saved plan names. */
bool session_find_state(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};

	if (!session_locate_state(session))
		return false;
	if (!backend_env_complete(&session->location,
		    session->has_policy ? BACKEND_ENV_POLICY : BACKEND_ENV_ALONE, &session->arena,
		    &err))
		return term_error(&err);
	sources_hold_location(session->sources, &session->location);
	return session_permits_state(session, &err) || term_error(&err);
}

const char *session_state_name(struct session *session)
{
	struct str name CLEANUP(str_release) = {0};

	location_add_name(&session->location, &name);
	return arena_text(&session->arena, str_text(&name));
}

const char *session_state_place(struct session *session)
{
	struct str url CLEANUP(str_release) = {0}, place CLEANUP(str_release) = {0};
	char hash[CRYPT_CHECKSUM_SIZE];

	if (location_is_file(&session->location))
		return session->location.path;
	location_add_url(&session->location, &url);
	size_t length = strcspn(str_text(&url), "?");
	str_add(&place, str_text(&url), length);
	if (length < url.length) {
		crypt_checksum(str_text(&url) + length, url.length - length, hash);
		str_format(&place, "#%s", hash);
	}
	return arena_text(&session->arena, str_text(&place));
}

/* ---- the state of a saved plan ---- */

/* A plan can't choose where credentials go: a remote state is the manifest's. */
bool session_use_planned_state(struct session *session, const char *planned)
{
	bool is_remote = text_url_scheme(planned);

	if (session->cli->state)
		return session_find_state(session);
	if (!session_locate_state(session))
		return false;
	if (!is_remote && location_is_file(&session->location)) {
		set_path(session, planned);
		return session_find_state(session);
	}
	if (!session_find_state(session))
		return false;
	const char *place = session_state_place(session);
	if (strcmp(place, planned) == 0)
		return true;
	char *shown AUTO_FREE = text_visible(planned, 0);
	return term_fail("Run plan again.",
		"the plan was made for the state %s, but the state is %s", shown, place);
}

/* ---- opening it ---- */

static bool read_credentials(struct session *session, struct error *err)
{
	struct backend_credentials *credentials = &session->credentials;
	const char *user = session->location.username;

	for (size_t i = 0; i < LOCATION_SECRETS; i++) {
		const struct value_source *source = &session->location.secrets[i];
		struct secret *secret = &credentials->items[i];
		if (source->kind == VALUE_NONE || secret->bytes)
			continue;
		if (!sources_read_backend(session->sources, source, secret, err))
			return error_prefix(err, "no credentials for the state");
	}
	if (user && !credentials->user.bytes)
		secret_copy(&credentials->user, user, strlen(user));
	return true;
}

static bool fill_backend(
	struct session *session, struct backend_options *ret_options, struct error *err)
{
	if (!read_credentials(session, err))
		return false;
	*ret_options = (struct backend_options){
		.location = &session->location,
		.credentials = &session->credentials,
		.backup = session->cli->backup,
		.sink = &session->sink,
		.interrupted = &interrupt_count,
	};
	return true;
}

static bool check_backup(struct session *session)
{
	const char *backup = session->cli->backup;

	if (!backup)
		return true;
	if (!location_is_file(&session->location))
		return term_fail(NULL, "-backup requires a local state, but the state is %s",
			session_state_name(session));
	return strcmp(backup, BACKEND_NO_BACKUP) == 0 ||
	       session_check_target(session, "-backup", backup);
}

/*
 * Each account of the manifest, or of a saved plan, has a state of its own: lends those that are
 * meant.
 */
static bool find_parts(struct session *session, struct ledger_options *options)
{
	const struct cli *cli = session->cli;
	const struct pick pick = {
		session_manifest_name(cli), cli->accounts.items, cli->accounts.count};
	const struct model *accounts = &session->desired;
	struct error err CLEANUP(error_release) = {0};

	if (!location_is_split(&session->location))
		return true;
	if (!accounts->account_count) {
		accounts = &session->split_by;
		if (!session->split_by.account_count &&
			(!session_read_accounts(session, &session->split_by) ||
				!session->split_by.account_count))
			return term_fail("Its accounts are those of the manifest.",
				"the state is split by account, and no account is known");
		if (!pick_accounts(&pick, &session->split_by, &err))
			return term_error(&err);
	}
	options->accounts = accounts->accounts;
	options->account_count = accounts->account_count;
	return true;
}

bool session_select_part(struct session *session)
{
	struct ledger_options options = {0};
	struct str hint CLEANUP(str_release) = {0};

	if (!session_find_state(session) || !find_parts(session, &options))
		return false;
	if (!options.accounts)
		return true;
	if (options.account_count == 1) {
		session->location = location_of_account(
			&session->location, options.accounts[0].id, &session->arena);
		return true;
	}
	str_text_add(&hint, "Pass -account=ALIAS. Accounts: ");
	for (size_t i = 0; i < options.account_count; i++)
		text_add_listed(&hint, options.accounts[i].alias, i, options.account_count, 10);
	str_char(&hint, '.');
	return term_fail(str_text(&hint),
		"each account has a state of its own, and this command needs one of them");
}

bool session_ledger_options(
	struct session *session, const char *operation, struct ledger_options *ret_options)
{
	const struct cli *cli = session->cli;
	struct error err CLEANUP(error_release) = {0};

	*ret_options = (struct ledger_options){
		.sealing = &session->sealing,
		.operation = operation,
		.no_lock = !cli->lock,
		.lock_timeout_ms = cli->lock_timeout_ms,
	};
	if (!fill_backend(session, &ret_options->backend, &err))
		return term_error(&err);
	return find_parts(session, ret_options);
}

bool session_left_behind(struct session *session, struct error *ret)
{
	char *path AUTO_FREE = manifest_beside(&session->source, BACKEND_DEFAULT_NAME);
	char *shown AUTO_FREE = text_visible(path, 0);
	const struct state *state = &session->ledger.state;
	const struct location location = location_of_file(path);
	struct ledger_options options = {
		.backend.location = &location, .sealing = &session->sealing, .may_be_moved = true};
	struct ledger local;
	struct error why CLEANUP(error_release) = {0};
	struct str what CLEANUP(str_release) = {0};

	if (location_is_file(&session->location) || location_is_split(&session->location) ||
		!session->has_ledger || state->serial || state->moved_to ||
		state->model.object_count)
		return false;
	if (ledger_read(&local, &options, &why)) {
		size_t count = local.state.moved_to ? 0 : local.state.model.object_count;
		ledger_close(&local);
		if (!count)
			return false;
		str_format(&what, "has %zu object%s", count, term_plural(count));
	} else {
		char *reason AUTO_FREE = text_visible(why.message, 0);
		str_format(&what, "may be a state, too (%s)", reason);
	}
	error_set(ret, "%s %s, but the manifest keeps the state at %s, where none exists yet",
		shown, str_text(&what), session_state_name(session));
	error_hint(ret, "To move it there, run `cfprov state migrate`. If it is not needed, move "
			"the file away.");
	return true;
}

/* What writes would make a second state; for `state push` that is the point. */
static bool check_left_behind(struct session *session, const char *operation, bool may_be_moved)
{
	struct error left CLEANUP(error_release) = {0};

	if (may_be_moved || !session_left_behind(session, &left))
		return true;
	if (operation && strcmp(operation, "state push") != 0)
		return term_error(&left);
	term_warn(&left);
	return true;
}

/* With the keys that were read. */
static bool open_ledger(struct session *session, const char *operation, bool may_be_moved)
{
	struct error err CLEANUP(error_release) = {0};
	struct str lost CLEANUP(str_release) = {0};
	struct ledger_options options;

	if (!session_ledger_options(session, operation, &options))
		return false;
	options.may_be_moved = may_be_moved;
	session->has_ledger = operation ? ledger_open(&session->ledger, &options, &err)
					: ledger_read(&session->ledger, &options, &err);
	if (!session->has_ledger)
		return term_error(&err);
	/* Without its state, cfprov would take its own objects for someone else's. */
	char *backup AUTO_FREE = ledger_find_backup(&session->ledger);
	if (backup) {
		str_format(&lost,
			"The state %s does not exist, but a backup does. If the state was lost, "
			"copy %s there first. Objects that are newer than the backup are found by "
			"name.",
			session_state_name(session), backup);
		term_warning(str_text(&lost));
	}
	return check_left_behind(session, operation, may_be_moved);
}

static bool open_state(struct session *session, const char *operation, bool may_be_moved)
{
	return session_find_state(session) && (!operation || check_backup(session)) &&
	       session_read_key(session) && open_ledger(session, operation, may_be_moved);
}

bool session_open_state(struct session *session, const char *operation)
{
	return open_state(session, operation, false);
}

bool session_open_any_state(struct session *session, const char *operation)
{
	return session_select_part(session) && open_state(session, operation, true);
}

/* What only shows the state shows it all the same. */
static void warn_of_trust(const struct session *session, const struct part *part)
{
	const char *why = session->key_err.message;
	char *name AUTO_FREE = text_visible(part->backend->name, 0);
	struct str text CLEANUP(str_release) = {0};

	if (part->found.trust == SEALING_UNVERIFIED ||
		part->journal.found.trust == SEALING_UNVERIFIED) {
		str_format(&text, "the signature of the state %s was not verified%s%s", name,
			why ? ": " : ", because no key is set", why ? why : "");
		term_warning(str_text(&text));
	}
	if (part->seen_serial) {
		str_clear(&text);
		str_format(&text,
			"the state %s is older than one that this machine has seen (serial %lld, "
			"but it was %lld)",
			name, (long long)part->serial, (long long)part->seen_serial);
		term_warning(str_text(&text));
	}
}

bool session_show_state(struct session *session, bool completes)
{
	if (!session_find_state(session))
		return false;
	const struct error *why = session_try_key(session, completes);
	if (!open_ledger(session, NULL, false))
		return why ? term_error(why) : false;
	for (size_t i = 0; i < session->ledger.part_count; i++)
		warn_of_trust(session, &session->ledger.parts[i]);
	return true;
}

bool session_pick_recorded(struct session *session)
{
	const struct cli_texts *accounts = &session->cli->accounts;
	const struct pick pick = {"the state", accounts->items, accounts->count};
	struct error err CLEANUP(error_release) = {0};

	return pick_accounts(&pick, &session->ledger.state.model, &err) || term_error(&err);
}

bool session_open_old(struct session *session, struct error *ret_unread)
{
	struct error err CLEANUP(error_release) = {0};
	struct ledger_options options;

	if (!session_select_part(session) || !session_read_key(session) ||
		!session_ledger_options(session, NULL, &options))
		return false;
	options.may_be_moved = true;
	options.ret_unread = ret_unread;
	session->has_ledger = ledger_read(&session->ledger, &options, &err);
	return session->has_ledger || term_error(&err);
}

/* Not `state sign`, which acts on the newest state only. */
bool session_read_old(
	struct session *session, int64_t serial, bool only_shows, struct state *ret_state)
{
	struct ledger *ledger = &session->ledger;
	struct sealing *sealing = &ledger->parts[0].sealing;
	struct state old CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0}, ignored CLEANUP(error_release) = {0};
	struct str hint CLEANUP(str_release) = {0};

	if (ledger_read_old(ledger, serial, ret_state, &err))
		return true;
	if (err.code == ERROR_ABSENT) {
		error_hint(&err, "Run `cfprov state history` to see the serials that are kept.");
		return term_error(&err);
	}
	sealing->accepts_unsigned = true;
	bool is_untrusted = ledger_read_old(ledger, serial, &old, &ignored);
	sealing->accepts_unsigned = false;
	if (!is_untrusted)
		return term_error(&err);
	if (!only_shows) {
		str_format(&hint,
			"If the key was replaced, set CFPROV_OLD_KEY to the one before. Otherwise, "
			"check what `cfprov state pull -serial=%lld >old.json` writes, then run "
			"`cfprov state push -force old.json`.",
			(long long)serial);
		error_hint(&err, "%s", str_text(&hint));
		return term_error(&err);
	}
	error_hint(&err, "Anyone who can write the state could have made it. Check it before "
			 "you run `cfprov state push`.");
	term_warn(&err);
	*ret_state = old;
	old = (struct state){0};
	return true;
}
