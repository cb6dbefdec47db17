/*
 * From an open session to a plan: what the state has to learn first (moves, what an interrupted run
 * has left), then the plan itself, made or read from a file. Each step but planning_move reports
 * its own errors. What kind of plan it is stands in the session's planner options.
 */
#ifndef CFPROV_PLANNING_H
#define CFPROV_PLANNING_H

#include "session.h"

/* False: options contradict one another. */
bool planning_check_options(const struct cli *cli) MUST_CHECK;

/* Moves what the manifest's `moved` renames, in memory until ledger_commit. */
bool planning_move(struct session *session, struct error *err) MUST_CHECK;

/* Reads what exists, settles what an interrupted run has left, and makes the plan. */
bool planning_make(struct session *session) MUST_CHECK;

/* Before anything is requested: can the plan be written there? */
bool planning_check_out(struct session *session, const char *path) MUST_CHECK;

/* Writes the plan that was made. */
bool planning_save(struct session *session, const char *path) MUST_CHECK;

/*
 * Reads a saved plan, which takes the place of manifest and options. To apply it, the manifest is
 * read, too, if there is one; see planning_check.
 */
bool planning_load(struct session *session, const char *path, bool applies) MUST_CHECK;

/*
 * False, and reported: a plan without a key, which anybody could have written, leads out of the
 * folders of the manifests. Comes before the state is opened.
 */
bool planning_check_state(const struct session *session) MUST_CHECK;

/*
 * With the state open: does the saved plan still fit the accounts of the manifest (if there is
 * one), the state, and what exists now?
 */
bool planning_check(struct session *session) MUST_CHECK;

/* After a question, which may have taken long: does the plan still fit what exists now? */
bool planning_look_again(struct session *session) MUST_CHECK;

#endif
