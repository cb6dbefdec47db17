/* cfprov apply, destroy and refresh: plan, ask for approval, execute, print the outcome. */
#include "apply/runner.h"

#include "apply/wait_active.h"
#include "approval.h"
#include "broken.h"
#include "interrupt.h"
#include "notes.h"
#include "output.h"
#include "plan/guard.h"
#include "planning.h"
#include "render.h"
#include "term.h"

#include <string.h>
#include <unistd.h>

/* ---- approval ---- */

static void add_question(struct str *text, const struct session *session)
{
	const struct plan_options *options = &session->input.options;
	size_t count = session->plan.counts.destroy;

	if (options->refresh_only)
		str_text_add(text, "Do you want to update the state to match Cloudflare?");
	else if (!options->destroys_all || !count)
		str_text_add(text, "Do you want to perform these actions?");
	else if (count == 1)
		str_text_add(text, "Do you really want to destroy this object? "
				   "This cannot be undone.");
	else
		str_format(text,
			"Do you really want to destroy these %zu objects? This cannot be undone.",
			count);
}

static bool ask(const struct session *session)
{
	struct str text CLEANUP(str_release) = {0};

	add_question(&text, session);
	return approval_get(session,
		&(struct approval){.question = str_text(&text),
			.option = "-auto-approve, or apply a saved plan",
			.verb = session->input.options.destroys_all ? "Destroy" : "Apply"});
}

static bool is_guarded(const struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct cli *cli = session->cli;
	struct guard_limits limits = guard_defaults(&session->input.options);

	limits.allow_store_destroy |= cli->allow_store_destroy;
	limits.force = cli->force;
	limits.policy = session->has_policy ? &session->policy.destroy : NULL;
	limits.max_deletes = cli->max_deletes;
	if (cli->max_delete_percent != CLI_NOT_GIVEN)
		limits.max_delete_percent = cli->max_delete_percent;
	return guard_check(&session->plan, &limits, &errors) || term_errors(&errors);
}

static bool is_approved(struct session *session)
{
	const struct cli *cli = session->cli;
	struct str names CLEANUP(str_release) = {0};

	if (!is_guarded(session))
		return false;
	size_t count = notes_adoptions(&names, &session->plan);
	if (!cli->auto_approve)
		/* An answer may take long: what was approved must still be what would be done. */
		return ask(session) && (!cli->refresh || planning_look_again(session));
	/* Without a question, only what was approved in advance is adopted. */
	return !count ||
	       term_fail("To approve the adoption, pass -adopt or set `adopt: true` in the "
			 "manifest. No changes were made.",
		       "%s already exist%s, and the adoption is not approved", str_text(&names),
		       count == 1 ? "s" : "");
}

/* ---- the rate limit ---- */

/* Gives about how many requests the row takes; what has to be looked up is not foreseen. */
static int64_t requests_of(const struct row *row)
{
	static const int64_t requests[] = {[ACTION_CREATE] = 1,
		[ACTION_UPDATE] = 1,
		[ACTION_REPLACE] = 2,
		[ACTION_DESTROY] = 1,
		[ACTION_FORGET] = 0};
	bool writes_too = row->writes && (row->copies || row->action == ACTION_ADOPT);

	if (row->action == ACTION_DESTROY && row->notes & ROW_WITH_STORE)
		return 0;
	return requests[row->action] + writes_too;
}

/* Prints, for each credential whose rate limit does not allow the whole plan at once, how long it
 * takes. */
static void print_long_run(const struct session *session)
{
	const struct plan *plan = &session->plan;
	const struct object *store = NULL; /* whose new secrets are being counted */
	size_t batched = 0;
	int64_t *counts AUTO_FREE =
		mem_alloc(client_lane_count(session->client) * sizeof(*counts)); /* of each lane */

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		const struct object *object = row_object(row);
		bool is_new_secret = row->action == ACTION_CREATE && object->secret && !row->copies;
		if (requests_of(row) == 0) /* its account may be unknown, too */
			continue;
		if (!store || !object_shares_store(store, object)) {
			store = object;
			batched = 0;
		}
		if (!is_new_secret || batched++ % EXECUTOR_BATCH == 0)
			counts[live_find_account(
				session->accounts, session->desired.account_count, object->account)
					->lane] += requests_of(row);
	}
	client_emit_long_run(session->client, counts, "This run");
}

/* ---- the run ---- */

static void print_incomplete(
	const struct session *session, const struct executor_result *result, size_t inactive)
{
	struct str line CLEANUP(str_release) = {0};
	bool is_stopped = result->was_interrupted || interrupt_count > 0;
	bool destroys = session->input.options.destroys_all;
	bool is_bad = result->failed + result->unknown + result->not_started > 0;
	const struct {
		size_t count;
		const char *what;
	} others[] = {{result->failed, "failed"}, {result->unknown, "unknown"},
		{result->not_started, "not started"}, {inactive, "not active"}};

	if (session->cli->command->run == refresh_run) {
		str_format(&line, "Refresh incomplete: the state has %zu update%s",
			session->plan.learned, term_plural(session->plan.learned));
	} else {
		str_format(&line, "%s: ",
			is_stopped ? "Interrupted"
			: destroys ? "Destroy incomplete"
				   : "Apply incomplete");
		render_counts(&line, &result->done, true);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].count)
			str_format(&line, ", %zu %s", others[i].count, others[i].what);
	if (session->has_failed) {
		str_text_add(&line, "; ");
		session_add_unread(&line, &session->unread);
	}
	if (result->is_in_journal)
		str_format(&line, ". Progress is recorded. Run `cfprov %s` again to resume.",
			destroys ? "destroy" : "apply");
	else
		str_text_add(&line, ". Completed changes are saved in the state.");
	output_incomplete(
		session, is_stopped || !is_bad ? TERM_CHANGE : TERM_DESTROY, str_text(&line));
}

/* The journal, or the state, could not be written. Gives false. */
static bool report_unwritten(
	const struct executor_result *result, const char *operation, struct error *err)
{
	const char *known = result->started == 0 ? "No changes were made."
			    : result->is_in_journal
				    ? "Completed changes are in the journal; the next run adds "
				      "them to the state."
			    : result->is_in_state ? "Completed changes are saved in the state."
						  : "The ids of created objects are listed above.";
	bool is_lost = result->started && !result->is_in_journal && !result->is_in_state;

	if (err->hint)
		error_hint(err, "%s %s", known, err->hint);
	else
		error_hint(err,
			"%s Free disk space or fix the problem, then run `cfprov %s` again%s.",
			known, operation, is_lost ? " to find these objects by name" : "");
	return term_error(err);
}

static bool execute(struct session *session, const char *operation)
{
	struct error err CLEANUP(error_release) = {0};
	const struct cli *cli = session->cli;
	struct executor_result result;
	size_t inactive = 0;
	const struct runner_options options = {
		.client = session->client,
		.accounts = session->accounts,
		.count = session->desired.account_count,
		.plan = &session->plan,
		.live = &session->live,
		.values = &session->values,
		.patience_ms = cli->patience_ms,
		.force = cli->force,
	};
	struct executor_input input = {
		.plan = &session->plan,
		.desired = &session->desired,
		.runner = runner_new(&options),
		.ledger = &session->ledger,
		.sink = &session->sink,
		.parallelism = cli->parallelism,
		.interrupted = &interrupt_count,
	};
	const struct wait_input wait = {
		.live = session_live_input(session),
		.plan = &session->plan,
		.ledger = &session->ledger,
		.timeout_ms = cli->wait_timeout_ms < 0 ? CLI_WAIT_TIMEOUT_MS : cli->wait_timeout_ms,
	};

	documents_drop_texts(&session->manifest.documents); /* a large run needs the memory */
	progress_apply(&session->progress);
	print_long_run(session);
	bool is_recorded = executor_run(&input, &result, &err);
	runner_free(input.runner);
	term_status(NULL);
	output_failures(session);
	if (!is_recorded)
		return report_unwritten(
			&result, session->input.options.destroys_all ? "destroy" : operation, &err);
	bool is_whole = !(result.failed + result.not_started + result.unknown) &&
			(!cli->wait || wait_active(&wait, &inactive, &err) || term_error(&err)) &&
			!session->has_failed;
	if (!is_whole) {
		print_incomplete(session, &result, inactive);
		return false;
	}
	output_complete(session, &result.done);
	session_note_old_key(session);
	return true;
}

/* Writes what moved, and what an interrupted run left: approved by now, or needing no approval. */
static bool record_what_was_learned(struct session *session)
{
	size_t count = session->plan.moved;
	struct error err CLEANUP(error_release) = {0};

	if (!ledger_commit(&session->ledger, &err)) {
		error_hint(&err, "No changes were made.");
		return term_error(&err);
	}
	if (count)
		term_print("Moved %zu object%s in the state.", count, term_plural(count));
	return true;
}

/* False: a question may come, and nobody can answer it. */
static bool can_ask(const struct session *session)
{
	const struct cli *cli = session->cli;

	if (!session->may_ask)
		return true;
	if (cli->json)
		return term_fail("Pass -auto-approve, or save a plan with `cfprov plan -out=FILE` "
				 "and apply it.",
			"-json requires -auto-approve or a saved plan");
	for (size_t i = 0; i < cli->manifests.count; i++)
		if (strcmp(cli->manifests.items[i], "-") == 0)
			return term_fail("Pass -auto-approve, or save a plan with `cfprov plan "
					 "-out=FILE` and apply it.",
				"the manifest comes from the standard input, so approval can't be "
				"read from there");
	return true;
}

static void print_plan(const struct session *session, const struct plan_view *view)
{
	output_plan(session, view);
	if (!session->cli->auto_approve) /* else it is an error */
		notes_print_adoptions(view->plan);
	notes_print(view);
}

static bool load_saved(struct session *session)
{
	return planning_load(session, session->cli->arguments[0], true) &&
	       planning_check_state(session);
}

/* `operation` is what the lock says: "apply". */
static bool run_plan(struct session *session, const char *operation)
{
	const struct cli *cli = session->cli;
	bool is_saved = cli->argument_count > 0;

	session->may_ask = !is_saved && !cli->auto_approve && cli->input;
	if (!output_init(session) || !can_ask(session) ||
		!(is_saved ? load_saved(session) : session_load_manifest(session)) ||
		!session_open_state(session, operation) ||
		!(is_saved ? planning_check(session) : planning_make(session)))
		return false;
	const struct plan_view view = plan_view(session);
	if (is_saved) {
		output_saved_plan(session, &view);
		broken_warn(view.plan);
	} else {
		print_plan(session, &view);
	}
	/* Without a question the state still learns what was refreshed. */
	bool may_run =
		view_is_empty(&view) || (is_saved ? is_guarded(session) : is_approved(session));
	if (!may_run)
		return false;
	values_finish(&session->values, &session->plan);
	(void)session_confine(session);
	return record_what_was_learned(session) && execute(session, operation);
}

/* ---- the commands ---- */

/* A saved plan was made with options of its own: lends the first that was given all the same. */
static const char *planning_option(const struct cli *cli)
{
	const struct {
		const char *name;
		bool is_given;
	} given[] = {
		{"-account", cli->accounts.count > 0},
		{"-target", cli->targets.count > 0},
		{"-exclude", cli->excludes.count > 0},
		{"-replace", cli->replaces.count > 0},
		{"-destroy", cli->destroys},
		{"-refresh-only", cli->refresh_only},
		{"-refresh", !cli->refresh},
		{"-adopt", cli->adopt},
		{"-bindings", cli->bindings.count > 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i].is_given)
			return given[i].name;
	return NULL;
}

bool apply_run(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *option = cli->argument_count ? planning_option(cli) : NULL;

	if (option)
		return term_fail("Pass it to `cfprov plan -out=FILE`.",
			"%s can't be used with a saved plan", option);
	if (cli->wait_timeout_ms >= 0 && !cli->wait)
		return term_fail(NULL, "-wait-timeout requires -wait");
	return planning_check_options(cli) && run_plan(session, "apply");
}

bool destroy_run(struct session *session)
{
	session->cli->destroys = true;
	return run_plan(session, "destroy");
}

/* `apply -refresh-only`, without a question. */
bool refresh_run(struct session *session)
{
	session->cli->auto_approve = session->cli->refresh_only = true;
	return run_plan(session, "refresh");
}
