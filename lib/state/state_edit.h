/*
 * Edits of a state by hand (cfprov state rm, mv, push) or by the manifest's `moved`, as changes to
 * fold or as a verdict. Pure: no file is read or written, and Cloudflare is not asked.
 */
#ifndef STATE_STATE_EDIT_H
#define STATE_STATE_EDIT_H

#include "state/state.h"

/* Start with {0}. Each edit fills it, and leaves it empty on failure. It keeps the state. */
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
 * Removes the objects that the patterns match, with everything in them (object_matches). A pattern
 * that matches nothing is an error, and then nothing is removed.
 */
bool state_edit_remove(const struct state *state, const char *const *patterns, size_t count,
	struct state_edit *edit, struct error_list *errors) MUST_CHECK;

/*
 * Renames an account's alias. Refused: an alias that is not recorded, one that exists already, and
 * a rename of a store or a secret. Names are their identity and have to change in Cloudflare first,
 * which `moved` does for secrets.
 */
bool state_edit_rename(const struct state *state, const char *from, const char *to,
	struct state_edit *edit, struct error *err) MUST_CHECK;

/*
 * Renames aliases as the manifest's `moved` says; moves of addresses are ignored. An alias under
 * which nothing is recorded was renamed before. Chains (a to b, b to c) are followed to their end;
 * a valid manifest has no circles. Refused: an alias that exists already, two renamed to one, and
 * one that the manifest has for another account. An error names the place of the move.
 */
bool state_edit_move(const struct state *state, const struct model *desired,
	struct state_edit *edit, struct error *err) MUST_CHECK;

enum state_edit_verdict {
	STATE_EDIT_SAME,    /* same lineage, serial and content: nothing to do */
	STATE_EDIT_REPLACE, /* the other one may replace the state */
	STATE_EDIT_REFUSE,  /* *err says why */
};

/*
 * Whether another state may replace this one, by Terraform's rules: not with another lineage, a
 * lower serial, or the same serial and other content. Any may replace a state never written.
 */
enum state_edit_verdict state_edit_replace(
	const struct state *state, const struct state *other, struct error *err) MUST_CHECK;

void state_edit_release(struct state_edit *edit);

#endif
