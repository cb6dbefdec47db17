/*
 * Variables in a document: they are put into its texts before its shape is checked. The schema
 * says where: in every scalar but keys and what is below a source of a secret. What they bring
 * stays the text (or the true or false) of that scalar; it is never read as YAML.
 */
#ifndef MANIFEST_INTERPOLATE_H
#define MANIFEST_INTERPOLATE_H

#include "adapter/yaml.h"
#include "manifest/schema.h"
#include "manifest/variables.h"

/*
 * Puts the variables into all scalars at and below the node, which has this schema. Doing it
 * again changes nothing. False: errors were added, each at its scalar.
 */
bool interpolate(struct variables *variables, struct yaml_document *doc, struct yaml *node,
	const struct schema *schema, struct error_list *errors) MUST_CHECK;

#endif
