/* cfprov apply: plan, ask, execute, record. */
#include "commands.h"
#include "planning.h"
#include "run_plan.h"
#include "term.h"

/* A saved plan has the options that it was made with. Lends the first that was passed as well. */
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
	const char *option = cli->argument_count ? planning_option(cli) : NULL;
	bool is_good = true;

	if (option)
		is_good = term_fail("Give it to cfprov plan -out=FILE.",
			"a saved plan is carried out as it is: it takes no %s", option);
	else if (cli->wait_timeout_ms >= 0 && !cli->wait)
		is_good = term_fail(NULL, "-wait-timeout goes with -wait only");
	return is_good && planning_check_options(cli) ? run_plan(cli, "apply") : EXIT_ERROR;
}
