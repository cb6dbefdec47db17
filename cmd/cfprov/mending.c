#include "mending.h"

#include "render.h"
#include "term.h"

bool mending_open(struct mending *mending, const struct cli *cli, const char *operation)
{
	progress_init(&mending->progress);
	session_init(&mending->session, cli, &mending->progress.sink);
	return cli->dry_run ? session_read_state(&mending->session)
			    : session_open_state(&mending->session, operation);
}

void mending_release(struct mending *mending)
{
	session_release(&mending->session);
	progress_release(&mending->progress);
}

void mending_add_objects(
	struct str *out, const struct mend *mend, const char *before, const char *after)
{
	for (size_t i = 0; i < mend->object_count; i++) {
		str_text_add(out, before);
		render_address(out, mend->objects[i]);
		str_format(out, "%s\n", after);
	}
}

bool mending_write(struct mending *mending, const struct mend *mend)
{
	struct error err CLEANUP(error_release) = {0};
	const struct state_fold fold = mend_fold(mend);

	if (mending->session.cli->dry_run || ledger_change(&mending->session.ledger, &fold, &err))
		return true;
	term_error(&err);
	return false;
}
