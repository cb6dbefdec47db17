/* Whether the plan stays within the accounts' quotas of secrets; checked before anything is sent.
 */
#ifndef APPLY_QUOTA_H
#define APPLY_QUOTA_H

#include "cloudflare/live.h"
#include "model/plan.h"

/*
 * Requests the quota of each account in which the plan creates secrets, and adds an error for each
 * that is too small. A rename needs one more place until its old name is destroyed, and all renames
 * of an account may run at once. A quota that can't be read is an error in *unread only: the plan
 * may still work. False: interrupted, or an error was added to *errors.
 */
bool quota_check(const struct live_input *input, const struct plan *plan, struct error_list *unread,
	struct error_list *errors) MUST_CHECK;

#endif
