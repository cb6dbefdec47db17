/* cfprov state mv: an account gets another alias in the state. */
#include "commands.h"
#include "editing.h"
#include "manifest/shape.h"
#include "term.h"

#include <string.h>

/* The manifest must be able to call the account so. */
static bool is_possible(const char *alias)
{
	struct error err CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0};

	if (strchr(alias, '/') || shape_text_is_right(&schema_alias, alias, true, &why))
		return true;
	error_set(&err, "that can't be an alias: %s", str_text(&why));
	term_error(&err);
	return false;
}

int state_mv_run(const struct cli *cli)
{
	struct editing editing CLEANUP(editing_release) = {0};
	struct state_edit mend CLEANUP(state_edit_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str text CLEANUP(str_release) = {0}, ending CLEANUP(str_release) = {0};
	const char *from = cli->arguments[0], *to = cli->arguments[1];

	if (!is_possible(to) || !editing_open(&editing, cli, "state mv"))
		return EXIT_ERROR;
	if (!state_edit_rename(&editing.session.ledger.state, from, to, &mend, &err)) {
		term_error(&err);
		return EXIT_ERROR;
	}
	str_format(&ending, " to %s", to);
	editing_add_objects(
		&text, &mend, cli->dry_run ? "Would move " : "Moved ", str_text(&ending));
	if (!editing_write(&editing, &mend))
		return EXIT_ERROR;
	term_out_str(&text);
	if (!cli->dry_run)
		term_say("Rename the alias in the manifest, too, if it still calls it %s.",
			cli->arguments[0]);
	return EXIT_DONE;
}
