/*
 * Where the one key, and the one before it, come from, and reading them when they are first needed.
 *
 *     keyring_init(&keyring, sources, &desired)
 *     keyring_read(&keyring, &err)     then keyring.keys, of which none is set if there is no key
 *     keyring_release(&keyring)
 *
 * CFPROV_KEY counts before the manifest's `state.key`, and CFPROV_OLD_KEY before `state.old_key`.
 */
#ifndef SOURCE_KEYRING_H
#define SOURCE_KEYRING_H

#include "adapter/key.h"
#include "source/source.h"

struct keyring {
	struct sources *sources;                /* borrowed */
	struct value_source source, old_source; /* of the manifest; keep its texts */
	bool is_read;
	struct keys keys;
};

/* Of a model that the manifest was read into. */
void keyring_init(struct keyring *keyring, struct sources *sources, const struct model *settings);
void keyring_release(struct keyring *keyring);

/* Where the key comes from; VALUE_NONE: there is none. */
struct value_source keyring_source(const struct keyring *keyring);

/* Reads the keys, once. True also if there is none. An old key alone is an error. */
bool keyring_read(struct keyring *keyring, struct error *err) MUST_CHECK;

#endif
