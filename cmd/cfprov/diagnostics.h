/*
 * Errors as JSON, in the form of Terraform's `validate -json` and event stream: severity, summary,
 * detail, range, snippet.
 */
#ifndef CFPROV_DIAGNOSTICS_H
#define CFPROV_DIAGNOSTICS_H

#include "adapter/json.h"

enum diagnostic_severity { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };

/*
 * Writes the error as an object with that key (NULL in an array), with the address of what it is
 * about (or NULL), and with `range` and `snippet` if it has a place. Bytes that are not UTF-8 are
 * made visible. Offsets are in bytes, as in Terraform.
 */
void diagnostics_put(struct json_writer *writer, const char *key, enum diagnostic_severity severity,
	const struct error *err, const char *address);

#endif
