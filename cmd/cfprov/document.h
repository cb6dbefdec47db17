/*
 * -json of a command that writes one document (CLI_DOCUMENT): its errors and warnings become
 * members of `diagnostics`, as in Terraform's `validate -json`, so that the document is whole also
 * if the command fails. What else people read stays on stderr.
 *
 * `main` begins and ends it. Between, the command adds members, the same ones whatever happens:
 *
 *     struct json_writer *json = document_writer();
 *     if (json)
 *             json_put_bool(json, "valid", is_valid);
 */
#ifndef CFPROV_DOCUMENT_H
#define CFPROV_DOCUMENT_H

#include "adapter/json.h"

void document_begin(void);
struct json_writer *document_writer(void); /* in the open object; NULL: there is no document */
void document_end(void);                   /* prints it; without a document, nothing */

#endif
