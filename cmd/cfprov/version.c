/* cfprov version */
#include "base/version.h"

#include "cli.h"
#include "commands.h"
#include "term.h"

int version_run(const struct cli *cli)
{
	struct str line CLEANUP(str_release) = {0};

	(void)cli;
	str_format(&line, "cfprov %s\n", cfprov_version());
	term_out_str(&line);
	return EXIT_DONE;
}
