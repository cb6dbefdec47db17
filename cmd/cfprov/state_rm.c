/* cfprov state rm: take objects out of the state. Cloudflare is not asked; they go on living. */
#include "commands.h"
#include "mending.h"
#include "term.h"

int state_rm_run(const struct cli *cli)
{
	struct mending mending CLEANUP(mending_release) = {0};
	struct mend mend CLEANUP(mend_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (!mending_open(&mending, cli, "state rm"))
		return EXIT_ERROR;
	const struct state *state = &mending.session.ledger.state;
	if (!mend_remove(state, cli->arguments, cli->argument_count, &mend, &errors)) {
		term_errors(&errors);
		return EXIT_ERROR;
	}
	mending_add_objects(&text, &mend, cli->dry_run ? "Would remove " : "Removed ", "");
	if (!mending_write(&mending, &mend))
		return EXIT_ERROR;
	term_out_str(&text);
	term_say("In Cloudflare nothing %s.", cli->dry_run ? "would change" : "has changed");
	return EXIT_DONE;
}
