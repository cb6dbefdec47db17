/* cfprov apply: plan, ask, execute, record. */
#include "commands.h"
#include "run_plan.h"
#include "term.h"

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

int apply_run(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};
	enum planning_mode mode;

	const char *option = cli->argument_count ? planning_option(cli) : NULL;
	if (option) {
		error_set(&err, "a saved plan is carried out as it is: it takes no %s", option);
		error_hint(&err, "Give it to cfprov plan -out=FILE.");
		term_error(&err);
		return EXIT_ERROR;
	}
	if (cli->wait_timeout_ms >= 0 && !cli->wait) {
		error_set(&err, "-wait-timeout goes with -wait only");
		term_error(&err);
		return EXIT_ERROR;
	}
	return planning_mode_of(cli, &mode) ? run_plan(cli, mode, "apply") : EXIT_ERROR;
}
