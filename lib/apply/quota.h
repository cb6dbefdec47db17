/*
 * How many secrets an account may hold, and whether the plan stays within that. Asked before
 * anything is sent.
 */
#ifndef APPLY_QUOTA_H
#define APPLY_QUOTA_H

#include "cloudflare/live.h"
#include "model/plan.h"

/*
 * Asks for the quota of the accounts in which the plan creates secrets, and adds an error for each
 * that has too few places. A rename needs one more until its old name is destroyed; all renames of
 * an account may run at once. A quota that can't be read is an error in *unread, for the plan may
 * still work. False: interrupted, or an error was added to *errors.
 */
bool quota_check(const struct live_input *input, const struct plan *plan, struct error_list *unread,
	struct error_list *errors) MUST_CHECK;

#endif
