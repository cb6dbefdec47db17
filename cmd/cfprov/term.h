/*
 * What is printed: stdout carries the product, stderr the conversation. Colour and line folding
 * only on a terminal; NO_COLOR, CLICOLOR_FORCE, TERM=dumb and -no-color are honoured. Elsewhere no
 * line is a command for a CI (text_add_inert): what is printed for tools never contains such a
 * line.
 *
 * On stderr, and between both streams where they are the same terminal or pipe, a blank line
 * separates diagnostics from each other and from what comes before and after them. Nobody needs to
 * print one; what stdout gets depends on nothing.
 */
#ifndef CFPROV_TERM_H
#define CFPROV_TERM_H

#include "base/error.h"
#include "base/str.h"

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_CREATE,
	TERM_CHANGE,
	TERM_DESTROY,
	TERM_IMPORT,
	TERM_DIM,
};

/* Looks at the streams and the environment; once, at start. */
void term_start(void);
void term_no_color(void);

bool term_is_terminal(int fd);

const char *term_plural(size_t count); /* "s", or "" for one */

/* Adds the text in a style, if this stream has colour. */
void term_add(struct str *out, int fd, enum term_style style, const char *text);

/* In what is folded: a space at which no line is broken. */
#define TERM_GLUE "\037"

/*
 * Adds a paragraph, with what term_add made, and a line break: folded to the stream's width, every
 * line indented; on a pipe one line.
 */
void term_add_folded(struct str *out, int fd, size_t indent, const char *text);

/* Adds a paragraph to stdout's text, at most 80 columns wide, also on a pipe. */
void term_add_text(struct str *out, const char *text);

/* Adds a row of a table, at most 80 columns wide: `left`, then a paragraph from that column on. */
void term_add_row(struct str *out, const char *left, size_t column, const char *text);

/* To stdout, and to stderr: a line, folded on a terminal. */
void term_out_str(const struct str *text);
void term_print(const char *format, ...) PRINTF(1, 2); /* to stderr, a line; folded on a terminal */
void term_print_str(const struct str *text);

/*
 * "Error: …" with place, snippet and hint, to stderr. Each gives false, so that
 * `return term_error(&err)` ends a step that failed.
 */
bool term_error(const struct error *err);
bool term_errors(const struct error_list *errors);
bool term_fail(const char *hint_or_null, const char *format, ...) PRINTF(2, 3);
void term_warning(const char *text);
void term_warn(const struct error *warning); /* with a place and a hint */
void term_warnings(const struct error_list *warnings);

/* Gets what would go to stderr, which has no colour, folding or status line from then on. */
struct term_listener {
	void (*error)(const struct error *err);
	void (*warning)(const struct error *warning);
	void (*say)(const char *text); /* not empty, without a line break at its end */
};
void term_divert(const struct term_listener *listener); /* keeps */

/* A line of the log, to stderr, also with a listener. */
void term_log(const struct str *line);

/* Flushes stdout. */
void term_flush(void);

/*
 * Puts a line at the bottom of the terminal, shortened to its width, which stays there after other
 * output on stderr. NULL removes it, as do a question and output on stdout.
 */
void term_status(const char *line);

/* Flushes; false, and reported, if stdout could not take all that was written. */
bool term_finish(void) MUST_CHECK;

#endif
