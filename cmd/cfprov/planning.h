/*
 * From an open session to a plan: what the state has to learn first (moves, what an interrupted
 * run has left), then the plan itself, made or read from a file. Each step says its own errors.
 */
#ifndef CFPROV_PLANNING_H
#define CFPROV_PLANNING_H

#include "session.h"

enum session_mode { SESSION_NORMAL, SESSION_DESTROY, SESSION_REFRESH_ONLY };

/* What the options ask for. False: they contradict one another. */
bool session_mode_of(const struct cli *cli, enum session_mode *ret_mode) MUST_CHECK;

/* What lives, what the manifest moves, what an interrupted run has left, and the plan. */
bool session_plan(struct session *session, enum session_mode mode) MUST_CHECK;

/* Writes the plan that was made. */
bool session_save_plan(
	struct session *session, enum session_mode mode, const char *path) MUST_CHECK;

/* Reads a saved plan in place of manifest and options; session_check_plan then proves it. */
bool session_load_plan(
	struct session *session, const char *path, enum session_mode *ret_mode) MUST_CHECK;

/* With the state open: does the saved plan still fit the state and what lives now? */
bool session_check_plan(struct session *session) MUST_CHECK;

#endif
