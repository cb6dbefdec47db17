/*
 * Where the one key comes from, and reading it when it is first needed.
 *
 *     keyring_init(&keyring, sources, &desired.key)
 *     keyring_read(&keyring, &err)     then keyring.key, which is not set if there is no key
 *     keyring_release(&keyring)
 *
 * CFPROV_KEY counts before the manifest's `state.key`.
 */
#ifndef SOURCE_KEYRING_H
#define SOURCE_KEYRING_H

#include "adapter/key.h"
#include "source/source.h"

struct keyring {
	struct sources *sources;    /* borrowed */
	struct value_source source; /* of the manifest; keeps its texts */
	struct key key;
};

void keyring_init(
	struct keyring *keyring, struct sources *sources, const struct value_source *source);
void keyring_release(struct keyring *keyring);

/* Where the key comes from; VALUE_NONE: there is none. */
struct value_source keyring_source(const struct keyring *keyring);

/* Reads the key, once. True also if there is none. */
bool keyring_read(struct keyring *keyring, struct error *err) MUST_CHECK;

#endif
