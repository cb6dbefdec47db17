/* The kinds of faults: what each makes of an answer. A row of a table in faultkinds.c each. */
#ifndef CFSIM_FAULTKINDS_H
#define CFSIM_FAULTKINDS_H

#include "faults.h"

/* NULL: there is no such kind. */
const struct fault_kind *fault_kind_find(const char *name);

/* Does it mean only requests that reuse a connection? */
bool fault_kind_is_idle(const struct fault_kind *kind);

/* Do the members fit the kind? */
bool fault_kind_check(const struct fault *fault, struct error *err) MUST_CHECK;

#endif
