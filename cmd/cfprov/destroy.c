/* cfprov destroy: the end of all that is managed, under the same rules as any destruction. */
#include "act.h"
#include "commands.h"

int destroy_run(const struct cli *cli)
{
	return act(cli, PLANNING_DESTROY, "destroy");
}
