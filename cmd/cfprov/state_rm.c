/* cfprov state rm: take objects out of the state. Cloudflare is not asked; they go on living. */
#include "commands.h"
#include "editing.h"
#include "term.h"

int state_rm_run(const struct cli *cli)
{
	struct editing editing CLEANUP(editing_release) = {0};
	struct state_edit mend CLEANUP(state_edit_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (!editing_open(&editing, cli, "state rm"))
		return EXIT_ERROR;
	const struct state *state = &editing.session.ledger.state;
	if (!state_edit_remove(state, cli->arguments, cli->argument_count, &mend, &errors)) {
		term_errors(&errors);
		return EXIT_ERROR;
	}
	editing_add_objects(&text, &mend, cli->dry_run ? "Would remove " : "Removed ", "");
	if (!editing_write(&editing, &mend))
		return EXIT_ERROR;
	term_out_str(&text);
	term_say("In Cloudflare nothing %s.", cli->dry_run ? "would change" : "has changed");
	return EXIT_DONE;
}
