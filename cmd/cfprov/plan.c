/* cfprov plan: shows what apply would do. Changes neither the accounts nor the state. */
#include "base/text.h"
#include "notes.h"
#include "output.h"
#include "planning.h"
#include "term.h"

bool plan_run(struct session *session)
{
	const struct cli *cli = session->cli;

	if (!output_init(session) || !planning_check_options(cli) ||
		!session_load_manifest(session) || !session_open_state(session, NULL) ||
		(cli->out && !planning_check_out(session, cli->out)) || !planning_make(session))
		return false;
	(void)session_confine(session);
	const struct plan_view view = plan_view(session);
	output_plan(session, &view);
	notes_print_adoptions(&session->plan);
	notes_print(&view);
	notes_print_refusals(&view);
	if (cli->out && !planning_save(session, cli->out))
		return false;
	if (cli->out) {
		char *shown AUTO_FREE = text_visible(cli->out, 0);
		term_print("\nSaved the plan to: %s", shown);
	}
	if (cli->out && !view_is_empty(&view)) {
		struct str word CLEANUP(str_release) = {0};
		text_add_shell_word(&word, cli->out);
		term_print("\nTo perform exactly these actions, run:");
		term_print("    cfprov apply %s", str_text(&word));
	}
	if (cli->detailed_exitcode && !view_is_empty(&view))
		session->status = EXIT_CHANGES;
	return !session->has_failed;
}
