/*
 * What the state records of an object before its row's request, after it, and without one. Pure.
 * Only an import makes its record itself (plan/import).
 *
 *     outcome of a row                  what the state records
 *     intended, outcome unknown         record_intent: unresolved, or recorded with a doubt
 *     done                              record_done: the object as it exists now
 *     failed halfway                    record_unfinished: the part that was done
 *     not started, or refused           as before
 *     found after an interrupted run    record_recovered
 *     learned without a request         record_learned, record_became_active
 */
#ifndef PLAN_RECORD_H
#define PLAN_RECORD_H

#include "model/plan.h"
#include "state/state.h"

/*
 * The change that the journal holds before the first request is sent, in case the outcome is never
 * seen. KEEP: there is no request. Lent by the row and the arena.
 */
struct change record_intent(const struct row *row, struct arena *arena) MUST_CHECK;

/*
 * Fills *ret_object for the row's object, whose id, dates, scopes, comment and status are now those
 * of `is_now`. What Cloudflare did not store as sent is recorded as sent_*, so that it is not sent
 * forever. The texts are in the arena; the row lends the address. Not for objects that are
 * destroyed or forgotten.
 */
void record_done(const struct row *row, const struct object *is_now, struct arena *arena,
	struct object *ret_object);

/*
 * The same for an action that failed after it had created or changed the object. DOUBT_VALUE: it is
 * unknown whether a duplicate has its new value; DOUBT_REST: whether the other fields were written.
 */
void record_unfinished(const struct row *row, const struct object *is_now, enum doubt doubt,
	struct arena *arena, struct object *ret_object);

/*
 * True if what was found under the name of an unresolved object is what the interrupted run was to
 * replace, or to destroy with its store; false: that run created it.
 */
bool record_is_replaced(const struct object *unresolved, const struct object *found) MUST_CHECK;

/*
 * The change for an unresolved object of whose name an object was found: PUT, in the arena, what
 * the interrupted run created or what it was about to replace; DROP if that is not ours.
 */
struct change record_recovered(const struct object *unresolved, const struct object *found,
	struct arena *arena) MUST_CHECK;

/*
 * Fills *ret_now for a recorded secret that is listed as `live` and has become active. False:
 * nothing new. If the secret was recreated or written by someone else, nothing is recorded: the
 * next plan has to see it.
 */
bool record_became_active(const struct object *recorded, const struct object *live,
	struct object *ret_now) MUST_CHECK;

/*
 * Lends the new record for a row without an action whose recorded object still exists; NULL:
 * nothing new. With `refresh_only`, nothing is learned from the manifest, but a value that someone
 * else wrote is accepted if the manifest would not overwrite it.
 */
const struct object *record_learned(
	const struct row *row, bool refresh_only, struct arena *arena) MUST_CHECK;

/* Adds a warning if, according to record_done, Cloudflare did not store what the row sent. */
void record_add_warning(struct str *out, const struct row *row, const struct object *object);

#endif
