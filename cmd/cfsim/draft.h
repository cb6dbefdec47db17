/*
 * A secret as a request body describes it, checked as the API checks it. The same rules serve
 * create, patch and duplicate; what must be there differs.
 */
#ifndef CFSIM_DRAFT_H
#define CFSIM_DRAFT_H

#include "call.h"

enum draft_use { DRAFT_CREATE, DRAFT_PATCH, DRAFT_DUPLICATE };

struct draft {
	struct world_draft secret; /* borrows its texts from the body */
	bool has_scopes, has_value, has_comment;
	bool clears_comment;
};

/* Gives what is wrong, or NULL. Fills the draft either way. */
const struct problem *draft_parse(struct draft *draft, const struct call *call, enum draft_use use,
	const struct json *object) MUST_CHECK;

/* Answers that there is a secret of this name already. */
void draft_exists(struct call *call, const struct draft *draft);

/*
 * Would a new secret of this name fit into the call's store and account, with `more` others that
 * come before it? If not, the call has its answer.
 */
bool draft_fits(struct call *call, const struct draft *draft, size_t more) MUST_CHECK;

#endif
