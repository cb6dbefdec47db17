/*
 * What the state says of an object: before its action's request, after it, and when it learns
 * something without a request. Pure, and the only place that decides this.
 *
 *     outcome of a row                     the state then says
 *     intended (nobody saw the outcome)    record_intent: unresolved, or recorded with a doubt
 *     done                                 record_done: as it exists now, ours
 *     failed halfway                       record_unfinished: the part that was done
 *     not started, or refused              as before
 *     found after an interrupted run       record_recovered
 *     learned without a request            record_learned
 */
#ifndef PLAN_RECORD_H
#define PLAN_RECORD_H

#include "model/plan.h"
#include "state/state.h"

/*
 * The change that the journal keeps before the first request goes out, for the case that nobody
 * sees the outcome; KEEP: nothing is requested. Lent by the row and the arena. `live` of a row that
 * duplicates is the live secret that is duplicated.
 */
struct change record_intent(const struct row *row, struct arena *arena) MUST_CHECK;

/*
 * Fills *ret_object for the row's object, which exists now as `is_now` says: id, times, scopes,
 * comment and status. What Cloudflare stored otherwise than it was sent is kept as sent_*, so that
 * it is not sent for ever. The texts are in the arena. Not for what is destroyed or forgotten.
 */
void record_done(const struct row *row, const struct object *is_now, struct arena *arena,
	struct object *ret_object);

/*
 * The same of an action that failed after its object was made or changed. `value_is_open`: nobody
 * knows whether a duplicate has its new value yet.
 */
void record_unfinished(const struct row *row, const struct object *is_now, bool value_is_open,
	struct arena *arena, struct object *ret_object);

/*
 * Lends, in the arena, what is recorded of an unresolved object now that one of its name was
 * found: the one that the interrupted run created, or the one that it was to replace.
 */
const struct object *record_recovered(const struct object *unresolved, const struct object *found,
	struct arena *arena) MUST_CHECK;

/*
 * Lends what the state learns of a row without an action, whose recorded object still exists; NULL:
 * nothing new. With `refresh_only` nothing that the manifest says is learned, except that a value
 * which somebody else wrote is accepted where the manifest would not overwrite it.
 */
const struct object *record_learned(
	const struct row *row, bool refresh_only, struct arena *arena) MUST_CHECK;

/*
 * Adds a sentence if Cloudflare has stored a comment or scopes otherwise than the row sent them,
 * by what record_done made of it.
 */
void record_add_warning(struct str *out, const struct row *row, const struct object *object);

#endif
