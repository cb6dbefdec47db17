/*
 * The languages of manifests and policies for editors: JSON Schema, draft-07, written from the
 * tables of manifest/schema. It describes one file. Where variables may appear, any text that
 * refers to one is valid. Rules between keys or files are left to manifest/manifest.
 */
#ifndef MANIFEST_JSONSCHEMA_H
#define MANIFEST_JSONSCHEMA_H

#include "base/str.h"

/* Each adds a document, with a final newline: the schema of manifests, and of policies. */
void jsonschema_write(struct str *out);
void jsonschema_write_policy(struct str *out);

#endif
