/* cfprov export: a manifest of what lives in the accounts. Writes to stdout, never over a file. */
#include "desired/export.h"

#include "accounts.h"
#include "commands.h"
#include "progress.h"
#include "term.h"

#include <stdlib.h>

/* Adds the secrets inside all stores that live. False if some store could not be looked into. */
static bool read_secrets(struct session *session)
{
	struct model *live = &session->live;
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct object *stores AUTO_FREE = mem_alloc(live->object_count * sizeof(*stores));
	const struct object **items AUTO_FREE = mem_alloc(live->object_count * sizeof(*items));
	const struct live_stores inside = {items, live->object_count};
	struct live_input input = session_live_input(session);

	for (size_t i = 0; i < live->object_count; i++) { /* which moves when it grows */
		stores[i] = live->objects[i];
		items[i] = &stores[i];
	}
	if (!inside.count || live_read_inside(&input, &inside, live, &errors))
		return true;
	term_errors(&errors);
	return false;
}

int export_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!accounts_load(&session) || !session_read_live(&session))
		return EXIT_ERROR;
	if (session.has_failed || !read_secrets(&session)) {
		term_say("Nothing was written: the manifest would not say all that lives.");
		return EXIT_ERROR;
	}
	size_t count = export_manifest(&session.desired, &session.live, &text, &notes);
	term_out_str(&text);
	for (size_t i = 0; i < notes.count; i++)
		term_warning(notes.items[i].message);
	if (!count)
		term_warning("There is no store to export: a manifest needs at least one.");
	return EXIT_DONE;
}
