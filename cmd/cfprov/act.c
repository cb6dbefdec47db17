#include "act.h"

#include "engine/guard.h"
#include "engine/runner.h"
#include "interrupt.h"
#include "progress.h"
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
static bool read_answer(char *answer, size_t size)
{
	return fgets(answer, (int)size, stdin) && interrupt_count == 0;
}

static bool ask(void)
{
	char answer[64] = "";
	struct str text CLEANUP(str_release) = {0};

	str_char(&text, '\n');
	term_add(&text, STDERR_FILENO, TERM_BOLD, "Do it?");
	str_text_add(&text, " Only `yes` is taken as consent: ");
	term_say_str(&text);
	bool was_read = read_answer(answer, sizeof(answer));
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

static bool is_approved(const struct cli *cli, const struct plan *plan)
{
	struct error err CLEANUP(error_release) = {0};

	if (!is_guarded(cli, plan))
		return false;
	if (cli->auto_approve)
		return has_consent(plan);
	if (cli->input)
		return ask();
	error_set(&err, "apply needs consent, and -input=false forbids to ask");
	error_hint(&err, "Add -auto-approve if nobody needs to look at the plan first.");
	term_error(&err);
	return false;
}

/* ---- doing it ---- */

/* "Apply complete! …", "Destroy complete! …" */
static void tell_complete(enum session_mode mode, const struct executor_result *result)
{
	struct str text CLEANUP(str_release) = {0}, all CLEANUP(str_release) = {0};

	if (mode == SESSION_DESTROY) {
		str_format(
			&text, "Destroy complete! Resources: %zu destroyed.", result->done.destroy);
	} else {
		str_text_add(&text, "Apply complete! Resources: ");
		render_done(&text, &result->done);
		str_char(&text, '.');
	}
	str_char(&all, '\n');
	term_add(&all, STDOUT_FILENO, TERM_BOLD, str_text(&text));
	str_char(&all, '\n');
	term_out_str(&all);
}

static int tell_end(const struct session *session, enum session_mode mode,
	const struct executor_result *result, const struct progress *progress)
{
	struct str line CLEANUP(str_release) = {0};

	progress_tell_failures(progress);
	if (result->failed + result->not_started + result->unknown == 0) {
		tell_complete(mode, result);
		return session->has_failed ? EXIT_ERROR : EXIT_DONE;
	}
	render_done(&line, &result->done);
	if (result->failed)
		str_format(&line, ", %zu failed", result->failed);
	if (result->unknown)
		str_format(&line, ", %zu unknown", result->unknown);
	if (result->not_started)
		str_format(&line, ", %zu not started", result->not_started);
	term_say("\n%s: %s. %s", result->was_interrupted ? "Interrupted" : "Apply incomplete",
		str_text(&line),
		result->is_in_journal ? "The journal has all that worked; the next apply goes on."
				      : "The state has all that worked.");
	return EXIT_ERROR;
}

static int execute(struct session *session, enum session_mode mode, const struct progress *progress)
{
	struct error err CLEANUP(error_release) = {0};
	struct executor_result result;
	const struct runner_options options = {
		.client = session->client,
		.accounts = session->accounts,
		.count = session->desired.account_count,
		.force = session->cli->force,
	};
	struct executor_input input = {
		.plan = &session->plan,
		.desired = &session->desired,
		.runner = runner_new(&options),
		.ledger = &session->ledger,
		.sink = session->sink,
		.parallelism = session->cli->parallelism,
		.interrupted = &interrupt_count,
	};

	bool is_recorded = executor_run(&input, &result, &err);
	runner_free(input.runner);
	term_status(NULL);
	if (is_recorded)
		return tell_end(session, mode, &result, progress);
	progress_tell_failures(progress);
	error_prefix(&err, "the state could not be written");
	error_hint(&err, "The ids of what was made stand above. Make room (or mend what is wrong) "
			 "and run apply again: it finds them by name.");
	term_error(&err);
	return EXIT_ERROR;
}

static bool has_nothing_to_do(const struct plan *plan, enum session_mode mode)
{
	return plan_is_empty(plan) && (mode != SESSION_REFRESH_ONLY || !plan->refresh_count);
}

/* Makes the plan, or takes the one that was saved. */
static bool get_plan(struct session *session, enum session_mode *mode, const char *operation)
{
	const struct cli *cli = session->cli;

	if (cli->argument_count)
		return session_load_plan(session, cli->arguments[0], mode) &&
		       session_open_state(session, operation) && session_check_plan(session);
	return session_load_manifest(session) && session_open_state(session, operation) &&
	       session_plan(session, *mode);
}

int act(const struct cli *cli, enum session_mode mode, const char *operation)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct str text CLEANUP(str_release) = {0};
	bool is_saved = cli->argument_count > 0;

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!get_plan(&session, &mode, operation))
		return EXIT_ERROR;
	if (!is_saved) {
		render_plan(&text, &session.plan, mode);
		term_out_str(&text);
		render_notes(&session.plan);
	}
	/* Without a question the state still learns what was refreshed. */
	bool may_go_on =
		has_nothing_to_do(&session.plan, mode) ||
		(is_saved ? is_guarded(cli, &session.plan) : is_approved(cli, &session.plan));
	return may_go_on ? execute(&session, mode, &progress) : EXIT_ERROR;
}
