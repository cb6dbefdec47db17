/* cfprov apply, destroy and refresh: plan, ask for approval, execute, print the outcome. */
#include "apply/runner.h"

#include "apply/wait_active.h"
#include "interrupt.h"
#include "output.h"
#include "plan/guard.h"
#include "planning.h"
#include "render.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- approval ---- */

static bool ask(int wake)
{
	char answer[64] = "";
	struct str text CLEANUP(str_release) = {0};

	str_char(&text, '\n');
	term_add(&text, STDERR_FILENO, TERM_BOLD, "Do it?");
	str_text_add(&text, " Only `yes` is taken as consent: ");
	term_print_str(&text);
	/* No answer: the end of input, an error, or an interrupt. */
	bool was_read = interrupt_wait_input(wake) && fgets(answer, sizeof(answer), stdin) &&
			interrupt_count == 0;
	answer[strcspn(answer, "\n")] = '\0';
	if (!was_read)
		term_print("%s", "");
	if (was_read && strcmp(answer, "yes") == 0)
		return true;
	term_print("Not approved; nothing was done.");
	return false;
}

static bool is_guarded(const struct cli *cli, const struct plan *plan)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct guard_limits limits = {
		.allow_store_destroy = cli->allow_store_destroy,
		.force = cli->force,
		.max_deletes = cli->max_deletes,
		.max_delete_percent = cli->max_delete_percent,
	};

	return guard_check(plan, &limits, &errors) || term_errors(&errors);
}

static bool is_approved(struct session *session, const char *operation)
{
	const struct cli *cli = session->cli;
	const struct plan *plan = &session->plan;

	if (!is_guarded(cli, plan))
		return false;
	/* Without a question, only what was approved in advance is adopted. */
	for (size_t i = 0; i < plan->row_count && cli->auto_approve; i++)
		if (plan->rows[i].notes & ROW_NEEDS_APPROVAL)
			return term_fail("Nothing was done.",
				"nobody has agreed to adopt what lives already");
	if (cli->auto_approve)
		return true;
	/* An answer may take long: what was approved must still be what would be done. */
	if (cli->input)
		return ask(session->wake_fd) && (!cli->refresh || planning_look_again(session));
	return term_fail("Add -auto-approve if nobody needs to look at the plan first.",
		"%s needs consent, and -input=false forbids to ask", operation);
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
	const struct {
		size_t count;
		const char *what;
	} others[] = {{result->failed, "failed"}, {result->unknown, "unknown"},
		{result->not_started, "not started"}, {inactive, "not active"}};

	str_format(&line, "%s: ",
		result->was_interrupted || interrupt_count > 0 ? "Interrupted"
		: session->input.options.destroys_all          ? "Destroy incomplete"
							       : "Apply incomplete");
	render_counts(&line, &result->done, true);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].count)
			str_format(&line, ", %zu %s", others[i].count, others[i].what);
	if (session->has_failed)
		str_text_add(&line, "; accounts that could not be read were left out");
	str_text_add(&line, result->is_in_journal
				    ? ". The journal has all that worked; the next apply goes on."
				    : ". The state has all that worked.");
	output_incomplete(session, str_text(&line));
}

/* The journal, or the state, could not be written. Gives false. */
static bool report_unwritten(
	const struct executor_result *result, const char *operation, struct error *err)
{
	const char *known =
		result->started == 0 ? "Nothing was sent."
		: result->is_in_journal
			? "What was done stands in the journal, and will be in the state."
		: result->is_in_state ? "The state has what was done."
				      : "The ids of what was made stand above.";
	bool is_lost = result->started && !result->is_in_journal && !result->is_in_state;

	error_hint(err, "%s Make room (or mend what is wrong) and run %s again%s.", known,
		operation, is_lost ? ": it finds them by name" : "");
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

	print_long_run(session);
	bool is_recorded = executor_run(&input, &result, &err);
	runner_free(input.runner);
	term_status(NULL);
	output_failures(session);
	if (!is_recorded)
		return report_unwritten(&result, operation, &err);
	bool is_whole = !(result.failed + result.not_started + result.unknown) &&
			(!cli->wait || wait_active(&wait, &inactive, &err) || term_error(&err)) &&
			!session->has_failed;
	if (!is_whole) {
		print_incomplete(session, &result, inactive);
		return false;
	}
	output_complete(session, &result.done);
	return true;
}

/* Writes what moved, and what an interrupted run left: approved by now, or needing no approval. */
static bool record_what_was_learned(struct session *session)
{
	size_t count = session->plan.moved;
	struct error err CLEANUP(error_release) = {0};

	if (!ledger_commit(&session->ledger, &err)) {
		error_hint(&err, "Nothing was done.");
		return term_error(&err);
	}
	if (count)
		term_print("Moved in the state: %zu object%s.", count, count == 1 ? "" : "s");
	return true;
}

/* False: a question may come, and nobody can answer it. */
static bool can_ask(const struct session *session)
{
	const struct cli *cli = session->cli;

	if (!session->may_ask)
		return true;
	if (cli->json)
		return term_fail("Add -auto-approve, or save a plan with cfprov plan -out=FILE and "
				 "apply that; with -input=false it stops where a question would "
				 "stand.",
			"with -json nobody can be asked for consent");
	for (size_t i = 0; i < cli->manifests.count; i++)
		if (strcmp(cli->manifests.items[i], "-") == 0)
			return term_fail("Give -auto-approve; or save a plan with cfprov plan "
					 "-out=FILE, and apply that.",
				"the standard input has the manifest, so that nobody can be asked "
				"there");
	return true;
}

/* `operation` is what the lock says: "apply". */
static bool run_plan(struct session *session, const char *operation)
{
	const struct cli *cli = session->cli;
	bool is_saved = cli->argument_count > 0;

	session->may_ask = !is_saved && !cli->auto_approve && cli->input;
	if (!output_init(session) || !can_ask(session) ||
		!(is_saved ? planning_load(session, cli->arguments[0])
			   : session_load_manifest(session)) ||
		!session_open_state(session, operation) ||
		!(is_saved ? planning_check(session) : planning_make(session)))
		return false;
	const struct plan_view view = plan_view(session);
	if (is_saved) {
		output_saved_plan(session, &view);
	} else {
		output_plan(session, &view);
		render_notes(&view);
	}
	/* Without a question the state still learns what was refreshed. */
	bool may_run = view_is_empty(&view) || (is_saved ? is_guarded(cli, &session->plan)
							 : is_approved(session, operation));
	return may_run && record_what_was_learned(session) && execute(session, operation);
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
		{"-var", cli->variables.count > 0},
		{"-destroy", cli->destroys},
		{"-refresh-only", cli->refresh_only},
		{"-refresh", !cli->refresh},
		{"-adopt", cli->adopt},
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
		return term_fail("Give it to cfprov plan -out=FILE.",
			"a saved plan is carried out as it is: it takes no %s", option);
	if (cli->wait_timeout_ms >= 0 && !cli->wait)
		return term_fail(NULL, "-wait-timeout goes with -wait only");
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
