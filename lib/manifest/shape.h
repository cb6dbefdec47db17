/*
 * Has a document the shape that manifest/schema describes? One walk finds everything that is
 * wrong; after it, manifest/manifest reads the document without asking again.
 *
 * What variables put into a text is not shown in errors: it may be a secret. They show the text as
 * the file has it.
 */
#ifndef MANIFEST_SHAPE_H
#define MANIFEST_SHAPE_H

#include "adapter/yaml.h"
#include "manifest/schema.h"

/*
 * Adds to *errors all that is wrong below this node, and to *warnings what only may be. False if
 * there were errors.
 */
bool shape_check(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors, struct error_list *warnings) MUST_CHECK;

/*
 * Is the text right? Else adds to *why what is wrong, without a full stop; characters of the text
 * itself are named there only with `shows_text`.
 */
bool shape_text_is_right(const struct schema_text *schema, const char *text, bool shows_text,
	struct str *why) MUST_CHECK;

/*
 * Does a text that is right look as such texts do? Else gives a warning (add it to a list), with
 * the text shown as `shown`, and without a place.
 */
bool shape_text_is_usual(const struct schema_text *schema, const char *text, const char *shown,
	struct error *ret_warning) MUST_CHECK;

#endif
