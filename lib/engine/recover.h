/*
 * What became of objects that were asked for while no answer was seen. They did not live when
 * their run was planned, or were to be destroyed before; names decide: what lives by that name now
 * was made by that run, unless it has the id of what was to be destroyed. Pure.
 */
#ifndef ENGINE_RECOVER_H
#define ENGINE_RECOVER_H

#include "recorded/state.h"

/*
 * Gives (free) one change for each unresolved object in an account that was read: PUT with the id
 * that it has, or as it was if it was to be replaced and has not gone, or DROP if it does not live.
 * What lives twice stays as it is, and so does what is recorded in an account whose alias means
 * another one now: the planner says so. The objects are made in the arena, which must outlive the
 * changes.
 */
struct change *recover_changes(const struct model *recorded, const struct model *live,
	struct arena *arena, size_t *ret_count) MUST_CHECK;

#endif
