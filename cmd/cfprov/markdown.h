/*
 * A plan in Markdown, for the comment under a pull request: the summary line, a table of what is to
 * be done, the rest of a long table in a fold, and in another fold what changed outside of cfprov.
 *
 * What destroys stands first and is never cut off. Where view->max_bytes is set and the text would
 * be longer, other rows are left out and a last line tells how many: then it is no longer than
 * that, unless what destroys alone (with that last line) is.
 *
 * Names and other text from outside can't be Markdown or HTML, call anybody or make a link.
 */
#ifndef CFPROV_MARKDOWN_H
#define CFPROV_MARKDOWN_H

#include "view.h"

void markdown_add_plan(struct str *out, const struct plan_view *view);

#endif
