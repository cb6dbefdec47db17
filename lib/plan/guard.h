/* What apply refuses to destroy without an explicit option. Pure. */
#ifndef PLAN_GUARD_H
#define PLAN_GUARD_H

#include "base/error.h"
#include "model/plan.h"
#include "model/policy.h"

/* With so many managed objects, destroying a large share of them looks like a mistake. */
enum { GUARD_FEW = 10, GUARD_DELETE_PERCENT = 30 };

struct guard_limits {
	bool allow_store_destroy;
	bool force;         /* lifts the limits below, and allows destroying unmanaged secrets */
	size_t max_deletes; /* SIZE_MAX: any number */
	size_t max_delete_percent;           /* of the managed objects, once there are GUARD_FEW */
	const struct policy_destroy *policy; /* what nothing above lifts; NULL: no policy */
};

/*
 * What apply allows without an option. A plan of `destroy` is approved as a whole: only what cfprov
 * does not manage is still guarded.
 */
struct guard_limits guard_defaults(const struct plan_options *options);

/*
 * True if the action overwrites a value that cannot be written again: of a secret that is adopted,
 * one that someone else wrote, and that of a secret that gets another one while it is renamed. What
 * cfprov itself wrote last came from a source.
 */
bool guard_overwrites(const struct row *row);

/*
 * Destroying a store needs allow_store_destroy. A store with unmanaged secrets, too many deletes,
 * or too large a share of them needs force. The limits of a policy hold all the same, and count
 * overwritten values, too, unless cfprov wrote them. False if anything is refused; each refusal is
 * an error that names the option.
 */
bool guard_check(const struct plan *plan, const struct guard_limits *limits,
	struct error_list *errors) MUST_CHECK;

#endif
