/*
 * How many secrets the accounts may hold, and whether a plan stays within that: asked for before
 * anything is sent.
 */
#ifndef APPLY_QUOTA_H
#define APPLY_QUOTA_H

#include "cloudflare/live.h"
#include "model/plan.h"

/*
 * Asks for the quota of the accounts in which the plan makes secrets, and adds an error for each
 * that has too few places. A rename needs a place more for a while, which what is created takes
 * later (schedule.h). What can't be asked is an
 * error in *unread, for it may still work. False: interrupted, or an error was added to *errors.
 */
bool quota_check(const struct live_input *input, const struct plan *plan, struct error_list *unread,
	struct error_list *errors) MUST_CHECK;

#endif
