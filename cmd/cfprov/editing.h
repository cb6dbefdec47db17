/* What the commands share that mend the state by hand: open it, say what changes, write it. */
#ifndef CFPROV_EDITING_H
#define CFPROV_EDITING_H

#include "progress.h"
#include "session.h"
#include "state/state_edit.h"

struct editing {
	struct progress progress;
	struct session session;
};

/* Opens the state to write it, with the lock; with -dry-run only to read it. Says its errors. */
bool editing_open(struct editing *editing, const struct cli *cli, const char *operation) MUST_CHECK;
void editing_release(struct editing *editing);

/* Adds a line BEFORE ADDRESS AFTER for each object of the change. */
void editing_add_objects(
	struct str *out, const struct state_edit *mend, const char *before, const char *after);

/* Makes the change, or nothing with -dry-run; the objects of the mend are gone then. */
bool editing_write(struct editing *editing, const struct state_edit *mend) MUST_CHECK;

#endif
