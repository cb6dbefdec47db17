/* cfprov doctor: are credentials, accounts and state in order, and if not, what to do? */
#include "adapter/fs.h"
#include "base/moment.h"
#include "base/text.h"
#include "cloudflare/probe.h"
#include "interrupt.h"
#include "plan/account_check.h"
#include "plan/removed.h"
#include "plan/store_limit.h"
#include "planning.h"
#include "term.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { FEW_REQUESTS = 100, MUCH_USED_PERCENT = 90, SOON_SECONDS = 7 * 24 * 60 * 60 };

enum level { OK, WARN, FAIL };

/* The findings are printed at the end, because some refer to "the error above". */
struct report {
	struct str *text;
	const char *about; /* "state", or the alias of an account */
	size_t counts[FAIL + 1];
};

static const char see_error[] = "The error above says why.";
static const char not_the_api[] =
	"What answered is not Cloudflare's API. Check CLOUDFLARE_BASE_URL, the proxy and the "
	"network.";

/* "ok    ABOUT: WHAT", and the advice (NULL if nothing has to be done) indented below. */
static void PRINTF(4, 5)
	find(struct report *report, enum level level, const char *advice, const char *format, ...)
{
	enum { INDENT = 6 };
	static const char *const words[] = {"ok  ", "warn", "fail"};
	static const enum term_style styles[] = {TERM_CREATE, TERM_CHANGE, TERM_DESTROY};
	struct str text CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
	va_list args;

	str_format(&text, "%s: ", report->about);
	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	term_add_folded(&folded, STDOUT_FILENO, INDENT, str_text(&text));
	term_add(report->text, STDOUT_FILENO, styles[level], words[level]);
	str_format(report->text, "  %s", str_text(&folded) + INDENT);
	if (advice)
		term_add_folded(report->text, STDOUT_FILENO, INDENT, advice);
	report->counts[level]++;
}

/* "WHAT: the error's message"; the error's own hint is the better advice. */
static void find_error(struct report *report, enum level level, const char *what,
	const struct error *err, const char *advice)
{
	find(report, level, err->hint ? err->hint : advice, "%s%s%s", what, *what ? ": " : "",
		err->message);
}

static void judge_state(struct session *session, struct report *report)
{
	struct error err CLEANUP(error_release) = {0};
	struct str holder CLEANUP(str_release) = {0}, chmod CLEANUP(str_release) = {0};
	char *path AUTO_FREE = text_visible(session->state_path, 0);
	char *real AUTO_FREE = fs_real_path(session->state_path);
	bool is_locked = ledger_is_locked(session->state_path, &holder);
	const struct state *state = &session->ledger.state;

	session->has_ledger = ledger_read(&session->ledger, session->state_path, &err);
	size_t count = state->model.object_count;
	if (!session->has_ledger)
		find_error(report, FAIL, path, &err, "See to it that the file can be read.");
	else if (!state->lineage[0])
		find(report, OK, NULL, "%s is not there yet; the first apply makes it", path);
	else
		find(report, OK, NULL, "%s can be read: serial %" PRId64 ", %zu object%s", path,
			state->serial, count, term_plural(count));
	if (is_locked)
		find(report, WARN, "Wait for that to end, or let cfprov wait: -lock-timeout=5m.",
			"its lock is held by %s", str_text(&holder));
	else
		find(report, OK, NULL, "nobody holds its lock");
	/* A running apply has a journal; only one without a lock was left behind. */
	if (session->has_ledger && session->ledger.has_journal && !is_locked)
		find(report, WARN, "Run cfprov apply: it takes over what was done, and goes on.",
			"an apply was cut off, and its journal is still there");
	str_format(&chmod, "Take that away: chmod go-w '%s'", path);
	if (fs_is_open_to_others(real))
		find(report, WARN, str_text(&chmod), "others than its owner may write %s", path);
	if (!fs_may_write_beside(real))
		find(report, FAIL,
			"Make the folder writable, or name a state elsewhere with -state.",
			"its folder can't be written, so that apply can't run");
}

/* ---- an account ---- */

static void judge_token(const struct probe *probe, struct report *report)
{
	bool works = !probe->list_err.message;
	const char *expires = probe->token_expires;
	struct moment end;

	if (!probe->uses_token) {
		find(report, OK, NULL, "email and key are given; nothing can verify them alone");
		return;
	}
	if (!probe->token_status) {
		find_error(report, works ? WARN : FAIL,
			works ? "the token works, but can't be verified"
			      : "the token can't be verified",
			&probe->token_err,
			works ? "Nothing has to be done."
			      : "Check that it is right, active and not expired.");
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
		!is_active  ? "Make another token, or let this one be valid again."
		: ends_soon ? "Give it a later end in Cloudflare before then; or make another, "
			      "and put that where this one is read from."
			    : NULL,
		"the %s token is %s%s%s", probe->is_account_token ? "account's own" : "user's",
		status, expires ? ", until " : "", until);
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
				: "Check the account id, the token, and that the token has the "
				  "permission Account, Secrets Store, Edit.");
		return; /* the quota failed for the same reason, most likely */
	}
	find(report, OK, NULL, "Secrets Store can be read%s: %zu store%s%s",
		probe->writing == WRITING_ALLOWED ? " and, it seems, written" : "",
		probe->store_count, term_plural(probe->store_count),
		probe->writing == WRITING_UNKNOWN
			? "; whether it may be written, only a write can tell"
			: "");
	if (probe->writing == WRITING_FORBIDDEN)
		find(report, WARN, "Give the token the permission Account, Secrets Store, Edit.",
			"Secrets Store can't be written: plan works, apply does not");
	if (probe->quota_err.message)
		find_error(report, WARN, "the quota is not known", &probe->quota_err,
			"Nothing has to be done; cfprov works without it.");
	else
		find(report, is_much ? WARN : OK,
			is_much ? "Delete what is not needed, or ask Cloudflare for more." : NULL,
			"%" PRId64 " of %" PRId64 " secrets are used; how many stores there may "
			"be, Cloudflare does not tell",
			quota->used, quota->secrets);
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
	str_text_add(&advice, "Most accounts may have only one store. To use the one that exists, "
			      "declare it in the manifest: ");
	store_limit_add_manifest(&advice, only);
	find(report, WARN, str_text(&advice),
		"%s of the manifest does not exist, but another store does: %s", missing, existing);
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
	find(report, OK, NULL, "the state goes with it: %zu object%s recorded", count,
		term_plural(count));
	if (unresolved)
		find(report, WARN,
			"If none is under way, it was cut off: run cfprov apply, which looks for "
			"them by name.",
			"%zu object%s asked for by an apply, without an answer so far", unresolved,
			unresolved == 1 ? " was" : "s were");
}

/* `recorded` is NULL if the state can't be read. */
static void judge_account(const struct probe *probe, const struct model *desired,
	const struct model *recorded, struct report *report)
{
	int64_t left = probe->rate_remaining;

	report->about = probe->account->alias;
	if (!probe->has_lane) {
		find_error(report, FAIL, "", &probe->credentials_err,
			"Set the variable to a token with the permission Account, Secrets Store, "
			"Edit.");
	} else if (probe->is_not_the_api && !probe->token_status) {
		find_error(report, FAIL, "neither the token nor Secrets Store could be checked",
			&probe->list_err, not_the_api);
	} else {
		/* Accounts that share a token share what is said of it. */
		if (!probe->shares)
			judge_token(probe, report);
		judge_access(probe, report);
		if (!probe->shares && left >= 0)
			find(report, left < FEW_REQUESTS ? WARN : OK,
				left < FEW_REQUESTS ? "cfprov slows down by itself; a token of its "
						      "own makes it quicker."
						    : NULL,
				"%" PRId64 " request%s left for the next %" PRId64 " s", left,
				left == 1 ? " is" : "s are", (probe->rate_reset_ms + 999) / 1000);
	}
	if (recorded) {
		judge_room(probe, desired, recorded, report);
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
	report->about = "accounts";
	for (size_t i = 0; i < errors.count; i++)
		find_error(report, FAIL, "", &errors.items[i], NULL);
}

/* False: there is no client, or the user interrupted; that was reported. */
static bool judge_accounts(struct session *session, struct report *report)
{
	const struct model *desired = &session->desired, *recorded = NULL;
	struct error err CLEANUP(error_release) = {0};

	if (!session_new_client(session))
		return false;
	if (session->has_ledger) {
		report->about = "moved";
		if (!planning_move(session, &err))
			find(report, FAIL, "Mend `moved` in the manifest.", "%s", err.message);
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
	bool is_whole = probe_run(&input, probes, count, &err) || term_error(&err);
	for (size_t i = 0; i < count; i++) {
		if (is_whole)
			judge_account(&probes[i], desired, recorded, report);
		probe_release(&probes[i]);
	}
	return is_whole;
}

bool doctor_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};
	struct report report = {&text, "state", {0}};

	bool is_found = session_find_state(session);
	if (is_found)
		judge_state(session, &report);
	else
		find(&report, FAIL, see_error, "it is not known where it is");
	/* A manifest that can't say where the state is was reported; -account-id needs none. */
	if ((!is_found && !session->cli->account_ids.count) || !session_load_accounts(session) ||
		!judge_accounts(session, &report)) {
		report.about = "accounts";
		find(&report, FAIL, see_error, "they could not be looked at");
	}
	term_out_str(&text);
	if (report.counts[FAIL] + report.counts[WARN])
		term_print("%zu to mend, %zu to know.", report.counts[FAIL], report.counts[WARN]);
	return !report.counts[FAIL];
}
