/*
 * The language of manifests for editors: JSON Schema, draft-07, written from the tables of
 * manifest/schema. It describes one file. Where variables may stand, a text that refers to one is
 * right whatever it will be; what holds between keys or files, only manifest/manifest knows.
 */
#ifndef MANIFEST_JSONSCHEMA_H
#define MANIFEST_JSONSCHEMA_H

#include "base/str.h"

/* Adds the document, with a final newline. */
void jsonschema_write(struct str *out);

#endif
