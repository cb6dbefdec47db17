/* Inside manifest/: the secrets that stand in a store. */
#ifndef MANIFEST_SECRETS_H
#define MANIFEST_SECRETS_H

#include "manifest/reading.h"

/* Those of one store of the manifest, which may belong in several accounts. */
struct secrets {
	struct object *items; /* without account and store */
	size_t count;
};

/* Lends, by the model's arena, the `secrets` of a store, name or map. Errors may be added. */
struct secrets secrets_read(struct reading *r, const struct spot *store) MUST_CHECK;

/* Adds them to the model, as those of this store in this account. */
void secrets_add(
	struct reading *r, const char *alias, const char *store, const struct secrets *secrets);

#endif
