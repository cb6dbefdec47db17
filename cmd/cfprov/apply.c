/* cfprov apply: plan, ask, execute, record. */
#include "commands.h"
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

static bool is_approved(const struct cli *cli, const struct plan *plan)
{
	struct error err CLEANUP(error_release) = {0};

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

static int tell_end(const struct executor_result *result, const struct progress *progress)
{
	struct str line CLEANUP(str_release) = {0};
	bool is_whole = result->failed + result->not_started + result->unknown == 0;

	progress_tell_failures(progress);
	render_done(&line, &result->done);
	if (is_whole) {
		struct str text CLEANUP(str_release) = {0}, all CLEANUP(str_release) = {0};
		str_format(&text, "Apply complete! Resources: %s.", str_text(&line));
		str_char(&all, '\n');
		term_add(&all, STDOUT_FILENO, TERM_BOLD, str_text(&text));
		str_char(&all, '\n');
		term_out_str(&all);
		return EXIT_DONE;
	}
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

static int execute(struct session *session, const struct progress *progress)
{
	struct error err CLEANUP(error_release) = {0};
	struct executor_result result;
	struct executor_input input = {
		.plan = &session->plan,
		.desired = &session->desired,
		.ledger = &session->ledger,
		.sink = session->sink,
		.parallelism = session->cli->parallelism,
		.interrupted = &interrupt_count,
	};

	input.runner =
		runner_new(session->client, session->accounts, session->desired.account_count);
	bool is_recorded = executor_run(&input, &result, &err);
	runner_free(input.runner);
	term_status(NULL);
	int status = EXIT_ERROR;
	if (is_recorded) {
		status = tell_end(&result, progress);
	} else {
		progress_tell_failures(progress);
		error_prefix(&err, "the state could not be written");
		error_hint(&err, "The ids of what was made stand above. Make room (or mend what is "
				 "wrong) and run apply again: it finds them by name.");
		term_error(&err);
	}
	return status;
}

int apply_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct str text CLEANUP(str_release) = {0};

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!session_load_manifest(&session) || !session_open_state(&session, "apply") ||
		!session_plan(&session))
		return EXIT_ERROR;
	render_plan(&text, &session.plan);
	term_out_str(&text);
	render_notes(&session.plan);
	if (plan_is_empty(&session.plan))
		return tell_end(&(struct executor_result){0}, &progress);
	return is_approved(cli, &session.plan) ? execute(&session, &progress) : EXIT_ERROR;
}
