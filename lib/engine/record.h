/*
 * What the state is to say of an action's object: if nobody sees the end of it, and once it has
 * been carried out. Pure.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "model/plan.h"
#include "recorded/journal.h"

/* What the journal says before the first request goes out. Lent by the action and the arena. */
struct intent record_intent(const struct action *action, struct arena *arena) MUST_CHECK;

/*
 * Fills *ret_object for the action's object, which exists now as `is_now` says: id, times, scopes,
 * comment and status. What Cloudflare stored otherwise than it was sent is kept as sent_*, so that
 * it is not sent for ever. The texts are in the arena. Not for what is destroyed or forgotten.
 */
void record_done(const struct action *action, const struct object *is_now, struct arena *arena,
	struct object *ret_object);

/*
 * Adds a sentence if Cloudflare has stored a comment or scopes otherwise than the action sent them,
 * by what record_done made of it.
 */
void record_add_warning(struct str *out, const struct action *action, const struct object *object);

#endif
