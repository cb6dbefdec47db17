/* cfprov destroy: destroys all managed objects, under the same guards as any destruction. */
#include "commands.h"
#include "run_plan.h"

int destroy_run(const struct cli *cli)
{
	return run_plan(cli, PLANNING_DESTROY, "destroy");
}
