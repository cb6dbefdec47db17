/* cfprov refresh: `apply -refresh-only`, without a question. */
#include "commands.h"
#include "run_plan.h"

int refresh_run(const struct cli *cli)
{
	struct cli approved = *cli;

	approved.auto_approve = approved.refresh_only = true;
	return run_plan(&approved, "refresh");
}
