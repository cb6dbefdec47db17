/*
 * A case acted out: the real decoders, moves, recovery, planner and check, as a command runs them,
 * and what came of it as text.
 *
 *     moved      ALIAS to ALIAS          what the manifest's `moved` does to the state
 *     found      ADDRESS = ID            an unresolved object that turned out to live
 *     dropped    ADDRESS                 ... and one that does not
 *     gone       ADDRESS = ID            drift: it was changed outside
 *     anew       ADDRESS = ID            ... the id that it has now
 *     drift      ADDRESS value scopes    ... or what of a secret differs
 *     create     ADDRESS                 or adopt, update, none, replace, destroy, forget
 *     adopt      ADDRESS = ID (asks)     asks: needs consent
 *     update     ADDRESS = ID: comment (unverified)     what is written; nobody knows the value
 *     rename     ADDRESS = ID from NAME
 *     replace    ADDRESS = ID (with its store, waits)   without a request; after its store
 *                the reason, if there is one
 *     destroy    ADDRESS = ID
 *       with     ADDRESS = ID            what is in it and not managed
 *     learn      ADDRESS: status         the state learns of it; of a secret: what
 *     leave      ADDRESS                 ... that it is not managed any more
 *     Plan: 1 to import, 1 to add, 0 to change, 1 to destroy, 1 to forget.
 *     what the guard refuses, and the hint
 */
#ifndef TESTS_PLAN_SCENE_H
#define TESTS_PLAN_SCENE_H

#include "case.h"

/*
 * Adds what came of the case, from "--- plan" or "--- errors" on. Seed 0: the objects come in the
 * order of the case; else in one of its own.
 */
void scene_play(const struct plan_case *plan_case, unsigned seed, struct str *out);

/*
 * If there is a plan: does carrying it out lead to a state that can be read again, and to which
 * there is nothing left to do? *why says what else.
 */
bool scene_settles(const struct plan_case *plan_case, struct error *why) MUST_CHECK;

#endif
