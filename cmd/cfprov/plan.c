/* cfprov plan: what would apply do? Changes nothing, here or there. */
#include "commands.h"
#include "progress.h"
#include "render.h"
#include "session.h"
#include "term.h"

int plan_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct str text CLEANUP(str_release) = {0};

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!session_load_manifest(&session) || !session_read_state(&session) ||
		!session_plan(&session))
		return EXIT_ERROR;
	render_plan(&text, &session.plan);
	term_out_str(&text);
	render_notes(&session.plan);
	return cli->detailed_exitcode && !plan_is_empty(&session.plan) ? EXIT_CHANGES : EXIT_DONE;
}
