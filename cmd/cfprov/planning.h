/*
 * From an open session to a plan: what the state has to learn first (moves, what an interrupted
 * run has left), then the plan itself, made or read from a file. Each step says its own errors.
 */
#ifndef CFPROV_PLANNING_H
#define CFPROV_PLANNING_H

#include "session.h"

enum planning_mode { PLANNING_NORMAL, PLANNING_DESTROY, PLANNING_REFRESH_ONLY };

/* What the options ask for. False: they contradict one another. */
bool planning_mode_of(const struct cli *cli, enum planning_mode *ret_mode) MUST_CHECK;

/*
 * `moved`: what the state has under old names comes under the new ones, in memory until
 * ledger_commit.
 */
bool planning_move(struct session *session, struct error *err) MUST_CHECK;

/* What lives, what the manifest moves, what an interrupted run has left, and the plan. */
bool planning_make(struct session *session, enum planning_mode mode) MUST_CHECK;

/* Before anything is asked: can the plan be written there? */
bool planning_check_out(struct session *session, const char *path) MUST_CHECK;

/* Writes the plan that was made. */
bool planning_save(struct session *session, const char *path) MUST_CHECK;

/* Reads a saved plan in place of manifest and options; planning_check then proves it. */
bool planning_load(
	struct session *session, const char *path, enum planning_mode *ret_mode) MUST_CHECK;

/*
 * With the state open: does the saved plan still fit the accounts of the manifest (if there is
 * one), the state, and what lives now?
 */
bool planning_check(struct session *session) MUST_CHECK;

/*
 * Somebody has taken time to agree to the plan: is what it is about still as it was? False: it is
 * not, or can't be read.
 */
bool planning_look_again(struct session *session) MUST_CHECK;

#endif
