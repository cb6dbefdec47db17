/* What the commands share that mend the state by hand: open it, say what changes, write it. */
#ifndef CFPROV_MENDING_H
#define CFPROV_MENDING_H

#include "progress.h"
#include "recorded/mend.h"
#include "session.h"

struct mending {
	struct progress progress;
	struct session session;
};

/* Opens the state to write it, with the lock; with -dry-run only to read it. Says its errors. */
bool mending_open(struct mending *mending, const struct cli *cli, const char *operation) MUST_CHECK;
void mending_release(struct mending *mending);

/* Adds a line BEFORE ADDRESS AFTER for each object of the change. */
void mending_add_objects(
	struct str *out, const struct mend *mend, const char *before, const char *after);

/* Makes the change, or nothing with -dry-run; the objects of the mend are gone then. */
bool mending_write(struct mending *mending, const struct mend *mend) MUST_CHECK;

#endif
