/*
 * For adapter/yaml: the line of a document that an error is about, shown without what may be a
 * secret. Lines are counted as YAML 1.1 and libyaml do; columns count characters.
 */
#ifndef ADAPTER_SNIPPET_H
#define ADAPTER_SNIPPET_H

#include "base/error.h"

/* A text with lines. Zero but for what is kept; the lines are found when the first is shown. */
struct snippet_text {
	const char *file;  /* keeps; as errors call it */
	const char *bytes; /* keeps */
	size_t length;
	size_t skipped; /* bytes of the file before `bytes`: a byte order mark */
	size_t *line_starts;
	size_t lines;
};
void snippet_release(struct snippet_text *text);

enum { SNIPPET_COLUMNS = 76 };

/* What of a line is left out; it may hold a secret that somebody has put there. */
enum snippet_hidden {
	SNIPPET_HIDE_FRONT = 1,  /* what stands in front, up to the last brace or comma */
	SNIPPET_HIDE_VALUES = 2, /* what stands behind the first colon */
};

/*
 * Adds the line, and a caret, to the newest error of the list, which has its place; of what stands
 * from the place on, at most `shown` characters. From ERROR_LIST_MOST on, errors go without.
 */
void snippet_add(
	struct snippet_text *text, struct error_list *errors, unsigned hidden, size_t shown);

/*
 * Lends a new error of the text itself, at a line and column or at a byte (from 0): nobody knows
 * yet what is a key and what a value, so that only the line's first key is shown.
 */
struct error *snippet_error(
	struct snippet_text *text, size_t line, size_t column, struct error_list *errors);
struct error *snippet_error_at_byte(
	struct snippet_text *text, size_t at, struct error_list *errors);

/* Does the line (from 1) begin with a tab, perhaps after spaces? */
bool snippet_is_indented_by_tab(struct snippet_text *text, size_t line);

#endif
