/* The states that an object store has kept, and locks of states that machines share. */
#include "approval.h"
#include "base/text.h"
#include "document.h"
#include "state/lock_info.h"
#include "term.h"

#include <inttypes.h>
#include <string.h>

/* For a command that asks the backend alone. Gives it (backend_free). */
static bool open_backend(struct session *session, struct backend **ret_backend)
{
	struct ledger_options options;
	struct error err CLEANUP(error_release) = {0};

	return session_select_part(session) && session_ledger_options(session, NULL, &options) &&
	       (backend_open(&options.backend, ret_backend, &err) || term_error(&err));
}

/* ---- history ---- */

static void add_version(struct str *out, const struct backend_version *version)
{
	char *who AUTO_FREE = text_visible(version->who ? version->who : "unknown", 0);
	char *when AUTO_FREE = text_visible(version->when ? version->when : "unknown", 0);
	char *fraction = strchr(when, '.'); /* nobody needs it here */
	char *operation AUTO_FREE = text_visible(version->operation ? version->operation : "", 0);

	if (fraction)
		memcpy(fraction, "Z", sizeof("Z"));
	str_format(out, "%6" PRId64 "  %-20s  %8zu bytes  %s%s%s%s\n", version->serial, when,
		version->size_bytes, who, *operation ? " (" : "", operation, *operation ? ")" : "");
}

static void put_version(struct json_writer *json, const struct backend_version *version)
{
	json_begin_object(json, NULL);
	json_put_integer(json, "serial", version->serial);
	json_put_text(json, "when", version->when);
	json_put_text(json, "who", version->who);
	json_put_text(json, "operation", version->operation);
	json_put_integer(json, "size", (int64_t)version->size_bytes);
	json_end(json);
}

static bool list_history(struct session *session, struct json_writer *json)
{
	struct backend *backend = NULL;
	struct backend_versions versions CLEANUP(backend_versions_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (!open_backend(session, &backend))
		return false;
	bool is_read = backend_history(backend, &versions, &err);
	backend_free(backend);
	if (!is_read)
		return term_error(&err);
	for (size_t i = 0; i < versions.count; i++)
		if (json)
			put_version(json, &versions.items[i]);
		else
			add_version(&text, &versions.items[i]);
	term_out_str(&text);
	if (!json && !versions.count)
		term_print("The state does not exist yet.");
	return true;
}

bool state_history_run(struct session *session)
{
	struct json_writer *json = document_writer();

	if (json)
		json_begin_array(json, "versions");
	bool is_good = list_history(session, json);
	if (json)
		json_end(json);
	return is_good;
}

/* ---- rollback ---- */

/* Adds "2 objects return, 1 is changed, 3 are no longer recorded". */
static void add_differences(struct str *out, const struct model *now, const struct model *then)
{
	size_t returning = 0, changed = 0, kept = 0;

	for (size_t i = 0; i < then->object_count; i++) {
		const struct object *old = &then->objects[i], *known = model_find(now, old);
		returning += !known;
		kept += known != NULL;
		changed += known && !object_is_same(known, old);
	}
	str_format(out, "%zu object%s added to the state, %zu changed, %zu removed from it",
		returning, term_plural(returning), changed, now->object_count - kept);
}

static bool read_serial(const char *text, size_t *ret_serial)
{
	char *shown AUTO_FREE = text_visible(text, 60);

	return (text_to_number(text, SIZE_MAX / 2, ret_serial) && *ret_serial) ||
	       term_fail("Run `cfprov state history` to see the serials that are kept.",
		       "invalid serial `%s`: expected a number from 1", shown);
}

static bool roll_back(struct session *session, int64_t serial)
{
	struct ledger *ledger = &session->ledger;
	struct state old CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str line CLEANUP(str_release) = {0}, question CLEANUP(str_release) = {0};
	long long now = (long long)ledger->state.serial;

	if (!session_read_old(session, serial, false, &old))
		return false;
	if (old.moved_to)
		return term_fail(
			NULL, "serial %lld only says that the state was moved", (long long)serial);
	str_format(
		&line, "From serial %lld to the contents of serial %lld: ", now, (long long)serial);
	add_differences(&line, &ledger->state.model, &old.model);
	str_text_add(&line, ".\n");
	term_out_str(&line);
	str_format(&question, "Do you want to replace the state with the contents of serial %lld?",
		(long long)serial);
	if (!approval_get(session, &(struct approval){str_text(&question), "-auto-approve",
					   session->cli->auto_approve, "Rollback"}))
		return false;
	if (!ledger_replace(ledger, &old, &err))
		return term_error(&err);
	term_print(
		"The state now has serial %lld. Nothing changed in Cloudflare: `cfprov plan` shows "
		"what differs.",
		(long long)ledger->state.serial);
	return true;
}

bool state_rollback_run(struct session *session)
{
	size_t serial;

	if (!read_serial(session->cli->arguments[0], &serial) ||
		!session_open_any_state(session, "state rollback"))
		return false;
	if (session->ledger.state.serial == (int64_t)serial && !session->ledger.state.moved_to) {
		term_print("The state has serial %zu already. No changes were made.", serial);
		return true;
	}
	return roll_back(session, (int64_t)serial);
}

/* ---- gc, repair ---- */

bool state_gc_run(struct session *session)
{
	size_t keep = session->cli->keep, removed = 0;
	struct error err CLEANUP(error_release) = {0};

	if (!keep)
		return term_fail(
			"Pass the number of states to keep, such as -keep=50.", "-keep is missing");
	if (!session_open_any_state(session, "state gc"))
		return false;
	if (!backend_forget(session->ledger.parts[0].backend, (int64_t)keep, &removed, &err))
		return term_error(&err);
	if (removed)
		term_print("Removed %zu old state%s.", removed, term_plural(removed));
	else if (keep == 1)
		term_print("Nothing to remove: only the newest state is kept.");
	else
		term_print("Nothing to remove: there are no more than %zu states.", keep);
	return true;
}

/* The lock is not taken: what it needs may be what is broken. */
bool state_repair_run(struct session *session)
{
	struct backend *backend = NULL;
	struct error err CLEANUP(error_release) = {0};
	int64_t serial = 0;

	if (!open_backend(session, &backend))
		return false;
	bool is_done = backend_repair(backend, (int64_t)session->cli->serial, &serial, &err);
	backend_free(backend);
	if (!is_done)
		return term_error(&err);
	term_print("The newest state has serial %lld.", (long long)serial);
	return true;
}

/* ---- locks ---- */

static bool force_unlock(struct session *session, struct backend *backend, struct error *err)
{
	struct str info CLEANUP(str_release) = {0}, holder CLEANUP(str_release) = {0};
	struct str line CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};
	const char *name = session_state_name(session), *wanted = session->cli->arguments[0];

	if (!backend_find_holder(backend, &info, err))
		return false;
	bool is_held = info.length > 0;
	if (is_held) {
		lock_info_describe(&info, &holder);
		lock_info_add_id(&info, &id);
		if (id.length && strcmp(str_text(&id), wanted) != 0) {
			error_set(err, "the state %s is locked, but not with this ID", name);
			error_hint(err, "It is locked by %s, with the ID %s.", str_text(&holder),
				str_text(&id));
			return false;
		}
		str_format(&line, "The state %s is locked by %s.\n", name, str_text(&holder));
		term_print_str(&line);
	}
	if (is_held &&
		!approval_get(session,
			&(struct approval){
				"Do you really want to force-unlock? If that run is still in "
				"progress, both it and the next one may change the same objects.",
				"-force", session->cli->force, "Unlock"}))
		return false;
	str_clear(&info);
	if (backend_force_unlock(backend, wanted, &info, err)) {
		term_print("The state %s is unlocked. %s", name,
			backend_shares_intents(backend)
				? "The next apply looks for the objects that the broken run may "
				  "have created."
				: "If that run was on this machine, the next apply here resumes "
				  "it. "
				  "If its machine is gone, run `cfprov apply -adopt`, which takes "
				  "over the objects that it created.");
		return true;
	}
	str_clear(&holder);
	if (info.length) {
		lock_info_describe(&info, &holder);
		error_hint(err, "It is locked by %s.", str_text(&holder));
	}
	return false;
}

/* True if it has; then it is the session's state from now on. */
static bool has_lock(struct session *session, const struct ledger_options *options,
	const struct account *account, struct error *err)
{
	const char *wanted = session->cli->arguments[0];
	struct location location =
		location_of_account(options->backend.location, account->id, &session->arena);
	struct ledger_options its = *options;
	struct backend *backend = NULL;
	struct str info CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};

	its.backend.location = &location;
	if (backend_open(&its.backend, &backend, err) && backend_find_holder(backend, &info, err))
		lock_info_add_id(&info, &id);
	backend_free(backend);
	if (!id.length || strcmp(str_text(&id), wanted) != 0)
		return false;
	session->location = location;
	return true;
}

/* Where each account has a state of its own: an ID is that of one lock, so it says which state. */
static bool choose_locked(struct session *session)
{
	struct ledger_options options;

	if (!session_find_state(session))
		return false;
	if (!location_is_split(&session->location))
		return true;
	if (!session_ledger_options(session, NULL, &options))
		return false;
	for (size_t i = 0; i < options.account_count && options.account_count > 1; i++) {
		struct error err CLEANUP(error_release) = {0};
		if (has_lock(session, &options, &options.accounts[i], &err))
			return true;
		if (err.message)
			return term_error(&err);
	}
	return options.account_count == 1 ||
	       term_fail("`cfprov doctor` shows the locks and their IDs.",
		       "the state of none of the %zu accounts is locked with this ID",
		       options.account_count);
}

bool force_unlock_run(struct session *session)
{
	struct backend *backend = NULL;
	struct error err CLEANUP(error_release) = {0};

	if (!choose_locked(session) || !open_backend(session, &backend))
		return false;
	bool is_done = force_unlock(session, backend, &err);
	backend_free(backend);
	return is_done || (err.message && term_error(&err));
}
