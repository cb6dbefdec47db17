/* cfprov apply: plan, ask, execute, record. */
#include "act.h"
#include "commands.h"
#include "term.h"

/* A saved plan was made with options of its own. */
static bool has_planning_options(const struct cli *cli)
{
	return cli->accounts.count || cli->targets.count || cli->excludes.count ||
	       cli->replaces.count || cli->destroys || cli->refresh_only || !cli->refresh ||
	       cli->adopt;
}

int apply_run(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};
	enum planning_mode mode;

	if (cli->argument_count && has_planning_options(cli)) {
		error_set(
			&err, "a saved plan is carried out as it is: it takes no planning options");
		error_hint(&err, "Give them to cfprov plan -out=FILE.");
		term_error(&err);
		return EXIT_ERROR;
	}
	if (cli->wait_timeout_ms >= 0 && !cli->wait) {
		error_set(&err, "-wait-timeout goes with -wait only");
		term_error(&err);
		return EXIT_ERROR;
	}
	return planning_mode_of(cli, &mode) ? act(cli, mode, "apply") : EXIT_ERROR;
}
