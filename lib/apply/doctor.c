#include "apply/doctor.h"

#include "base/moment.h"
#include "base/text.h"
#include "plan/account_check.h"
#include "plan/removed.h"
#include "plan/store_limit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_REQUESTS = 100, MUCH_USED_PERCENT = 90, SOON_SECONDS = 7 * 24 * 60 * 60 };

void findings_add(struct findings *findings, const struct finding *finding)
{
	findings->items = mem_room(
		findings->items, findings->count, &findings->room, sizeof(*findings->items));
	struct finding *copy = &findings->items[findings->count++];
	*copy = *finding;
	copy->about = arena_text(&findings->arena, finding->about);
	copy->what = arena_text(&findings->arena, finding->what);
	copy->advice = finding->advice ? arena_text(&findings->arena, finding->advice) : NULL;
	findings->warnings += finding->level == FINDING_WARN;
	findings->failures += finding->level == FINDING_FAIL;
}

void findings_release(struct findings *findings)
{
	arena_release(&findings->arena);
	free(findings->items);
	*findings = (struct findings){0};
}

static const char not_the_api[] =
	"What answered is not Cloudflare's API. Check CLOUDFLARE_BASE_URL, the proxy and the "
	"network.";

/* About whom is spoken. */
struct judging {
	struct findings *findings;
	const char *about;
};

static void find(const struct judging *j, enum finding_level level, const struct str *what,
	const char *advice)
{
	findings_add(j->findings, &(struct finding){level, j->about, str_text(what), advice});
}

static void find_text(
	const struct judging *j, enum finding_level level, const char *what, const char *advice)
{
	findings_add(j->findings, &(struct finding){level, j->about, what, advice});
}

/* "WHAT: the error's message", with the error's hint or else this advice. */
static void find_error(const struct judging *j, enum finding_level level, const char *what,
	const struct error *err, const char *advice)
{
	struct str text CLEANUP(str_release) = {0};

	str_format(&text, "%s%s%s", what, *what ? ": " : "", err->message);
	find(j, level, &text, err->hint ? err->hint : advice);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- the state ---- */

static void judge_lock(const struct judging *j, const struct doctor_state *state)
{
	struct str text CLEANUP(str_release) = {0};

	if (!state->holder) {
		find_text(j, FINDING_OK, "nobody holds its lock", NULL);
		return;
	}
	str_format(&text, "its lock is held by %s", state->holder);
	find(j, FINDING_WARN, &text, "Wait for that to end, or let cfprov wait: -lock-timeout=5m.");
}

static void judge_files(const struct judging *j, const struct doctor_state *state)
{
	struct str text CLEANUP(str_release) = {0}, advice CLEANUP(str_release) = {0};

	/* While somebody works, a journal is what should be there. */
	if (state->has_journal && !state->holder)
		find_text(j, FINDING_WARN, "an apply was cut off, and its journal is still there",
			"Run cfprov apply: it takes over what was done, and goes on.");
	if (state->is_open_to_others) {
		str_format(&text, "others than its owner may write %s", state->path);
		str_format(&advice, "Take that away: chmod go-w '%s'", state->path);
		find(j, FINDING_WARN, &text, str_text(&advice));
	}
	if (!state->may_write)
		find_text(j, FINDING_FAIL, "its folder can't be written, so that apply can't run",
			"Make the folder writable, or name a state elsewhere with -state.");
}

void doctor_judge_state(const struct doctor_state *state, struct findings *findings)
{
	const struct judging j = {findings, "state"};
	struct str text CLEANUP(str_release) = {0};

	if (state->err) {
		find_error(&j, FINDING_FAIL, state->path, state->err,
			"See to it that the file can be read.");
	} else if (!state->exists) {
		str_format(&text, "%s is not there yet; the first apply makes it", state->path);
		find(&j, FINDING_OK, &text, NULL);
	} else {
		size_t count = state->recorded->object_count;
		str_format(&text, "%s can be read: serial %" PRId64 ", %zu object%s", state->path,
			state->serial, count, plural(count));
		find(&j, FINDING_OK, &text, NULL);
	}
	judge_lock(&j, state);
	judge_files(&j, state);
}

/* ---- an account ---- */

static bool ends_soon(const struct probe *probe)
{
	struct moment ends;

	return moment_read(probe->token_expires, &ends) &&
	       ends.seconds < probe->asked_at + SOON_SECONDS;
}

/* Its status, and until when. */
static void judge_verified(const struct judging *j, const struct probe *probe)
{
	struct str text CLEANUP(str_release) = {0};
	const char *status = probe->token_status, *expires = probe->token_expires;

	str_format(&text, "the %s token is ", probe->is_account_token ? "account's own" : "user's");
	text_add_visible(&text, status, strlen(status), 40);
	if (expires) {
		str_text_add(&text, ", until ");
		text_add_visible(&text, expires, strlen(expires), 40);
	}
	if (strcmp(status, "active") != 0)
		find(j, FINDING_FAIL, &text, "Make another token, or let this one be valid again.");
	else if (ends_soon(probe))
		find(j, FINDING_WARN, &text,
			"Give it a later end in Cloudflare before then; or make another, and put "
			"that where this one is read from.");
	else
		find(j, FINDING_OK, &text, NULL);
}

static void judge_token(const struct judging *j, const struct probe *probe)
{
	const char *status = probe->token_status;

	if (!probe->uses_token) {
		find_text(j, FINDING_OK, "email and key are given; nothing can verify them alone",
			NULL);
	} else if (!status && !probe->list_err.message) {
		find_error(j, FINDING_WARN, "the token works, but can't be verified",
			&probe->token_err, "Nothing has to be done.");
	} else if (!status) {
		find_error(j, FINDING_FAIL, "the token can't be verified", &probe->token_err,
			"Check that it is right, active and not expired.");
	} else {
		judge_verified(j, probe);
	}
}

/* What it may do can't be asked; only a list shows that it reads, and a refusal that it writes. */
static void judge_access(const struct judging *j, const struct probe *probe)
{
	struct str text CLEANUP(str_release) = {0};

	if (probe->list_err.message) {
		find_error(j, FINDING_FAIL, "Secrets Store can't be read", &probe->list_err,
			probe->is_not_the_api
				? not_the_api
				: "Check the account id, the token, and that the token has the "
				  "permission Account, Secrets Store, Edit.");
		return;
	}
	str_format(&text, "Secrets Store can be read%s: %zu store%s",
		probe->writing == WRITING_ALLOWED ? " and, it seems, written" : "",
		probe->store_count, plural(probe->store_count));
	if (probe->writing == WRITING_UNKNOWN)
		str_text_add(&text, "; whether it may be written, only a write can tell");
	find(j, FINDING_OK, &text, NULL);
	if (probe->writing == WRITING_FORBIDDEN)
		find_text(j, FINDING_WARN,
			"Secrets Store can't be written: plan works, apply does not",
			"Give the token the permission Account, Secrets Store, Edit.");
}

static void judge_quota(const struct judging *j, const struct probe *probe)
{
	struct str text CLEANUP(str_release) = {0};
	const struct cf_quota *quota = &probe->quota;

	if (probe->list_err.message)
		return; /* for the same reason, most likely */
	if (probe->quota_err.message) {
		find_error(j, FINDING_WARN, "the quota is not known", &probe->quota_err,
			"Nothing has to be done; cfprov works without it.");
		return;
	}
	str_format(&text,
		"%" PRId64 " of %" PRId64 " secrets are used; how many stores there may be, "
		"Cloudflare does not tell",
		quota->used, quota->secrets);
	bool is_much = quota->used * 100 >= quota->secrets * MUCH_USED_PERCENT;
	find(j, is_much ? FINDING_WARN : FINDING_OK, &text,
		is_much ? "Delete what is not needed, or ask Cloudflare for more." : NULL);
}

static void judge_rate(const struct judging *j, const struct probe *probe)
{
	struct str text CLEANUP(str_release) = {0};
	bool is_little = probe->rate_remaining < FEW_REQUESTS;

	if (probe->rate_remaining < 0)
		return;
	str_format(&text, "%" PRId64 " request%s left for the next %" PRId64 " s",
		probe->rate_remaining, probe->rate_remaining == 1 ? " is" : "s are",
		(probe->rate_reset_ms + 999) / 1000);
	find(j, is_little ? FINDING_WARN : FINDING_OK, &text,
		is_little ? "cfprov slows down by itself; a token of its own makes it quicker."
			  : NULL);
}

static void judge_records(
	const struct judging *j, const struct probe *probe, const struct model *recorded)
{
	struct error err CLEANUP(error_release) = {0};
	struct str text CLEANUP(str_release) = {0};
	size_t count, unresolved;

	if (!account_check(recorded, probe->account, &err)) {
		find_error(j, FINDING_FAIL, "", &err, NULL);
		return;
	}
	account_check_count(recorded, probe->account->alias, &count, &unresolved);
	str_format(&text, "the state goes with it: %zu object%s recorded", count, plural(count));
	find(j, FINDING_OK, &text, NULL);
	if (!unresolved)
		return;
	str_clear(&text);
	str_format(&text, "%zu object%s asked for by an apply, without an answer so far",
		unresolved, unresolved == 1 ? " was" : "s were");
	find(j, FINDING_WARN, &text,
		"If none is under way, it was cut off: run cfprov apply, which looks for "
		"them by name.");
}

/* Lends a store that the manifest declares in the account; NULL: there is none. */
static const struct object *declared_store(const struct model *desired, const char *alias)
{
	const struct object *first = model_first_in(desired, alias);

	return first && first->kind == OBJECT_STORE ? first : NULL;
}

/* The account has one store, which nobody manages, so that the manifest's may find no room. */
static void judge_room(const struct judging *j, const struct probe *probe,
	const struct model *desired, const struct model *recorded)
{
	struct str text CLEANUP(str_release) = {0}, advice CLEANUP(str_release) = {0};
	const char *alias = probe->account->alias, *only = probe->only_store;
	const struct object *declared = declared_store(desired, alias);

	if (!only || !declared || store_limit_is_managed(desired, recorded, alias, only))
		return;
	text_add_visible(&text, declared->store, strlen(declared->store), 120);
	str_text_add(&text, " of the manifest does not exist, but another store does: ");
	text_add_visible(&text, only, strlen(only), 120);
	str_text_add(&advice, "Most accounts may have only one store. To use the one that exists, "
			      "declare it in the manifest: ");
	store_limit_add_manifest(&advice, only);
	find(j, FINDING_WARN, &text, str_text(&advice));
}

void doctor_judge_dropped(
	const struct model *recorded, const struct model *desired, struct findings *findings)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct judging j = {findings, "accounts"};

	if (removed_check_accounts(recorded, desired, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++)
		find_error(&j, FINDING_FAIL, "", &errors.items[i], NULL);
}

void doctor_judge_account(const struct probe *probe, const struct model *desired,
	const struct model *recorded, struct findings *findings)
{
	const struct judging j = {findings, probe->account->alias};

	if (!probe->has_lane) {
		find_error(&j, FINDING_FAIL, "", &probe->credentials_err,
			"Set the variable to a token with the permission Account, Secrets Store, "
			"Edit.");
	} else if (probe->is_not_the_api && !probe->token_status) {
		find_error(&j, FINDING_FAIL, "neither the token nor Secrets Store could be checked",
			&probe->list_err, not_the_api);
	} else {
		/* Accounts that share a token share what is said of it. */
		if (!probe->shares)
			judge_token(&j, probe);
		judge_access(&j, probe);
		judge_quota(&j, probe);
		if (!probe->shares)
			judge_rate(&j, probe);
	}
	if (recorded) {
		judge_room(&j, probe, desired, recorded);
		judge_records(&j, probe, recorded);
	}
}
