/* A ledger whose state is a local file. */
#ifndef UNIT_LOCAL_H
#define UNIT_LOCAL_H

#include "state/ledger.h"

/* Valid until the next call. */
static inline struct ledger_options local_options(const char *path, const char *operation)
{
	static struct location here;

	here = (struct location){.kind = LOCATION_LOCAL, .path = path};
	return (struct ledger_options){.backend.location = &here, .operation = operation};
}

static inline bool local_read(struct ledger *ledger, const char *path, struct error *err)
{
	const struct ledger_options options = local_options(path, NULL);

	return ledger_read(ledger, &options, err);
}

#endif
