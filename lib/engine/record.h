/*
 * What the state is to say of an object once an action has been carried out on it. Pure.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "model/plan.h"

/*
 * Fills *ret_object for the action's object, which lives now as `is_now` says: id, times, scopes,
 * comment and status. The texts are in the arena. Not for what is destroyed or forgotten.
 */
void record_done(const struct action *action, const struct object *is_now, struct arena *arena,
	struct object *ret_object);

#endif
