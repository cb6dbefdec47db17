/*
 * One walk over a document by the tables of manifest/schema: variables are put into its texts, and
 * everything that is wrong is found. After it, manifest/manifest reads the document without asking
 * again.
 *
 * What a variable brings stays one text (or true or false); it is never read as YAML. Keys, and
 * references to secrets, are taken as they are. Errors show a text as the file has it, not what
 * variables put into it, which may be secret.
 */
#ifndef MANIFEST_SHAPE_H
#define MANIFEST_SHAPE_H

#include "adapter/yaml.h"
#include "manifest/schema.h"
#include "manifest/variables.h"

/*
 * Checks the document, or only the value of this top-level key. Adds to *errors what is wrong, and
 * to *warnings what may be. False if there were errors. A second walk puts nothing in again.
 */
bool shape_check(struct variables *variables, struct yaml_document *doc, const char *key_or_null,
	struct error_list *errors, struct error_list *warnings) MUST_CHECK;

/* The same for a whole document of another language, which has no variables. */
bool shape_check_plain(const struct schema *schema, struct yaml_document *doc,
	struct error_list *errors, struct error_list *warnings) MUST_CHECK;

/*
 * Is the text valid? Else adds to *why what is wrong, without a full stop; it quotes characters of
 * the text only with `shows_text`.
 */
bool shape_text_is_right(const struct schema_text *schema, const char *text, bool shows_text,
	struct str *why) MUST_CHECK;

/*
 * Is a valid text one that cfprov knows, or of the usual form? Else gives a warning without a place
 * (add it to a list). It shows the text as `shown`, which is the same pointer if it may be quoted.
 */
bool shape_text_is_usual(const struct schema_text *schema, const char *text, const char *shown,
	struct error *ret_warning) MUST_CHECK;

#endif
