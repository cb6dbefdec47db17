#include "editing.h"

#include "render.h"
#include "term.h"

bool editing_open(struct editing *editing, const struct cli *cli, const char *operation)
{
	progress_init(&editing->progress);
	session_init(&editing->session, cli, &editing->progress.sink);
	return cli->dry_run ? session_read_state(&editing->session)
			    : session_open_state(&editing->session, operation);
}

void editing_release(struct editing *editing)
{
	session_release(&editing->session);
	progress_release(&editing->progress);
}

void editing_add_objects(
	struct str *out, const struct state_edit *mend, const char *before, const char *after)
{
	for (size_t i = 0; i < mend->object_count; i++) {
		str_text_add(out, before);
		render_address(out, mend->objects[i]);
		str_format(out, "%s\n", after);
	}
}

bool editing_write(struct editing *editing, const struct state_edit *mend)
{
	struct error err CLEANUP(error_release) = {0};
	const struct state_fold fold = state_edit_fold(mend);

	if (editing->session.cli->dry_run || ledger_change(&editing->session.ledger, &fold, &err))
		return true;
	term_error(&err);
	return false;
}
