/*
 * A saved plan: `plan -out` writes it, `show FILE` prints it and `apply FILE` carries it out. It
 * holds the planner's inputs (desired, recorded, live and the options) and a digest of the rows.
 * The reader plans again and compares the digest, so a forged file can do no more than a manifest
 * can. It holds ids, names and references to credentials and values, but never a credential or a
 * value.
 *
 * With a key, the file is encrypted and authenticated (adapter/key), and one that is not is
 * refused: nobody else can write a plan that is applied. Without a key it is a line `cfprov-plan
 * CHECKSUM`, then JSON; that guards against damage, not against people. It belongs to one version
 * of cfprov and to one state (lineage and serial): once the state has changed, the plan is refused.
 * Applying the plan changes the state, too.
 */
#ifndef STATE_PLANFILE_H
#define STATE_PLANFILE_H

#include "adapter/crypt.h"
#include "adapter/key.h"
#include "base/error.h"
#include "model/plan.h"
#include "state/state.h"

enum { PLANFILE_VERSION = 5, PLANFILE_SIZE_LIMIT = 512 << 20 };

/* A state as it was read: the whole one, or of an account where it is split by account. */
struct planfile_part {
	const char *account_id; /* "": all */
	int64_t serial;
	const char *lineage;     /* "": the state was not born yet, */
	const char *new_lineage; /* ... and fingerprints were made for this lineage */
};

struct planfile {
	const char *state_path; /* as on the command line; remote: its URL */
	bool is_partial;        /* options left something out */
	const struct planfile_part *parts;
	size_t part_count;
	struct plan_options options;
	struct model desired, recorded,
		live;              /* desired: with moves and removals, without the key */
	const struct moved *moves; /* already made in `recorded`; sorted */
	size_t move_count;
	const struct worker_binding *bindings; /* that Workers have */
	size_t binding_count;
	/* read only */
	char digest[CRYPT_CHECKSUM_SIZE]; /* of the rows */
	struct arena arena;               /* owns the texts outside the models */
};

/* Adds the bytes; `plan` was made from the inputs. The key is prepared, or not set. */
void planfile_encode(const struct planfile *planfile, const struct plan *plan,
	const struct key *key, struct str *out);

/* Gives (planfile_release) what planfile_encode wrote; errors name `file`. */
bool planfile_decode(const char *file, const struct str *bytes, struct keys *keys,
	struct planfile *ret_planfile, struct error *err) MUST_CHECK;

/* True if the plan has the same rows as when it was saved. */
bool planfile_check_digest(
	const struct planfile *planfile, const struct plan *plan, struct error *err) MUST_CHECK;

/* Lends the part of this account (NULL: all); NULL: the plan has none. */
const struct planfile_part *planfile_part(const struct planfile *planfile, const char *account_id);

/* True if the plan was made for the state of this lineage ("": none) and serial. */
bool planfile_check_state(const struct planfile_part *part, const char *lineage, int64_t serial,
	struct error *err) MUST_CHECK;

void planfile_release(struct planfile *planfile);

#endif
