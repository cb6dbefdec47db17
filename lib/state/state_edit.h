/*
 * What people change in a state by hand (cfprov state rm, mv, push) or with `moved`, as changes to
 * fold or as a verdict. Pure: nothing is read or written here, and Cloudflare is not asked.
 */
#ifndef STATE_STATE_EDIT_H
#define STATE_STATE_EDIT_H

#include "state/state.h"

/*
 * Start with {0}; release with state_edit_release. Each function below fills it, and leaves it
 * empty on failure. The state must outlive it.
 */
struct state_edit {
	struct arena arena;
	struct state_fold fold;   /* lends the two below: */
	struct change *changes;   /* a DROP for each object removed; DROP, then PUT, if it moves */
	struct account *accounts; /* those renamed, with their new aliases */
};

/* Lends, in the arena, the objects that the renames move, sorted by the new address. */
const struct moved *state_edit_moves(
	const struct state_edit *edit, struct arena *arena, size_t *ret_count);

/*
 * Removes what the patterns match, with everything in it (object_matches). Each pattern that
 * matches nothing is an error, and then nothing is removed.
 */
bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *edit, struct error_list *errors) MUST_CHECK;

/*
 * Renames an alias. Refused: an alias that is not recorded, one that exists already, and a rename
 * of a store or a secret: names are their identity, and have to change in Cloudflare first (which
 * `moved` does for secrets).
 */
bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *edit, struct error *err) MUST_CHECK;

/*
 * Renames aliases as the manifest's `moved` asks. An alias under which nothing is recorded was
 * moved already. Chains (a to b, b to c) go to their end, in whatever order; a valid manifest has
 * no circles. Refused: an alias that exists already, two to one end, and one that the manifest has
 * for another account. An error names the place of the move. Moves of addresses are ignored.
 */
bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *edit, struct error *err) MUST_CHECK;

enum state_edit_verdict {
	STATE_EDIT_SAME,    /* lineage, serial and content are the same: nothing to do */
	STATE_EDIT_REPLACE, /* the other one may replace the state */
	STATE_EDIT_REFUSE,  /* *err says why */
};

/*
 * Whether another state may replace the present one. Terraform's rules: not with another lineage,
 * a lower serial, or the same serial and other content. A state that was never written may be
 * replaced by any.
 */
enum state_edit_verdict state_edit_replace(
	const struct state *state, const struct state *other, struct error *err) MUST_CHECK;

void state_edit_release(struct state_edit *edit);

#endif
