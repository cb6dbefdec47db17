/* cfprov destroy: the end of all that is managed, under the same rules as any destruction. */
#include "commands.h"
#include "run_plan.h"

int destroy_run(const struct cli *cli)
{
	return run_plan(cli, PLANNING_DESTROY, "destroy");
}
