/* cfprov state push: put another state in the place of the one there is. */
#include "adapter/fs.h"
#include "adapter/input.h"
#include "base/text.h"
#include "commands.h"
#include "editing.h"
#include "term.h"

#include <string.h>
#include <unistd.h>

/* Reads all of it before anything is locked: somebody may be typing. */
static bool read_other(const char *file, struct state *ret_state)
{
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	const struct input_patience for_ever = {0};
	bool is_stdin = strcmp(file, "-") == 0;

	if (is_stdin)
		str_text_add(&name, "standard input");
	else
		text_add_visible(&name, file, strlen(file), 0);
	bool is_read = is_stdin ? input_text(LEDGER_SIZE_LIMIT, &for_ever, &bytes, &err)
				: fs_read(file, LEDGER_SIZE_LIMIT, &bytes, &err);
	if (is_read &&
		state_decode(str_text(&name), str_text(&bytes), bytes.length, ret_state, &err))
		return true;
	if (is_read)
		error_hint(&err, "Nothing was changed. A state is what cfprov state pull writes.");
	term_error(&err);
	return false;
}

static bool replace(struct editing *editing, struct state *other)
{
	struct error err CLEANUP(error_release) = {0};

	if (ledger_replace(&editing->session.ledger, other, &err))
		return true;
	term_error(&err);
	return false;
}

int state_push_run(const struct cli *cli)
{
	struct editing editing CLEANUP(editing_release) = {0};
	struct state other CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!read_other(cli->arguments[0], &other) || !editing_open(&editing, cli, "state push"))
		return EXIT_ERROR;
	const struct state *now = &editing.session.ledger.state;
	enum state_edit_verdict verdict = state_edit_replace(now, &other, &err);
	if (verdict == MEND_SAME) {
		term_say("It is the state that there is; nothing was changed.");
		return EXIT_DONE;
	}
	if (verdict == MEND_REFUSE && !cli->force) {
		error_prefix(&err, "this state is refused");
		term_error(&err);
		return EXIT_ERROR;
	}
	if (!replace(&editing, &other))
		return EXIT_ERROR;
	term_say("The state has serial %lld now.", (long long)now->serial);
	return EXIT_DONE;
}
