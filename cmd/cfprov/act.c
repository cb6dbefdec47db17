#include "act.h"

#include "apply/runner.h"
#include "apply/wait_active.h"
#include "budget.h"
#include "interrupt.h"
#include "output.h"
#include "plan/guard.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- consent ---- */

/* Without a question, what was not agreed to in advance can't be agreed to. */
static bool has_consent(const struct plan *plan)
{
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < plan->action_count; i++) {
		if (!plan->actions[i].needs_consent)
			continue;
		error_set(&err, "nobody has agreed to adopt what lives already");
		error_hint(&err, "Nothing was done.");
		term_error(&err);
		return false;
	}
	return true;
}

/* Reads one line; false at the end of input, at an error, or when interrupted. */
static bool read_answer(int wake, char *answer, size_t size)
{
	return interrupt_wait_input(wake) && fgets(answer, (int)size, stdin) &&
	       interrupt_count == 0;
}

static bool ask(int wake)
{
	char answer[64] = "";
	struct str text CLEANUP(str_release) = {0};

	str_char(&text, '\n');
	term_add(&text, STDERR_FILENO, TERM_BOLD, "Do it?");
	str_text_add(&text, " Only `yes` is taken as consent: ");
	term_say_str(&text);
	bool was_read = read_answer(wake, answer, sizeof(answer));
	answer[strcspn(answer, "\n")] = '\0';
	if (!was_read)
		term_say("%s", "");
	if (was_read && strcmp(answer, "yes") == 0)
		return true;
	term_say("Not approved; nothing was done.");
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

	if (guard_check(plan, &limits, &errors))
		return true;
	term_errors(&errors);
	return false;
}

/* An answer may take long: what was agreed to must still be what would be done. */
static bool is_agreed(struct session *session)
{
	return ask(session->wake_fd) && (!session->cli->refresh || planning_look_again(session));
}

static bool is_approved(struct session *session, const char *operation)
{
	const struct cli *cli = session->cli;
	const struct plan *plan = &session->plan;
	struct error err CLEANUP(error_release) = {0};

	if (!is_guarded(cli, plan))
		return false;
	if (cli->auto_approve)
		return has_consent(plan);
	if (cli->input)
		return is_agreed(session);
	error_set(&err, "%s needs consent, and -input=false forbids to ask", operation);
	error_hint(&err, "Add -auto-approve if nobody needs to look at the plan first.");
	term_error(&err);
	return false;
}

/* ---- doing it ---- */

/* -wait: until the secrets are active. False: some are not, *ret_left of them; that was said. */
static bool wait_for_secrets(struct session *session, size_t *ret_left)
{
	struct error err CLEANUP(error_release) = {0};
	const struct cli *cli = session->cli;
	const struct wait_input input = {
		.live = session_live_input(session),
		.plan = &session->plan,
		.ledger = &session->ledger,
		.timeout_ms = cli->wait_timeout_ms < 0 ? CLI_WAIT_TIMEOUT_MS : cli->wait_timeout_ms,
	};

	*ret_left = 0;
	if (!cli->wait || wait_active(&input, ret_left, &err))
		return true;
	term_error(&err);
	return false;
}

static int tell_incomplete(const struct session *session, enum planning_mode mode,
	const struct executor_result *result, size_t inactive, const struct output *output)
{
	struct str line CLEANUP(str_release) = {0}, counts CLEANUP(str_release) = {0};
	const char *what = mode == PLANNING_DESTROY ? "Destroy incomplete" : "Apply incomplete";
	bool was_interrupted = result->was_interrupted || interrupt_count > 0;

	render_done(&counts, &result->done);
	if (result->failed)
		str_format(&counts, ", %zu failed", result->failed);
	if (result->unknown)
		str_format(&counts, ", %zu unknown", result->unknown);
	if (result->not_started)
		str_format(&counts, ", %zu not started", result->not_started);
	if (inactive)
		str_format(&counts, ", %zu not active", inactive);
	if (session->has_failed)
		str_text_add(&counts, "; accounts that could not be read were left out");
	str_format(&line, "%s: %s. %s", was_interrupted ? "Interrupted" : what, str_text(&counts),
		result->is_in_journal ? "The journal has all that worked; the next apply goes on."
				      : "The state has all that worked.");
	output->form->incomplete(str_text(&line));
	return EXIT_ERROR;
}

static int tell_end(struct session *session, enum planning_mode mode,
	const struct executor_result *result, const struct output *output)
{
	size_t inactive = 0;

	output->form->failures(output);
	if (result->failed + result->not_started + result->unknown ||
		!wait_for_secrets(session, &inactive) || session->has_failed)
		return tell_incomplete(session, mode, result, inactive, output);
	output->form->complete(mode, &result->done);
	return EXIT_DONE;
}

/* The journal, or the state, could not be written. */
static void tell_unwritten(
	const struct executor_result *result, const char *operation, struct error *err)
{
	const char *known =
		result->started == 0 ? "Nothing was sent."
		: result->is_in_journal
			? "What was done stands in the journal, and will be in the state."
		: result->is_in_state ? "The state has what was done."
				      : "The ids of what was made stand above.";
	const char *next = result->started && !result->is_in_journal && !result->is_in_state
				   ? ": it finds them by name"
				   : "";

	error_hint(err, "%s Make room (or mend what is wrong) and run %s again%s.", known,
		operation, next);
	term_error(err);
}

static int execute(struct session *session, enum planning_mode mode, const char *operation,
	const struct output *output)
{
	struct error err CLEANUP(error_release) = {0};
	struct executor_result result;
	const struct runner_options options = {
		.client = session->client,
		.accounts = session->accounts,
		.count = session->desired.account_count,
		.plan = &session->plan,
		.live = &session->live,
		.values = &session->values,
		.patience_ms = session->cli->patience_ms,
		.force = session->cli->force,
	};
	struct executor_input input = {
		.plan = &session->plan,
		.desired = &session->desired,
		.runner = runner_new(&options),
		.ledger = &session->ledger,
		.sink = &session->sink,
		.parallelism = session->cli->parallelism,
		.interrupted = &interrupt_count,
	};

	budget_announce(session);
	bool is_recorded = executor_run(&input, &result, &err);
	runner_free(input.runner);
	term_status(NULL);
	if (is_recorded)
		return tell_end(session, mode, &result, output);
	output->form->failures(output);
	tell_unwritten(&result, operation, &err);
	return EXIT_ERROR;
}

/* What moves, and what a run that was cut off has left: agreed to by now, or no question. */
static bool record_what_was_learned(struct session *session)
{
	size_t count = session->plan.move_count;
	struct error err CLEANUP(error_release) = {0};

	if (!ledger_commit(&session->ledger, &err)) {
		error_hint(&err, "Nothing was done.");
		term_error(&err);
		return false;
	}
	if (count)
		term_say("Moved in the state: %zu object%s.", count, count == 1 ? "" : "s");
	return true;
}

static bool has_nothing_to_do(const struct plan *plan, enum planning_mode mode)
{
	return plan_is_empty(plan) && (mode != PLANNING_REFRESH_ONLY || !plan->refresh_count);
}

/* Makes the plan, or takes the one that was saved. */
static bool get_plan(struct session *session, enum planning_mode *mode, const char *operation)
{
	const struct cli *cli = session->cli;

	if (cli->argument_count)
		return planning_load(session, cli->arguments[0], mode) &&
		       session_open_state(session, operation) && planning_check(session);
	return session_load_manifest(session) && session_open_state(session, operation) &&
	       planning_make(session, *mode);
}

/* With -json nobody can be asked. */
static bool needs_no_answer(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};

	if (!cli->json || cli->auto_approve || !cli->input || cli->argument_count)
		return true;
	error_set(&err, "with -json nobody can be asked for consent");
	error_hint(&err, "Add -auto-approve, or save a plan with cfprov plan -out=FILE and apply "
			 "that; with -input=false it stops where a question would stand.");
	term_error(&err);
	return false;
}

/* Where the manifest was, no answer comes. */
static bool is_input_free(const struct session *session)
{
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < session->cli->manifests.count && session->may_ask; i++) {
		if (strcmp(session->cli->manifests.items[i], "-") != 0)
			continue;
		error_set(&err,
			"the standard input has the manifest, so that nobody can be asked there");
		error_hint(&err, "Give -auto-approve; or save a plan with cfprov plan -out=FILE, "
				 "and apply that.");
		term_error(&err);
		return false;
	}
	return true;
}

int act(const struct cli *cli, enum planning_mode mode, const char *operation)
{
	struct output output CLEANUP(output_release);
	struct session session CLEANUP(session_release);
	bool is_saved = cli->argument_count > 0;

	bool is_good = output_init(&output, cli);
	session_init(&session, cli, &output.sink);
	session.may_ask = !is_saved && !cli->auto_approve && cli->input;
	if (!is_good || !needs_no_answer(cli) || !is_input_free(&session) ||
		!get_plan(&session, &mode, operation))
		return EXIT_ERROR;
	const struct plan_view view = plan_view(&session, mode);
	if (is_saved) {
		output.form->saved_plan(&view);
	} else {
		output.form->plan(&view);
		render_notes(&session.plan);
	}
	/* Without a question the state still learns what was refreshed. */
	bool may_go_on =
		has_nothing_to_do(&session.plan, mode) ||
		(is_saved ? is_guarded(cli, &session.plan) : is_approved(&session, operation));
	return may_go_on && record_what_was_learned(&session)
		       ? execute(&session, mode, operation, &output)
		       : EXIT_ERROR;
}
