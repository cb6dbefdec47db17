/* cfprov plan: shows what apply would do. Changes neither the accounts nor the state. */
#include "output.h"
#include "planning.h"
#include "render.h"
#include "term.h"

bool plan_run(struct session *session)
{
	const struct cli *cli = session->cli;

	if (!output_init(session) || !planning_check_options(cli) ||
		!session_load_manifest(session) || !session_read_state(session) ||
		(cli->out && !planning_check_out(session, cli->out)) || !planning_make(session))
		return false;
	const struct plan_view view = plan_view(session);
	output_plan(session, &view);
	render_notes(&view);
	render_refusals(&session->plan);
	if (cli->out && !planning_save(session, cli->out))
		return false;
	if (cli->out)
		term_print("Saved; `cfprov apply %s` does exactly that.", cli->out);
	if (cli->detailed_exitcode && !view_is_empty(&view))
		session->status = EXIT_CHANGES;
	return !session->has_failed;
}
