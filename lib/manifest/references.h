/*
 * Inside manifest/: a reference to a secret, as a manifest has it ({env: NAME} and the like),
 * becomes a struct value_source. Nothing is opened or run here.
 */
#ifndef MANIFEST_REFERENCES_H
#define MANIFEST_REFERENCES_H

#include "manifest/reading.h"

/*
 * Lends, by the model's arena, what a node of the right shape says. Paths, and the folder of a
 * command, are those of the manifest's file. Errors may be added.
 */
struct value_source reference_read(
	struct reading *r, size_t document, const struct yaml *node) MUST_CHECK;

#endif
