/*
 * Writes what exists as YAML that manifest_decode accepts and that then asks for no change. Pure.
 *
 * What a manifest can't hold (a name with a slash, two stores of one name) becomes a comment. No
 * value can be known: a secret gets a variable of the environment of its own (manifest/naming), and
 * `update: if_absent`, so that its value is not overwritten.
 */
#ifndef MANIFEST_EXPORT_H
#define MANIFEST_EXPORT_H

#include "base/error.h"
#include "model/model.h"

/*
 * Adds the manifest: the accounts of `accounts`, with their token sources, and the stores of `live`
 * with their secrets; both models are sorted. Adds a note, a sentence, for each object left out.
 * Gives the number of stores written; with none, cfprov would not accept the manifest.
 */
size_t export_manifest(const struct model *accounts, const struct model *live, struct str *out,
	struct error_list *notes);

#endif
