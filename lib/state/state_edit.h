/*
 * What people change in a state by hand (cfprov state rm, mv, push) or with `moved`, as changes to
 * fold or as a verdict. Pure: nothing is read or written here, and Cloudflare is not asked.
 */
#ifndef STATE_STATE_EDIT_H
#define STATE_STATE_EDIT_H

#include "model/plan.h"
#include "state/state.h"

/* Start with {0}; state_edit_release at the end. The state that it was made from must outlive it.
 */
struct state_edit {
	struct arena arena;
	struct change *changes;
	size_t count;
	const struct object **objects; /* what is removed or moved, as it was; sorted */
	size_t object_count;
	/* of renames: the aliases as they are then, and what each was before; sorted by that */
	struct account *accounts;
	const char **old_aliases;
	size_t account_count;
};

/* Lends what has to be folded. */
struct state_fold state_edit_fold(const struct state_edit *mend);

/*
 * Lends, in the arena, what the renames move: each object's old address and new one, sorted by the
 * new one.
 */
const struct plan_move *state_edit_moves(
	const struct state_edit *mend, struct arena *arena, size_t *ret_count);

/*
 * The removal of what the patterns match, with all that is in it (object_matches). A pattern that
 * matches nothing is an error each, and then nothing is removed.
 */
bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *ret_mend, struct error_list *errors) MUST_CHECK;

/*
 * The renaming of an alias: all that is recorded under `from` comes under `to`. Refused: what is
 * not recorded, an alias that there is already, and a rename of a store or secret: names are their
 * identity, and have to change in Cloudflare first (which for secrets `moved` does).
 */
bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *ret_mend, struct error *err) MUST_CHECK;

/*
 * The renaming of aliases that the manifest's `moved` asks for: of those under which something is
 * recorded; the others were moved already. Chains (a to b, b to c) go to their end, in whatever
 * order they stand; circles are none of a manifest that could be read. Refused: an alias that there
 * is already, two to one end, and one that the manifest has for another account. An error names the
 * place of the move. Moves of addresses are none of its business.
 */
bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *ret_mend, struct error *err) MUST_CHECK;

enum state_edit_verdict {
	MEND_SAME,    /* lineage, serial and content are the same: nothing to do */
	MEND_REPLACE, /* it may take the other's place */
	MEND_REFUSE,  /* *err says why */
};

/*
 * May this state take the place of the one there is? Terraform's rules: not with another lineage,
 * a lower serial, or the same serial and other content. A state that was never written gives way
 * to any.
 */
enum state_edit_verdict state_edit_replace(
	const struct state *state, const struct state *other, struct error *err) MUST_CHECK;

void state_edit_release(struct state_edit *mend);

#endif
