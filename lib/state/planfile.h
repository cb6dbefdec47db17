/*
 * A saved plan: what `plan -out` writes, `show FILE` prints and `apply FILE` carries out. It holds
 * the inputs of the planner (what was desired, recorded and live, and the options) and a digest of
 * the rows that came of them; who reads it plans again and compares. So a file that somebody has
 * written can do no more than a manifest can. It holds ids, names and references to credentials and
 * values, never a credential or a value.
 *
 * One line `cfprov-plan CHECKSUM`, then JSON. It belongs to one state (lineage and serial) and one
 * version of cfprov: once the state has changed, also because the plan was applied, it is refused.
 */
#ifndef STATE_PLANFILE_H
#define STATE_PLANFILE_H

#include "adapter/crypt.h"
#include "base/error.h"
#include "model/plan.h"
#include "state/state.h"

enum { PLANFILE_VERSION = 2, PLANFILE_SIZE_LIMIT = 512 << 20 };

struct planfile {
	const char *state_path; /* as it was given */
	bool is_partial;        /* options left something out */
	int64_t serial;         /* of the state as it was read */
	const char *lineage;    /* "": the state was not born yet */
	const char *born_as;    /* ... and fingerprints were made for this one */
	struct plan_options options;
	struct model desired, recorded,
		live;              /* desired: with moves, removals and the key's source */
	const struct moved *moves; /* that `recorded` has made already; sorted */
	size_t move_count;
	/* read only */
	char digest[CRYPT_CHECKSUM_SIZE]; /* of the rows */
	struct arena arena;               /* owns the texts that are not the models' */
};

/* Adds the bytes; `plan` is what came of the inputs. */
void planfile_encode(const struct planfile *planfile, const struct plan *plan, struct str *out);

/*
 * Reads what planfile_encode wrote (planfile_release); the models are sorted. `file` is what errors
 * call the bytes.
 */
bool planfile_decode(const char *file, const struct str *bytes, struct planfile *ret_planfile,
	struct error *err) MUST_CHECK;

/* Are these the rows that the plan had when it was saved? */
bool planfile_check_digest(
	const struct planfile *planfile, const struct plan *plan, struct error *err) MUST_CHECK;

/*
 * Does the plan go with the state of this lineage ("": none) and serial, as it is in the file? The
 * error says why not, and what to do.
 */
bool planfile_check_state(const struct planfile *planfile, const char *lineage, int64_t serial,
	struct error *err) MUST_CHECK;

void planfile_release(struct planfile *planfile);

#endif
