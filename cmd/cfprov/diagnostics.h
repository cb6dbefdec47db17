/*
 * Errors as JSON, in the form that Terraform's `validate -json` and event stream have and that
 * tools read: severity, summary, detail, range, snippet.
 */
#ifndef CFPROV_DIAGNOSTICS_H
#define CFPROV_DIAGNOSTICS_H

#include "adapter/json.h"

enum diagnostic_severity { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };

/*
 * Writes the error as an object, with that key (NULL in an array), and `address`, if there is one,
 * for the object that it is about. `range` and `snippet` are left out where there is no place.
 * Bytes that are not UTF-8 (a path may have them) become visible text. Offsets in the snippet are
 * bytes, as everywhere in this form.
 */
void diagnostics_put(struct json_writer *writer, const char *key, enum diagnostic_severity severity,
	const struct error *err, const char *address);

#endif
