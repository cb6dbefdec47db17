/*
 * A plan in Markdown, for a comment on a pull request: the summary line, a table of the changes
 * (the rest of a long one folded), and in another fold what changed outside of cfprov.
 *
 * Changes that destroy come first and are never cut off. If the text would be longer than
 * view->max_bytes, other lines are left out, and a last line says how many. It is longer only if
 * the changes that destroy, with that last line, are.
 *
 * Names and other text from outside can't be Markdown or HTML, mention anybody or make a link.
 */
#ifndef CFPROV_MARKDOWN_H
#define CFPROV_MARKDOWN_H

#include "view.h"

void markdown_add_plan(struct str *out, const struct plan_view *view);

#endif
