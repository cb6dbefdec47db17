/*
 * A case acted out: the real decoders, recovery, planner and check, as a command runs them, and
 * what came of it as text.
 *
 *     found      ADDRESS = ID            an unresolved object that turned out to live
 *     dropped    ADDRESS                 ... and one that does not
 *     create     ADDRESS
 *     adopt      ADDRESS = ID (asks)     asks: needs consent
 *                the reason, if there is one
 *     none       ADDRESS = ID
 *     unclaimed  ADDRESS = ID            ?: unresolved
 *     Plan: 1 to import, 1 to add, 0 to change, 0 to destroy.
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
