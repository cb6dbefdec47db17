/* cfprov apply: plan, ask, execute, record. */
#include "act.h"
#include "commands.h"

int apply_run(const struct cli *cli)
{
	enum session_mode mode;

	return session_mode_of(cli, &mode) ? act(cli, mode, "apply") : EXIT_ERROR;
}
