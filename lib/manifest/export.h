/*
 * The manifest the other way round: what lives is written as YAML that manifest_decode accepts and
 * that then asks for nothing but what lives. Pure.
 *
 * Names that another reader of YAML would take for a number, a truth or a date are quoted. What
 * a manifest can't hold (a name with a slash, two stores of one name) becomes a comment.
 *
 * No value can be known: a secret gets a variable of the environment of its own (manifest/naming),
 * and `update: if_absent`, so that nothing is written over the value that it has.
 */
#ifndef MANIFEST_EXPORT_H
#define MANIFEST_EXPORT_H

#include "base/error.h"
#include "model/model.h"

/*
 * Adds the manifest: the accounts of `accounts`, with their token sources, and the stores of
 * `live` with the secrets that are in them; both are sorted. *notes is told what was left out, a
 * sentence each. Gives the number of stores written; with none the text is a start, but no manifest
 * that cfprov would accept.
 */
size_t export_manifest(const struct model *accounts, const struct model *live, struct str *out,
	struct error_list *notes);

#endif
