/* cfprov state pull: the state as JSON, with a journal that was left folded in. */
#include "commands.h"
#include "session.h"
#include "term.h"

int state_pull_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct str text CLEANUP(str_release) = {0};

	session_init(&session, cli, NULL);
	if (!session_read_state(&session))
		return EXIT_ERROR;
	const struct state *state = &session.ledger.state;
	if (!state->lineage[0] || !state->serial) {
		term_say("There is no state yet.");
		return EXIT_DONE;
	}
	state_encode(state, &text);
	term_out_str(&text);
	return EXIT_DONE;
}
