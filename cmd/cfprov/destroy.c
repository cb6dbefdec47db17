/* cfprov destroy: destroys all that is managed, under the same rules as any destruction. */
#include "commands.h"
#include "run_plan.h"

int destroy_run(const struct cli *cli)
{
	struct cli all = *cli;

	all.destroys = true;
	return run_plan(&all, "destroy");
}
