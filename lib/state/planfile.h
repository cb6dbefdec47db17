/*
 * A saved plan: what `plan -out` writes and `apply FILE` carries out. It holds ids, names and
 * references to credentials and values, never a credential or a value.
 *
 * One line `cfprov-plan CHECKSUM`, then JSON. It goes with one state (lineage and serial): when
 * that has moved on, also because the plan was applied, the plan is of no use any more.
 */
#ifndef STATE_PLANFILE_H
#define STATE_PLANFILE_H

#include "base/error.h"
#include "model/plan.h"
#include "state/state.h"

enum { PLANFILE_VERSION = 1, PLANFILE_SIZE_LIMIT = 512 << 20 };

struct planfile {
	/* written and read */
	const char *mode;                       /* "normal", "destroy", "refresh-only" */
	const char *state_path;                 /* as it was given */
	bool is_partial;                        /* options left something out */
	int64_t serial;                         /* of the state as it was read */
	char lineage[STATE_LINEAGE_LENGTH + 1]; /* "": the state was not born yet */
	char born_as[STATE_LINEAGE_LENGTH + 1]; /* ... and fingerprints were made for this one */
	struct model accounts;                  /* of the run, with token references; and moves */
	struct plan plan;
	/* read only: owns what the plan's actions point to */
	struct arena arena;
};

/* Adds the bytes. */
void planfile_encode(const struct planfile *planfile, struct str *out);

/* Reads what planfile_encode wrote (planfile_release). `file` is what errors call the bytes. */
bool planfile_decode(const char *file, const struct str *bytes, struct planfile *ret_planfile,
	struct error *err) MUST_CHECK;

/*
 * Does the plan go with the state of this lineage ("": none) and serial, as it stands in the file?
 * The error says why not, and what to do.
 */
bool planfile_check_state(const struct planfile *planfile, const char *lineage, int64_t serial,
	struct error *err) MUST_CHECK;

/*
 * Does the state, with the plan's moves made, mean the accounts that the plan means, and have what
 * the plan says is managed?
 */
bool planfile_check_content(
	const struct planfile *planfile, const struct state *state, struct error *err) MUST_CHECK;

void planfile_release(struct planfile *planfile);

#endif
