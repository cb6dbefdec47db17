/* cfprov schema: the JSON Schema of the manifest, for editors. */
#include "commands.h"
#include "manifest/jsonschema.h"
#include "session.h"
#include "term.h"

int schema_run(const struct cli *cli)
{
	struct str text CLEANUP(str_release) = {0};

	(void)cli;
	jsonschema_write(&text);
	term_out_str(&text);
	return EXIT_DONE;
}
