/*
 * Takes over what another tool remembers (manifest/foreign): which of it exists, what a manifest
 * lacks for it, and what the state learns. Pure.
 *
 * What exists counts, not what the other tool remembers about it: an object that is gone is left
 * out with a warning, and of one that has changed the present fields are taken. A store that the
 * other tool does not manage, but that secrets of it are in, is taken over as one that is
 * forgotten, not destroyed, once it is removed from the manifest.
 */
#ifndef PLAN_TAKEOVER_H
#define PLAN_TAKEOVER_H

#include "manifest/foreign.h"
#include "state/state.h"

struct takeover_input {
	const struct foreign *foreign;
	const struct model *desired; /* sorted; has an account for each id */
	const struct model *recorded,
		*live; /* sorted; `live` has the secrets of all their stores */
};

struct takeover {
	struct model entries; /* what the manifest lacks; a store also if only its secrets do */
	struct model records; /* what the state lacks */
	struct change *changes;
	struct error_list warnings;
	size_t known; /* objects that the state has already */
};

/*
 * False: the state has other objects under these addresses, or these under others, or nothing of
 * all that exists. All errors are reported.
 */
bool takeover_find(const struct takeover_input *input, struct takeover *takeover,
	struct error_list *errors) MUST_CHECK;
void takeover_release(struct takeover *takeover);

#endif
