/* cfprov plan: shows what apply would do. Changes neither the accounts nor the state. */
#include "commands.h"
#include "output.h"
#include "planning.h"
#include "render.h"
#include "term.h"

int plan_run(const struct cli *cli)
{
	struct output output CLEANUP(output_release);
	struct session session CLEANUP(session_release);

	bool is_good = output_init(&output, cli);
	session_init(&session, cli, &output.sink);
	if (!is_good || !planning_check_options(cli) || !session_load_manifest(&session) ||
		!session_read_state(&session) ||
		(cli->out && !planning_check_out(&session, cli->out)) || !planning_make(&session))
		return EXIT_ERROR;
	const struct plan_view view = plan_view(&session);
	output_plan(&output, &view);
	render_notes(&view);
	render_refusals(&session.plan);
	if (cli->out && !planning_save(&session, cli->out))
		return EXIT_ERROR;
	if (cli->out)
		term_print("Saved; `cfprov apply %s` does exactly that.", cli->out);
	if (session.has_failed)
		return EXIT_ERROR;
	return cli->detailed_exitcode && !view_is_empty(&view) ? EXIT_CHANGES : EXIT_DONE;
}
