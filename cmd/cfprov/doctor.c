/* cfprov doctor: are credentials, accounts and state in order, and if not, what to do? */
#include "engine/doctor.h"

#include "accounts.h"
#include "adapter/fs.h"
#include "adapter/table.h"
#include "base/text.h"
#include "commands.h"
#include "interrupt.h"
#include "planning.h"
#include "progress.h"
#include "session.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the state ---- */

static void judge_state(struct session *session, struct findings *findings)
{
	struct error err CLEANUP(error_release) = {0};
	struct str holder CLEANUP(str_release) = {0}, path CLEANUP(str_release) = {0};
	char *real AUTO_FREE = fs_real_path(session->state_path);
	bool is_locked = ledger_is_locked(session->state_path, &holder);
	const struct ledger *ledger = &session->ledger;

	text_add_visible(&path, session->state_path, strlen(session->state_path), 0);
	session->has_ledger = ledger_read(&session->ledger, session->state_path, &err);
	doctor_judge_state(
		&(struct doctor_state){
			.path = str_text(&path),
			.err = session->has_ledger ? NULL : &err,
			.exists = session->has_ledger && ledger->state.lineage[0],
			.has_journal = session->has_ledger && ledger->has_journal,
			.is_open_to_others = fs_is_open_to_others(real),
			.may_write = fs_may_write_beside(real),
			.holder = is_locked ? str_text(&holder) : NULL,
			.recorded = session->has_ledger ? &ledger->state.model : NULL,
			.serial = session->has_ledger ? ledger->state.serial : 0,
		},
		findings);
}

/* ---- accounts ---- */

static void find_lanes(struct session *session, struct checkup *checkups)
{
	struct table *lanes = NULL;

	for (size_t i = 0; i < session->desired.account_count; i++) {
		struct checkup *checkup = &checkups[i];
		checkup->account = &session->desired.accounts[i];
		checkup->has_lane = session_find_lane(session, &lanes, checkup->account,
			&checkup->lane, &checkup->credentials_err);
	}
	table_free(&lanes);
}

/* Says its errors itself: without a client, or after an interrupt, nothing is known. */
static bool judge_accounts(struct session *session, struct findings *findings)
{
	size_t count = session->desired.account_count;
	struct error err CLEANUP(error_release) = {0};

	if (!session_new_client(session))
		return false;
	if (session->has_ledger && !planning_move(session, &err)) {
		findings_add(findings, &(struct finding){FINDING_FAIL, "moved", err.message,
					       "Mend `moved` in the manifest."});
		error_release(&err);
	}
	const struct model *recorded = session->has_ledger ? &session->ledger.state.model : NULL;
	bool is_whole_manifest =
		accounts_are_of_manifest(session->cli) && !session->cli->accounts.count;
	if (recorded && is_whole_manifest)
		doctor_judge_dropped(recorded, &session->desired, findings);
	const struct live_input input = session_live_input(session);
	struct checkup *checkups AUTO_FREE = mem_alloc(count * sizeof(*checkups));
	find_lanes(session, checkups);
	bool is_whole = checkup_run(&input, checkups, count, &err);
	if (!is_whole)
		term_error(&err);
	for (size_t i = 0; i < count; i++) {
		if (is_whole)
			doctor_judge_account(&checkups[i], &session->desired, recorded, findings);
		checkup_release(&checkups[i]);
	}
	return is_whole;
}

/* ---- what is said ---- */

/* "ok    about: what", and below it, in the column of `about`, what to do. */
static void add_finding(struct str *out, const struct finding *finding)
{
	enum { INDENT = 6 };
	struct str text CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
	static const struct {
		const char *word;
		enum term_style style;
	} looks[] = {
		[FINDING_OK] = {"ok  ", TERM_CREATE},
		[FINDING_WARN] = {"warn", TERM_CHANGE},
		[FINDING_FAIL] = {"fail", TERM_DESTROY},
	};

	term_add(out, STDOUT_FILENO, looks[finding->level].style, looks[finding->level].word);
	str_format(&text, "%s: %s", finding->about, finding->what);
	term_add_folded(&folded, STDOUT_FILENO, INDENT, str_text(&text));
	str_format(out, "  %s", str_text(&folded) + INDENT);
	if (finding->advice)
		term_add_folded(out, STDOUT_FILENO, INDENT, finding->advice);
}

static void tell(const struct findings *findings)
{
	struct str text CLEANUP(str_release) = {0};

	for (size_t i = 0; i < findings->count; i++)
		add_finding(&text, &findings->items[i]);
	term_out_str(&text);
	if (findings->failures + findings->warnings)
		term_say("%zu to mend, %zu to know.", findings->failures, findings->warnings);
}

int doctor_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct findings findings CLEANUP(findings_release) = {0};

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	bool knows_state = session_find_state(&session);
	if (knows_state)
		judge_state(&session, &findings);
	else
		findings_add(&findings,
			&(struct finding){FINDING_FAIL, "state", "it is not known where it is",
				"The error above says why."});
	/* What is wrong with the manifest was said by then. */
	bool is_whole = (knows_state || cli->account_ids.count) && accounts_load(&session) &&
			judge_accounts(&session, &findings);
	if (!is_whole)
		findings_add(&findings,
			&(struct finding){FINDING_FAIL, "accounts", "they could not be looked at",
				"The error above says why."});
	tell(&findings);
	return findings.failures ? EXIT_ERROR : EXIT_DONE;
}
