/*
 * The language of manifests for editors: JSON Schema, draft-07, written from the tables of
 * manifest/schema. It describes one file. Where variables may appear, any text that refers to one
 * is valid. Rules between keys or files are left to manifest/manifest.
 */
#ifndef MANIFEST_JSONSCHEMA_H
#define MANIFEST_JSONSCHEMA_H

#include "base/str.h"

/* Adds the document, with a final newline. */
void jsonschema_write(struct str *out);

#endif
