/* cfprov refresh: `apply -refresh-only`, without a question. */
#include "act.h"
#include "commands.h"

int refresh_run(const struct cli *cli)
{
	struct cli approved = *cli;

	approved.auto_approve = true;
	return act(&approved, PLANNING_REFRESH_ONLY, "refresh");
}
