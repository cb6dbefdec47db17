/*
 * The guard: what an apply refuses to destroy without being told so explicitly. Pure.
 */
#ifndef PLAN_GUARD_H
#define PLAN_GUARD_H

#include "base/error.h"
#include "model/plan.h"

/* From so many managed objects on, a large share of deletes is taken for a mistake. */
enum { GUARD_FEW = 10, GUARD_DELETE_PERCENT = 30 };

struct guard_limits {
	bool allow_store_destroy;
	bool force;                /* lifts all that follows */
	size_t max_deletes;        /* SIZE_MAX: any number */
	size_t max_delete_percent; /* of the managed objects, once there are GUARD_FEW */
};

/*
 * Destroying a store needs allow_store_destroy; one with objects inside that cfprov does not
 * manage, too many deletes, or too large a share of them, needs force. False if anything is
 * refused; each refusal is an error that says what would allow it.
 */
bool guard_check(const struct plan *plan, const struct guard_limits *limits,
	struct error_list *errors) MUST_CHECK;

#endif
