/* cfprov validate: is the manifest right? No credentials, no state, no network. */
#include "commands.h"
#include "session.h"
#include "term.h"

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

int validate_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct str line CLEANUP(str_release) = {0};

	session_init(&session, cli, NULL);
	if (!session_load_manifest(&session))
		return EXIT_ERROR;
	size_t objects = session.desired.object_count, accounts = session.desired.account_count;
	str_format(&line, "The manifest is valid: %zu store%s in %zu account%s.\n", objects,
		plural(objects), accounts, plural(accounts));
	term_out_str(&line);
	return EXIT_DONE;
}
