/*
 * What the state is to say of an object once an action has been carried out on it. Pure.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "model/plan.h"

/*
 * Has somebody else written the value that a secret has, and that the action leaves alone? That is
 * not to be lost because the secret is written otherwise.
 */
bool record_is_strange(const struct action *action) MUST_CHECK;

/*
 * Adds a sentence, if Cloudflare has stored a comment or scopes otherwise than the action sent
 * them, by what record_done has made of it.
 */
void record_add_warning(struct str *out, const struct action *action, const struct object *object);

/*
 * Fills *ret_object for the action's object, which lives now as `is_now` says: id, times, scopes,
 * comment and status. What Cloudflare stored
 * otherwise than it was sent is kept as sent_*, so that it is not sent for ever. The texts are in
 * the arena. Not for what is destroyed or forgotten.
 */
void record_done(const struct action *action, const struct object *is_now, struct arena *arena,
	struct object *ret_object);

#endif
