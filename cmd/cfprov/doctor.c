/* cfprov doctor: are credentials, accounts and state in order, and if not, what to do? */
#include "adapter/fs.h"
#include "base/moment.h"
#include "base/text.h"
#include "cloudflare/probe.h"
#include "document.h"
#include "interrupt.h"
#include "plan/account_check.h"
#include "plan/removed.h"
#include "plan/store_limit.h"
#include "planning.h"
#include "state/seen.h"
#include "term.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { FEW_REQUESTS = 100, MUCH_USED_PERCENT = 90, SOON_SECONDS = 7 * 24 * 60 * 60 };

enum level { OK, WARN, FAIL };

/* The findings are printed at the end, because some refer to "the error above". */
struct report {
	struct str *text;
	struct json_writer *json; /* of -json, or NULL */
	const char *account;      /* the alias; NULL: of none */
	const char *about;        /* what people read in its place */
	const char *what;         /* that was checked: a word that -json has */
	size_t counts[FAIL + 1];
};

static const char see_error[] = "See the error above.";
static const char not_the_api[] =
	"The response did not come from Cloudflare's API. Check CLOUDFLARE_BASE_URL, the proxy and "
	"the network.";

static void put_finding(
	const struct report *report, enum level level, const char *advice, const char *message)
{
	static const char *const words[] = {"ok", "warning", "error"};

	json_begin_object(report->json, NULL);
	json_put_text(report->json, "account", report->account);
	json_put_text(report->json, "what", report->what);
	json_put_text(report->json, "severity", words[level]);
	json_put_text(report->json, "message", message);
	json_put_text(report->json, "hint", advice ? advice : "");
	json_end(report->json);
}

/* "ok    ABOUT: WHAT", and the advice (NULL: there is nothing to do) indented below. */
static void PRINTF(4, 5)
	find(struct report *report, enum level level, const char *advice, const char *format, ...)
{
	enum { INDENT = 6 };
	static const char *const words[] = {"ok  ", "warn", "fail"};
	static const enum term_style styles[] = {TERM_CREATE, TERM_CHANGE, TERM_DESTROY};
	struct str text CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
	va_list args;

	str_format(&text, "%s: ", report->account ? report->account : report->about);
	size_t head = text.length;
	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	report->counts[level]++;
	if (report->json) {
		put_finding(report, level, advice, str_text(&text) + head);
		return;
	}
	term_add_folded(&folded, STDOUT_FILENO, INDENT, str_text(&text));
	term_add(report->text, STDOUT_FILENO, styles[level], words[level]);
	str_format(report->text, "  %s", str_text(&folded) + INDENT);
	if (advice)
		term_add_folded(report->text, STDOUT_FILENO, INDENT, advice);
}

/* "WHAT: the error's message"; the error's own hint is the better advice. */
static void find_error(struct report *report, enum level level, const char *what,
	const struct error *err, const char *advice)
{
	find(report, level, err->hint ? err->hint : advice, "%s%s%s", what, *what ? ": " : "",
		err->message);
}

static void advise_chmod(struct str *out, const char *mode, const char *path)
{
	str_format(out, "Run `chmod %s ", mode);
	text_add_shell_word(out, path);
	str_text_add(out, "`.");
}

/* Who may write a state in a file, and can we? */
static void judge_file(const char *path, struct report *report)
{
	struct str chmod CLEANUP(str_release) = {0}, chmod_folder CLEANUP(str_release) = {0};
	char *shown AUTO_FREE = text_visible(path, 0);
	char *real AUTO_FREE = fs_real_path(path);
	char *folder AUTO_FREE = fs_neighbour(path, ".");

	advise_chmod(&chmod, "go-w", path);
	advise_chmod(&chmod_folder, "o-w", folder);
	if (fs_is_open_to_others(real))
		find(report, WARN, str_text(&chmod), "users other than its owner can write %s",
			shown);
	if (fs_folder_is_open(real))
		find(report, WARN, str_text(&chmod_folder),
			"any user can replace files in the directory of %s", shown);
	if (!fs_may_write_beside(real))
		find(report, FAIL,
			"Make the directory writable, or choose another path with -state.",
			"the directory of %s is not writable, so apply can't run", shown);
}

static void report_clock(const struct backend *backend, struct report *report)
{
	enum { CLOCK_S = 60 }; /* requests are refused from 15 minutes on */
	int64_t ahead_s = backend && backend->has_clock ? backend->ahead_s : 0;

	if (ahead_s > CLOCK_S || ahead_s < -CLOCK_S) {
		report->what = "clock";
		find(report, WARN, "Synchronize the clock of this machine.",
			"the clock of this machine is %" PRId64 "s %s that of the server",
			ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "ahead of" : "behind");
	}
}

/*
 * Can a state that machines share be written, and is our clock right? `said`: why it could not be
 * read, which needs no second line; else NULL.
 */
static void judge_backend(
	const struct ledger_options *options, const char *said, struct report *report)
{
	struct ledger_options one = *options;
	struct location location = *options->backend.location;
	struct arena arena CLEANUP(arena_release) = {0};
	struct backend *backend = NULL;
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (options->account_count)
		location = location_of_account(&location, options->accounts[0].id, &arena);
	one.backend.location = &location;
	report->what = "backend";
	bool is_good = backend_open(&one.backend, &backend, &err) && backend_check(backend, &err);
	bool is_read =
		is_good && (backend_is_log(backend) || backend_read(backend, &snapshot, &err));
	if (err.message && said && strcmp(said, err.message) == 0)
		; /* the same */
	else if (!is_good)
		find_error(report, FAIL, "the state can't be written", &err,
			"Check the credentials and what they permit.");
	else if (backend_is_log(backend))
		find(report, OK, NULL, "the object store can be reached and honours conditions");
	else if (!is_read)
		find_error(report, FAIL, "the state can't be read", &err,
			"Check the address and the credentials.");
	else
		find(report, OK, NULL, "the server can be reached");
	report_clock(backend, report);
	backend_free(backend);
}

static bool has_journal(const struct session *session)
{
	const struct ledger *ledger = &session->ledger;

	for (size_t i = 0; session->has_ledger && i < ledger->part_count; i++)
		if (ledger->parts[i].has_journal)
			return true;
	return false;
}

/* True if anybody holds the lock of a state. An ID is that of another machine's. */
static bool report_locks(const struct ledger_options *options, struct report *report)
{
	size_t count = options->account_count ? options->account_count : 1, held = 0;

	for (size_t i = 0; i < count; i++) {
		struct error ignored CLEANUP(error_release) = {0}; /* reading has the same one */
		struct str holder CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};
		struct str advice CLEANUP(str_release) = {0};
		struct ledger_options one = *options;
		if (options->account_count) {
			one.accounts += i;
			one.account_count = 1;
		}
		(void)!ledger_find_holder(&one, &holder, &id, &ignored);
		if (!holder.length)
			continue;
		held++;
		str_text_add(&advice, "Wait until it ends.");
		if (id.length)
			str_format(&advice, " If it has ended, run `cfprov force-unlock %s`.",
				str_text(&id));
		find(report, WARN, str_text(&advice), "%s%slocked by %s",
			one.account_count ? one.accounts->alias : "",
			one.account_count ? " is " : "", str_text(&holder));
	}
	return held > 0;
}

/* Each part has a serial of its own. `whole`: the name of a state that is one part. */
static void report_parts(const struct ledger *ledger, const char *whole, struct report *report)
{
	const struct model *model = &ledger->state.model;

	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct part *part = &ledger->parts[i];
		struct str text CLEANUP(str_release) = {0};
		size_t count = 0;
		text_add_visible(&text, part->backend->name, strlen(part->backend->name), 0);
		if (part->account.id)
			str_format(&text, " (%s)", part->account.alias);
		const char *name = part->account.id ? str_text(&text) : whole;
		for (size_t n = 0; n < model->object_count; n++) {
			const struct account *its = model_account(model, model->objects[n].account);
			count += !part->account.id || strcmp(its->id, part->account.id) == 0;
		}
		if (!part->is_born)
			find(report, OK, NULL, "%s does not exist yet", name);
		else
			find(report, OK, NULL, "%s has serial %" PRId64 " and %zu object%s", name,
				part->serial + part->is_ahead, count, term_plural(count));
	}
}

static void judge_state(struct session *session, struct report *report)
{
	struct error err CLEANUP(error_release) = {0};
	const char *name = session_state_name(session);
	struct ledger_options options;

	if (!session_ledger_options(session, NULL, &options)) {
		report->counts[FAIL]++; /* it was reported */
		return;
	}
	(void)session_try_key(session, false);
	options.sealing = &session->sealing;
	session->has_ledger = ledger_read(&session->ledger, &options, &err);
	if (!session->has_ledger)
		find_error(report, FAIL, strstr(err.message, name) ? "" : name, &err,
			session->location.path ? "Make sure that the file can be read."
					       : "Check the credentials and `state`.");
	else if (session_left_behind(session, &err))
		find_error(report, WARN, "", &err, NULL);
	else
		report_parts(&session->ledger, name, report);
	report->what = "lock";
	bool is_locked = report_locks(&options, report);
	if (!is_locked && (session->has_ledger || session->location.path))
		find(report, OK, NULL, "not locked");
	/* A running apply has a journal; only one without a lock was left behind. */
	report->what = "journal";
	if (has_journal(session) && !(is_locked && session->location.path))
		find(report, WARN, "Run `cfprov apply` to record what it did and resume.",
			"an apply was interrupted and left a journal");
	report->what = "permissions";
	if (session->location.path)
		judge_file(session->location.path, report);
	else
		judge_backend(&options, session->has_ledger ? NULL : err.message, report);
}

/* Of a state that there is, with a key. */
static void judge_part(const struct part *part, struct report *report)
{
	char *name AUTO_FREE = text_visible(part->backend->name, 0);

	if (part->seen_serial)
		find(report, FAIL,
			"Restore the newer one, or accept this one with `cfprov state sign`.",
			"%s is older than a state that this machine has seen (serial %" PRId64
			", but it was %" PRId64 ")",
			name, part->serial, part->seen_serial);
	else if (part->is_stale)
		find(report, WARN, "Run `cfprov apply` or `cfprov state sign`.",
			"%s was not yet written with this key", name);
	else
		find(report, OK, NULL, "%s is %s with the key", name,
			part->found.form == SEALING_SEALED ? "encrypted" : "signed");
}

/* Is the state protected, and would an old copy of it be noticed? Silent if there is no key. */
static void judge_key(struct session *session, struct report *report)
{
	const struct ledger *ledger = &session->ledger;
	size_t count = session->has_ledger ? ledger->part_count : 0, unverified = 0;
	bool has_key = sealing_keys(&session->sealing);
	char *seen AUTO_FREE = seen_path("lineage");

	report->what = "key";
	for (size_t i = 0; i < count; i++)
		unverified += ledger->parts[i].found.trust == SEALING_UNVERIFIED;
	if (session->key_err.message)
		find_error(report, FAIL, "", &session->key_err, NULL);
	else if (unverified)
		find(report, WARN, "Set CFPROV_KEY, or `state.key` in the manifest.",
			"the state is signed, but no key is set to verify that");
	else if (!has_key && session->sealing.encryption == ENCRYPTION_ON)
		find(report, FAIL, "Set CFPROV_KEY, or `state.key` in the manifest.",
			"the state should be encrypted, but no key is set");
	for (size_t i = 0; i < count && has_key; i++)
		if (ledger->parts[i].is_born)
			judge_part(&ledger->parts[i], report);
	if (has_key && !seen)
		find(report, WARN, "Set HOME or XDG_STATE_HOME to a directory that is kept.",
			"without a home directory, an old copy of the state would not be noticed");
}

/* ---- an account ---- */

static void judge_token(const struct probe *probe, struct report *report)
{
	bool works = !probe->list_err.message;
	const char *expires = probe->token_expires;
	struct moment end;

	if (!probe->uses_token) {
		find(report, OK, NULL, "using an email address and API key");
		return;
	}
	if (!probe->token_status) {
		find_error(report, works ? WARN : FAIL,
			works ? "the token works, but could not be verified"
			      : "the token could not be verified",
			&probe->token_err,
			works ? "No action is needed."
			      : "Check that it is complete, active and not expired.");
		return;
	}
	bool is_active = strcmp(probe->token_status, "active") == 0;
	bool ends_soon = moment_read(expires, &end) && end.seconds < probe->asked_at + SOON_SECONDS;
	char *status AUTO_FREE = text_visible(probe->token_status, 40);
	char *until AUTO_FREE = text_visible(expires ? expires : "", 40);
	find(report,
		!is_active  ? FAIL
		: ends_soon ? WARN
			    : OK,
		!is_active  ? "Create another token, or activate this one in the dashboard."
		: ends_soon ? "Extend it in the Cloudflare dashboard, or replace it with a new one."
			    : NULL,
		"the %s token is %s%s%s", probe->is_account_token ? "account" : "user", status,
		!expires    ? ""
		: is_active ? " and expires at "
			    : "; expiry ",
		until);
}

/* Nothing tells what a token may do: a list shows that it reads, a refusal that it can't write. */
static void judge_access(const struct probe *probe, struct report *report)
{
	const struct cf_quota *quota = &probe->quota;
	bool is_much = quota->used * 100 >= quota->secrets * MUCH_USED_PERCENT;

	if (probe->list_err.message) {
		find_error(report, FAIL, "Secrets Store can't be read", &probe->list_err,
			probe->is_not_the_api
				? not_the_api
				: "Check the account id, and that the token has the permission "
				  "Account > Secrets Store > Edit.");
		return; /* the quota failed for the same reason, most likely */
	}
	find(report, OK, NULL, "Secrets Store can be read%s (%zu store%s)%s",
		probe->writing == WRITING_ALLOWED ? " and probably written" : "",
		probe->store_count, term_plural(probe->store_count),
		probe->writing == WRITING_UNKNOWN ? "; write access is unknown" : "");
	if (probe->writing == WRITING_FORBIDDEN)
		find(report, WARN, "Grant the token the permission Account > Secrets Store > Edit.",
			"Secrets Store can't be written: plan works, but apply does not");
	report->what = "quota";
	if (probe->quota_err.message)
		find_error(report, WARN, "quota unknown", &probe->quota_err,
			"No action is needed. cfprov works without it.");
	else
		find(report, is_much ? WARN : OK,
			is_much ? "Delete secrets that you no longer need, or ask Cloudflare for a "
				  "higher quota."
				: NULL,
			"%" PRId64 " of %" PRId64 " secrets used; store limit unknown", quota->used,
			quota->secrets);
}

/* Most accounts may have one store: an unmanaged one leaves no room for the manifest's. */
static void judge_room(const struct probe *probe, const struct model *desired,
	const struct model *recorded, struct report *report)
{
	struct str advice CLEANUP(str_release) = {0};
	const char *alias = probe->account->alias, *only = probe->only_store;
	const struct object *declared = model_first_in(desired, alias);

	if (!only || !declared || declared->kind != OBJECT_STORE ||
		store_limit_is_managed(desired, recorded, alias, only))
		return;
	char *missing AUTO_FREE = text_visible(declared->store, 120);
	char *existing AUTO_FREE = text_visible(only, 120);
	str_text_add(&advice, "Most accounts can have only one store. To use the existing one, "
			      "declare it in the manifest: ");
	store_limit_add_manifest(&advice, only);
	find(report, WARN, str_text(&advice),
		"%s in the manifest does not exist, but another store does: %s", missing, existing);
}

static void judge_records(
	const struct probe *probe, const struct model *recorded, struct report *report)
{
	struct error err CLEANUP(error_release) = {0};
	size_t count, unresolved;

	if (!account_check(recorded, probe->account, &err)) {
		find_error(report, FAIL, "", &err, NULL);
		return;
	}
	account_check_count(recorded, probe->account->alias, &count, &unresolved);
	if (count)
		find(report, OK, NULL, "state matches this account (%zu object%s)", count,
			term_plural(count));
	else
		find(report, OK, NULL, "state has no objects of this account");
	report->what = "unresolved";
	if (unresolved)
		find(report, WARN,
			"If no apply is running, run `cfprov apply`, which looks for them by name.",
			"it is unknown whether %zu object%s created", unresolved,
			unresolved == 1 ? " was" : "s were");
}

/* `recorded` is NULL if the state can't be read. */
static void judge_account(const struct probe *probe, const struct model *desired,
	const struct model *recorded, struct report *report)
{
	int64_t left = probe->rate_remaining;

	report->account = probe->account->alias;
	report->what = "credentials";
	if (!probe->has_lane) {
		find_error(report, FAIL, "", &probe->credentials_err,
			"Set the variable to a token with the permission Account > Secrets Store > "
			"Edit.");
	} else if (probe->is_not_the_api && !probe->token_status) {
		report->what = "access";
		find_error(report, FAIL, "can't check the token and Secrets Store",
			&probe->list_err, not_the_api);
	} else {
		/* Accounts that share a token share what is said of it. */
		report->what = "token";
		if (!probe->shares)
			judge_token(probe, report);
		report->what = "access";
		judge_access(probe, report);
		report->what = "rate_limit";
		if (!probe->shares && left >= 0)
			find(report, left < FEW_REQUESTS ? WARN : OK,
				left < FEW_REQUESTS ? "cfprov slows down by itself. A token that "
						      "nothing else uses is faster."
						    : NULL,
				"%" PRId64 " request%s left in the next %" PRId64 "s", left,
				term_plural((size_t)left), (probe->rate_reset_ms + 999) / 1000);
	}
	if (recorded) {
		report->what = "store_limit";
		judge_room(probe, desired, recorded, report);
		report->what = "records";
		judge_records(probe, recorded, report);
	}
}

/* ---- all of it ---- */

/* Accounts that the manifest no longer has, although objects are recorded in them. */
static void judge_dropped(const struct session *session, struct report *report)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct cli *cli = session->cli;

	if (!session_has_manifest_accounts(cli) || cli->accounts.count ||
		removed_check_accounts(&session->ledger.state.model, &session->desired, &errors))
		return;
	report->about = "manifest";
	report->what = "removed";
	for (size_t i = 0; i < errors.count; i++)
		find_error(report, FAIL, "", &errors.items[i], NULL);
}

/* No kernel without Landlock is worth a warning: there is nothing to do about it. */
static void judge_confinement(bool is_in_force, struct report *report)
{
	report->about = "landlock";
	report->what = "landlock";
	if (is_in_force)
		find(report, OK, NULL,
			"in force; apply can write only in the directories of the state, -backup "
			"and -out");
	else
		find(report, OK, NULL, "not available in this kernel; writes are not confined");
}

/* False: there is no client, or the user interrupted; that was reported. */
static bool judge_accounts(struct session *session, struct report *report)
{
	const struct model *desired = &session->desired, *recorded = NULL;
	struct error err CLEANUP(error_release) = {0};

	if (!session_new_client(session))
		return false;
	if (session->has_ledger) {
		report->about = "manifest";
		report->what = "moved";
		if (!planning_move(session, &err))
			find(report, FAIL, err.hint, "%s", err.message);
		error_release(&err);
		recorded = &session->ledger.state.model;
		judge_dropped(session, report);
	}
	const struct live_input input = session_live_input(session);
	size_t count = desired->account_count;
	struct probe *probes AUTO_FREE = mem_alloc(count * sizeof(*probes));
	for (size_t i = 0; i < count; i++) {
		struct probe *probe = &probes[i];
		probe->account = &desired->accounts[i];
		probe->has_lane = session_find_lane(
			session, probe->account, &probe->lane, &probe->credentials_err);
	}
	judge_confinement(session_confine(session), report);
	progress_read(&session->progress, desired);
	bool is_whole = probe_run(&input, probes, count, &err) || term_error(&err);
	for (size_t i = 0; i < count; i++) {
		if (is_whole)
			judge_account(&probes[i], desired, recorded, report);
		probe_release(&probes[i]);
	}
	return is_whole;
}

/* A policy that whoever changes the manifest can change protects from mistakes only. */
static void judge_policy(const struct session *session, struct report *report)
{
	const struct cli *cli = session->cli;
	const char *path = session->policy.account_rule.place.file;
	const char *manifest =
		cli->manifests.count ? cli->manifests.items[0] : MANIFEST_DEFAULT_PATH;
	char *shown AUTO_FREE = text_visible(path, 0);

	report->about = report->what = "policy";
	if (fs_is_open_to_others(path))
		find(report, WARN, "Let only its owner write it.",
			"users other than its owner can write %s", shown);
	else if (fs_is_beneath(documents_base(manifest), path))
		find(report, WARN, "Keep it where a pull request can't change it.",
			"%s is in the directory of the manifest", shown);
	else
		find(report, OK, NULL, "%s applies", shown);
}

static void examine(struct session *session, struct report *report)
{
	if (session->has_policy)
		judge_policy(session, report);
	bool is_found = session_find_state(session);

	report->about = "state";
	report->what = "state";
	if (is_found) {
		judge_state(session, report);
		judge_key(session, report);
	} else {
		find(report, FAIL, see_error, "its location is unknown");
	}
	/* A manifest that can't say where the state is was reported; -account-id needs none. */
	if ((is_found || session->cli->account_ids.count) && session_load_accounts(session) &&
		judge_accounts(session, report))
		return;
	report->account = NULL;
	report->about = "accounts";
	report->what = "accounts";
	find(report, FAIL, see_error, "could not be checked");
}

bool doctor_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};
	struct report report = {.text = &text, .json = document_writer()};

	if (report.json)
		json_begin_array(report.json, "findings");
	examine(session, &report);
	size_t problems = report.counts[FAIL], warnings = report.counts[WARN];
	if (report.json) {
		json_end(report.json);
		return !problems;
	}
	term_out_str(&text);
	if (problems + warnings)
		term_print("%zu problem%s, %zu warning%s.", problems, term_plural(problems),
			warnings, term_plural(warnings));
	return !problems;
}
