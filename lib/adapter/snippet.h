/*
 * For adapter/yaml: the line of a document that an error is about, without what may be a secret.
 * Lines are counted as YAML 1.1 and libyaml do; columns count characters.
 */
#ifndef ADAPTER_SNIPPET_H
#define ADAPTER_SNIPPET_H

#include "base/error.h"
#include "base/scrub.h"

/* A text; its lines are found when the first one is shown. */
struct snippet_text {
	const char *file;  /* keeps; the name in errors */
	const char *bytes; /* keeps */
	size_t length;
	size_t skipped; /* bytes of the file before `bytes`: a byte order mark */
	bool is_hidden; /* errors show no line of it */
	size_t *line_starts;
	size_t lines;
};
void snippet_release(struct snippet_text *text);

/* Parts of a line that are left out, because they may hold a secret. */
enum snippet_hidden {
	SNIPPET_HIDE_FRONT = 1,  /* before the place, up to the last brace or comma */
	SNIPPET_HIDE_VALUES = 2, /* after the first key */
};

enum { SNIPPET_COLUMNS = 76 };

struct snippet_place {
	size_t line, column; /* from 1 */
	unsigned hidden;
	size_t shown; /* characters of the line from the place on, at most */
};

/*
 * Lends a new error with the place, its line and a caret. Without the line, if anything in it looks
 * like a token or is the value of a variable that the text names, or of one of cfprov's own
 * (CLOUDFLARE_*, CFPROV_*); and beyond ERROR_LIST_MOST.
 */
struct error *snippet_error(
	struct snippet_text *text, const struct snippet_place *place, struct error_list *errors);

/*
 * Adds these values of variables. They are lent by the environment, in which they move before a
 * command runs.
 */
void snippet_know(const struct snippet_text *text, struct scrub *scrub);

/* Finds the place of a byte, counted from 0. */
void snippet_find(struct snippet_text *text, size_t at, size_t *ret_line, size_t *ret_column);

/* True if the line (from 1) begins with a tab, perhaps after spaces. */
bool snippet_is_indented_by_tab(struct snippet_text *text, size_t line);

#endif
